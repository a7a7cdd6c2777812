"""What went wrong with one request, and whether another try can mend it.

    RefusedError    the server says no: to this request, or perhaps to every one
    BusyError       it cannot be reached, or asks to wait: no fault of the request
    FailedError     it failed at this request, or the connection did
    ModelError      no waiting mends it: the run ends, and says what is to be changed

Whatever a server says is shown through `Show`, which strikes out the key.
"""

from __future__ import annotations

import html
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

import httpx2

from rdpt_core.errors import ModelError
from rdpt_core.scoring.backends.served.address import other_scheme, server_root, socket_path
from rdpt_core.scoring.backends.served.dialects import BadReplyError, NoAnswerError
from rdpt_core.scoring.backends.served.refusals import is_switched_off

Show: TypeAlias = Callable[[str], str]

UNKNOWN_HOST_S = 10.0
"""How long a host may have no address before it ever answered: a new name takes a moment, a typo forever."""
_WEIGHT_OF_TIMEOUT = 2
_NOT_HTTP = ("illegal status line", "illegal request line")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
# OpenSSL's numbers of what is wrong with a certificate.
_OUT_OF_DATE = (9, 10)
_OTHER_HOST = (62, 64)
_UNKNOWN_NAME = tuple(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)


class ExchangeError(NoAnswerError):
    """A request without a reply that could be read.

    Attributes:
        is_away: who answers the next request may be another server.
    """

    def __init__(self, what: str, *, is_away: bool = False, weight: int = 1, wait_s: float | None = None) -> None:
        super().__init__(what, weight=weight, wait_s=wait_s)
        self.is_away = is_away


class RefusedError(ExchangeError):
    """The server says no. With `is_away` it may say so to every request.

    Attributes:
        status: of HTTP.
        said: its reply, which may hold anything and is not shown.
        end: what ends the run if it does; None where waiting may help.
    """

    def __init__(
        self, what: str, *, status: int, said: str, is_away: bool = False, end: ModelError | None = None
    ) -> None:
        super().__init__(what, is_away=is_away)
        self.status = status
        self.said = said
        self.end = end


class BusyError(ExchangeError):
    """The server cannot be reached or asks to wait: no fault of the request.

    Attributes:
        is_unknown: its host has no address.
    """

    def __init__(
        self, what: str, *, is_away: bool = False, wait_s: float | None = None, is_unknown: bool = False
    ) -> None:
        super().__init__(what, is_away=is_away, wait_s=wait_s)
        self.is_unknown = is_unknown


class FailedError(ExchangeError):
    """The server failed at this request, or the connection did."""


def failure_of_connection(error: httpx2.RequestError, root: str, timeout_s: float, show: Show) -> Exception:
    """What a request means to which no whole reply came: an `ExchangeError` or a `ModelError`."""
    if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
        return FailedError(f"no answer within {timeout_s:g} s (timeout_s)", weight=_WEIGHT_OF_TIMEOUT)
    words = show(_words(error))
    end = (
        _failure_of_tls(error, root, words)
        or _failure_of_proxy(error, root, words)
        or _failure_of_socket(error, root, words)
    )
    if end is not None:
        return end
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        is_unknown = any(isinstance(cause, socket.gaierror) and cause.errno in _UNKNOWN_NAME for cause in causes(error))
        return BusyError(f"no connection ({words})", is_away=True, is_unknown=is_unknown)
    if isinstance(error, httpx2.RemoteProtocolError) and words.startswith(_NOT_HTTP):
        return ModelError(
            "what answers at this address does not speak HTTP/1.1",
            where=root,
            expected="an HTTP server",
            got=words,
            hint="Correct the port in base_url.",
        )
    return FailedError(f"the connection broke off ({type(error).__name__}: {words})", is_away=True)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it comes from, down to the first one; of several at once, the first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause.__cause__ or cause.__context__


