"""Who is answered: requests under a name of this server, and from its own pages alone.

A website can point its own name at 127.0.0.1 (DNS rebinding) and then reads whatever is served there as its own; the
name in the `Host` header is what gives it away. A page of another port of this machine, or of anywhere else, gives
itself away by the `Origin` header, which no script can change. Streamlit looks at the first for its websocket only,
and takes every port of this machine for its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# No page may show the app in a frame, where it could be covered and clicked on; none may load parts of it; addresses
# hold names and search texts, and stay here; and a file is what its type says.
_HEADERS = {
    b"x-frame-options": b"DENY",
    b"content-security-policy": b"frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}

_FOREIGN_NAME = (
    "This server does not answer under the name that was asked for. If that is a name of it, start the app with "
    "`rdpt view --allowed-host NAME`."
)
_FOREIGN_PAGE = "This request comes from a page of another address, and only the app's own pages may ask."

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Guard:
    """ASGI middleware that refuses everything else with status 403 and one line of text.

    Args:
        app: what answers the others.
        names: the host names under which this server is known, beside those of the loopback address.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = LOOPBACK_NAMES | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        problem = self._problem(_values(scope, b"host"), _values(scope, b"origin"))
        if problem is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            # Before it is accepted, this is answered with status 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(problem, _with_headers(send))

    def _problem(self, hosts: list[str], origins: list[str]) -> str | None:
        if len(hosts) != 1 or host_name(hosts[0]) not in self._names:
            return _FOREIGN_NAME
        # A browser writes both alike. A proxy may add a certificate, but must pass the host on as it came.
        own = {f"{scheme}://{hosts[0]}".lower() for scheme in ("http", "https")}
        if any(origin.lower() not in own for origin in origins):
            return _FOREIGN_PAGE
        return None


def host_name(host: str) -> str | None:
    """The name in a `Host` header, without its port; None if it is not a name and a port."""
    match = _HOST.fullmatch(host.lower())
    return match[1].strip("[]").rstrip(".") if match else None


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _HEADERS]
            message = {**message, "headers": [*given, *_HEADERS.items()]}
        await send(message)

    return send_with_headers


async def _refuse(problem: str, send: Send) -> None:
    body = f"{problem}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
