"""What a reply or a broken connection means, and how it is told."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from rdpt_core.errors import ModelError
from rdpt_core.scoring.backends.served.failures import (
    BusyError,
    FailedError,
    RefusedError,
    failure_of_connection,
    failure_of_status,
    message_of,
    page_for_api,
    unreadable,
)
from rdpt_core.scoring.backends.served.secret import Secret

ROOT = "http://h:1"
SECRET = "canary-1f7e+a/b"
show = Secret(SECRET).strike_out


def reply(status: int, content: str = "", **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx2.Request("POST", f"{ROOT}/v1/completions")
    return httpx2.Response(status, text=content, headers=named, request=request)


def of(status: int, content: str = "", **headers: str) -> Any:
    return failure_of_status(reply(status, content, **headers), ROOT, "/v1/completions", show)


def test_who_is_meant_by_a_no() -> None:
    assert isinstance(of(401), ModelError)
    for status, is_away, ends in ((400, False, False), (404, True, False), (403, True, True), (302, True, True)):
        error = of(status, location="/login")
        assert isinstance(error, RefusedError)
        assert (error.is_away, error.end is not None) == (is_away, ends), status
    assert isinstance(of(407), ModelError)
    assert "NO_PROXY=h" in str(of(407))


def test_what_may_pass_says_how_long_it_takes() -> None:
    busy = of(429, retry_after="7")
    assert isinstance(busy, BusyError) and busy.wait_s == 7 and not busy.is_away
    failed = of(503, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=60)))
    assert isinstance(failed, FailedError) and failed.is_away
    assert failed.wait_s == pytest.approx(60, abs=5)
    assert of(408).is_away is False
    assert of(503, retry_after="soon").wait_s is None


@pytest.mark.parametrize(
    ("location", "shown", "hint"),
    [
        (
            "https://a.example/x/v1/completions",
            "307 to https://a.example/x/v1/completions.",
            "= https://a.example/x/v1",
        ),
        ("/login?next=/v1", "307 to http://h:1/login.", "a page to log in is no API"),
        ("//user:pw@sso.example:8443/login?state=TOKEN#frag", "to http://sso.example:8443/login.", "Correct"),
        (f"/{SECRET}/login", "to http://h:1/[key]/login.", "Correct"),
        ("/v1/completions", "to http://h:1/v1/completions.", "Correct base_url"),
        ("http://[bad", "to no address", "Correct"),
        ("", "to no address", "Correct"),
    ],
)
def test_a_redirect_says_where_to_without_secrets(location: str, shown: str, hint: str) -> None:
    error = of(307, location=location)
    said = str(error.end)
    assert shown in said and hint in said
    assert not any(word in said for word in ("TOKEN", "pw", "user", "canary", "frag", "next="))


def test_a_web_page_is_told_by_its_title() -> None:
    page = f"<!DOCTYPE html><html><head><TITLE lang=en>Log in &amp; chat {SECRET}\n</TITLE></head><body>x</body></html>"
    for response in (reply(200, page), reply(200, page, content_type="text/html; charset=utf-8")):
        said = str(page_for_api(response, ROOT, "/v1/models", show))
        assert "a web page answers at this address, not an API" in said and "“Log in & chat [key]”" in said
        assert "web page titled “Log in & chat [key]”" in str(unreadable(response, show))
    assert message_of(reply(413, page.replace(SECRET, ""))) == "Log in & chat"
    assert str(of(403, "<html>Request blocked by WAF</html>")) == "HTTP 403: Request blocked by WAF"
    assert "no JSON, or was cut" in str(unreadable(reply(200, '{"a": '), show))


def test_no_page_takes_longer_than_its_length() -> None:
    started = time.monotonic()
    for piece in ("<title", "<", "<title>"):
        of(403, "<html>" + piece * 200_000)
        unreadable(reply(200, "<html>" + piece * 200_000), show)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"error": {"message": "no"}}', "no"),
        ('{"detail": [{"loc": ["body"]}]}', '[{"loc": ["body"]}]'),
        ("plain", "plain"),
        ("", "Bad Request"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_the_servers_own_words_are_found(content: str, said: str) -> None:
    assert message_of(reply(400, content)) == said


def raised(error: httpx2.RequestError, cause: BaseException) -> Any:
    error.__cause__ = cause
    return failure_of_connection(error, ROOT, 5, show)


def test_a_connection_that_fails_says_why_in_the_systems_words() -> None:
    refused = ExceptionGroup("several", [ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 9)")])
    found = raised(httpx2.ConnectError("All connection attempts failed"), refused)
    assert isinstance(found, BusyError) and str(found) == "no connection (Connection refused)" and not found.is_unknown
    unknown = raised(httpx2.ConnectError(""), socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert isinstance(unknown, BusyError) and unknown.is_unknown
    # A resolver that does not answer may do so in a moment.
    later = raised(httpx2.ConnectError(""), socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    assert isinstance(later, BusyError) and not later.is_unknown
    broken = raised(httpx2.ReadError(""), ConnectionResetError(104, "x"))
    assert isinstance(broken, FailedError) and broken.is_away and "Connection reset by peer" in str(broken)
    slow = raised(httpx2.ReadTimeout(""), TimeoutError())
    assert isinstance(slow, FailedError) and slow.weight == 2 and "5 s (timeout_s)" in str(slow)


def test_what_speaks_no_http_and_a_proxy_that_says_no_end_the_run() -> None:
    for words in ("illegal status line: bytearray(b'+PONG')", "illegal request line"):
        found = raised(httpx2.RemoteProtocolError(words), ValueError("x"))
        assert isinstance(found, ModelError) and "does not speak HTTP" in str(found) and words in str(found)
    no = failure_of_connection(httpx2.ProxyError("403 Forbidden"), ROOT, 5, show)
    assert isinstance(no, ModelError) and "NO_PROXY=h" in str(no)
    assert isinstance(failure_of_connection(httpx2.ProxyError("502 Bad Gateway"), ROOT, 5, show), FailedError)