def is_certificate_error(error: BaseException) -> bool:
    """Whether the other side showed a certificate that is not believed."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))


def _words(error: BaseException) -> str:
    """The system's words where there are any: the client's own say less."""
    found = list(causes(error))
    for cause in reversed(found):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, OSError) and cause.errno is not None:
            is_own = isinstance(cause, socket.gaierror | ssl.SSLError)
            return str(cause.strerror) if is_own else os.strerror(cause.errno)
    return next((str(cause) for cause in found if str(cause)), "no reason given")


def _failure_of_tls(error: httpx2.RequestError, root: str, words: str) -> ModelError | None:
    """What cannot heal between two sides that do not agree how to speak; None for anything else."""
    found = next((cause for cause in causes(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(found, ssl.SSLCertVerificationError):
        return _failure_of_certificate(found.verify_code, root, words)
    reason = (found and found.reason) or ""
    if reason in _NOT_TLS:
        return wrong_scheme(root, words)
    if "CERTIFICATE_REQUIRED" in reason:
        hint = "Certificates of clients are not supported; serve the model with a key instead (api_key_env)."
    elif isinstance(error, httpx2.ConnectError) and "ALERT" in reason and "INTERNAL_ERROR" not in reason:
        hint = "See what the server's own log says about it."
    else:
        return None
    return ModelError("the server and this program agree on no TLS connection", where=root, got=words, hint=hint)


def _failure_of_certificate(code: int, root: str, words: str) -> ModelError:
    what, expected = "the server's certificate is not trusted", "one signed by an authority that is trusted here"
    hint = (
        "Name the certificate of that authority, or the server's own if it signed itself: ca_file = a PEM file, or the "
        "environment variable SSL_CERT_FILE."
    )
    if code in _OUT_OF_DATE:
        what, expected = "the server's certificate is out of date", "one that is valid now"
        hint = "Renew it on the server, and see that the clocks of both machines are right."
    elif code in _OTHER_HOST:
        what, expected = "the server's certificate is another host's", f"one for {urlsplit(root).hostname}"
        hint = "Write into base_url a name that the certificate holds, or renew it with this one (subjectAltName)."
    return ModelError(what, where=root, expected=expected, got=words, hint=hint)


def wrong_scheme(root: str, words: str) -> ModelError:
    """The server speaks plain HTTP where TLS was tried, or the other way round."""
    is_secure = root.lower().startswith("https")
    return ModelError(
        "the server speaks plain HTTP on this port, not TLS" if is_secure else "the server speaks TLS on this port",
        where=root,
        expected="http://" if is_secure else "https://",
        got=words,
        hint=f"Write base_url = {other_scheme(root)}/v1, or correct the port.",
    )


def _failure_of_proxy(error: httpx2.RequestError, root: str, words: str) -> ModelError | None:
    """A proxy's no, which it says again and again; its own troubles may pass."""
    if not isinstance(error, httpx2.ProxyError) or not re.match(r"4\d\d\b", words):
        return None
    return _proxy_refuses(root, words)


def _proxy_refuses(root: str, words: str) -> ModelError:
    return ModelError(
        "the proxy gives no way to the server",
        where=root,
        got=words,
        hint=f"The proxy comes from the environment. To go past it: NO_PROXY={urlsplit(root).hostname}.",
    )


def _failure_of_socket(error: httpx2.RequestError, root: str, words: str) -> ModelError | None:
    """A socket file may appear later, but its rights do not change by themselves."""
    if socket_path(root) is None or not any(isinstance(cause, PermissionError) for cause in causes(error)):
        return None
    return ModelError(
        "this program may not use the server's socket",
        where=root,
        got=words,
        hint="Give the user that runs this program the right to write to the socket and to enter its folder.",
    )


