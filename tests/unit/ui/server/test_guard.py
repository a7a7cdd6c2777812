"""Whose requests pass; `tests/integration/test_view.py` asks a real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rdpt_core.ui.server.guard import Guard, host_name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost.:8501", "localhost"),
        ("[::1]:8501", "::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("localhost:8501:1", None),
        ("localhost:x", None),
        ("user@localhost", None),
        ("localhost/evil.example", None),
        ("localhost evil.example", None),
        ("::1", None),
        ("", None),
    ],
)
def test_names_of_hosts(host: str, name: str | None) -> None:
    assert host_name(host) == name


def passed(scope: dict[str, Any], *names: str) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the app behind the guard was asked, and what was sent."""
    asked, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"SAMEORIGIN")]})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(app, names)(scope, None, send))  # type: ignore[arg-type]
    return bool(asked), sent


def test_messages_of_the_server_itself_pass() -> None:
    assert passed({"type": "lifespan"})[0]


@pytest.mark.parametrize("headers", [[], [(b"host", b"localhost"), (b"host", b"localhost")]])
def test_a_request_has_one_host(headers: list[tuple[bytes, bytes]]) -> None:
    asked, sent = passed({"type": "http", "headers": headers})
    assert not asked
    assert sent[0]["status"] == 403
    assert passed({"type": "websocket", "headers": headers}) == (False, [{"type": "websocket.close", "code": 1008}])


def test_the_guards_headers_stand_in_the_place_of_the_apps() -> None:
    asked, sent = passed({"type": "http", "headers": [(b"host", b"Runs.example.org")]}, "runs.example.org")
    assert asked
    assert [value for name, value in sent[0]["headers"] if name.lower() == b"x-frame-options"] == [b"DENY"]