def failure_of_status(response: httpx2.Response, root: str, path: str, show: Show) -> Exception:
    """What a reply means that is no success: an `ExchangeError` or a `ModelError`."""
    status = response.status_code
    message = show(f"HTTP {status}: {message_of(response)}")
    if status == 407:
        return _proxy_refuses(root, message)
    if status in (401, 403) and not is_switched_off(response.text):
        end = ModelError(
            "the server does not accept the key",
            where=root,
            got=message,
            hint="Name the environment variable that holds its key: api_key_env.",
        )
        # A wrong key is wrong for every request; what else is forbidden may be in one.
        return end if status == 401 else RefusedError(message, status=status, said=response.text, is_away=True, end=end)
    if status == 429:
        return BusyError(message, wait_s=_retry_after_s(response))
    if status >= 500 or status in (408, 425):
        # A gateway stays where it is while a server behind it is replaced.
        return FailedError(message, is_away=status >= 500, wait_s=_retry_after_s(response))
    if 300 <= status < 400:
        return _redirected(response, root, path, show)
    return RefusedError(message, status=status, said=response.text, is_away=status == 404)


def _redirected(response: httpx2.Response, root: str, path: str, show: Show) -> RefusedError:
    """The key is not sent after a redirect: who stands there is for the user to say."""
    target = _without_secrets(response)
    got = show(f"HTTP {response.status_code} to {target}" if target else f"HTTP {response.status_code} to no address")
    there = server_root(target.removesuffix(path)) if target.endswith(path) else ""
    end = ModelError(
        "the server points elsewhere",
        where=f"{root}{path}",
        got=got,
        hint=show(f"If that is the server meant, write base_url = {there}/v1.")
        if there and there != root
        else "Correct base_url; a page to log in is no API.",
    )
    return RefusedError(got, status=response.status_code, said=response.text, is_away=True, end=end)


def _without_secrets(response: httpx2.Response) -> str:
    """Where a redirect points, without user, password, query and fragment; "" if nowhere."""
    location = response.headers.get("location", "")
    try:
        target = urlsplit(urljoin(str(response.url), location))
        host = target.hostname or ""
        at = f"[{host}]" if ":" in host else host
        port = "" if target.port is None else f":{target.port}"
    except ValueError:
        return ""
    return f"{target.scheme}://{at}{port}{target.path}" if location and host else ""


def unreadable(response: httpx2.Response, show: Show) -> BadReplyError:
    """A success whose content is not JSON."""
    if is_page(response):
        return BadReplyError(show(f"the reply is a web page{_titled(response)}, not JSON"))
    return BadReplyError(f"the reply of {len(response.content):,} bytes is no JSON, or was cut")


def page_for_api(response: httpx2.Response, root: str, path: str, show: Show) -> ModelError:
    """A web page where the list of models was asked for."""
    return ModelError(
        "a web page answers at this address, not an API",
        where=f"{root}{path}",
        expected="JSON",
        got=show(f"a page{_titled(response)}"),
        hint="base_url is the address of the model's own server, such as http://HOST:8000/v1, not of a page to chat or "
        "to log in.",
    )


def is_page(response: httpx2.Response) -> bool:
    """Whether a reply is HTML, by what it says of itself or by how it begins."""
    kind = response.headers.get("content-type", "").lower()
    return "html" in kind or re.match(rb"\s*<(!doctype html|html)\b", response.content[:200], re.I) is not None


def _titled(response: httpx2.Response) -> str:
    title = _title(response)
    return f" titled “{title}”" if title else ""


def _title(response: httpx2.Response) -> str:
    # Both patterns end at the next tag, so that no page takes longer than its length.
    found = re.search(r"<title[^<>]*>([^<]*)</title", response.text, re.I)
    return " ".join(html.unescape(found[1]).split()) if found else ""


def message_of(response: httpx2.Response) -> str:
    """What the server says in an error, which has one of several forms."""
    if is_page(response):
        return _title(response) or html.unescape(re.sub(r"<[^<>]*>", " ", response.text)) or response.reason_phrase
    try:
        message = json.loads(response.text)
    except (ValueError, RecursionError):
        return response.text or response.reason_phrase
    for name in ("error", "message", "detail"):
        while isinstance(message, dict) and name in message:
            message = message[name]
    return message if isinstance(message, str) else json.dumps(message)


def _retry_after_s(response: httpx2.Response) -> float | None:
    """Retry-After, which is a number of seconds or a date."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
