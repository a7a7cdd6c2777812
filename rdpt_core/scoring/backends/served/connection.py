"""Connections to one server: which way they take, whom they trust, and one request over one of them."""

from __future__ import annotations

import os
import ssl
from typing import Any

import httpx2

from rdpt_core.config.certificates import trust
from rdpt_core.errors import UsageError
from rdpt_core.records import ServerSettings
from rdpt_core.scoring.backends.served.address import is_on_this_machine, other_scheme, server_root, socket_path
from rdpt_core.scoring.backends.served.failures import (
    causes,
    failure_of_connection,
    failure_of_status,
    is_certificate_error,
    is_page,
    page_for_api,
    unreadable,
    wrong_scheme,
)
from rdpt_core.scoring.backends.served.secret import Secret

_CONNECT_TIMEOUT_S = 10.0
_PROBE_TIMEOUT_S = 2.0


class Connection:
    """One server. To be made, used and closed in one event loop.

    Raises:
        UsageError: certificates that are to be trusted cannot be read.
    """

    def __init__(self, settings: ServerSettings, secret: Secret) -> None:
        self.root = server_root(settings.base_url)
        self._secret = secret
        self._timeout_s = settings.timeout_s
        socket_file = socket_path(self.root)
        limits = httpx2.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency)
        context = _tls_context(self.root, settings.ca_file)
        self._http = httpx2.AsyncClient(
            # The host that a server behind a socket is told, which has none.
            base_url=self.root if socket_file is None else "http://localhost",
            headers=secret.headers(),
            timeout=httpx2.Timeout(settings.timeout_s, connect=_CONNECT_TIMEOUT_S, pool=None),
            limits=limits,
            verify=context,
            trust_env=not is_on_this_machine(self.root),
            transport=None
            if socket_file is None
            else httpx2.AsyncHTTPTransport(uds=socket_file, limits=limits, verify=context, trust_env=False),
        )

    async def close(self) -> None:
        """Close them."""
        await self._http.aclose()

    async def exchange(self, method: str, path: str, body: dict[str, Any] | None, *, is_first: bool) -> Any:
        """One request and the JSON of its reply.

        Args:
            is_first: nothing was ever answered here, so that the address itself may be wrong.

        Raises:
            NoAnswerError: there is none; another try may get one.
            ModelError: no other try can.
        """
        try:
            response = await self._http.request(method, path, json=body)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            failure = failure_of_connection(error, self.root, self._timeout_s, self._secret.strike_out)
            if is_first and _was_cut(error) and await self._speaks_other_scheme():
                failure = wrong_scheme(self.root, str(failure))
            raise failure from None
        if response.is_success:
            try:
                return response.json()
            except (ValueError, RecursionError):
                pass
            if is_first and is_page(response):
                raise page_for_api(response, self.root, path, self._secret.strike_out)
            raise unreadable(response, self._secret.strike_out)
        failure = failure_of_status(response, self.root, path, self._secret.strike_out)
        # Some servers answer plain HTTP on a port of TLS with words, in many forms.
        if is_first and response.status_code == 400 and await self._speaks_other_scheme():
            failure = wrong_scheme(self.root, str(failure))
        raise failure

    async def _speaks_other_scheme(self) -> bool:
        """Whether something answers there with http for https, or https for http. The key is not sent."""
        root = other_scheme(self.root)
        if root is None:
            return False
        request = self._http.build_request("HEAD", f"{root}/v1/models", timeout=_PROBE_TIMEOUT_S)
        request.headers.pop("authorization", None)
        try:
            response = await self._http.send(request)
        except httpx2.TransportError as error:
            return is_certificate_error(error)
        # A port of TLS may answer plain HTTP with 400.
        return root.startswith("https") or response.status_code != 400


def _was_cut(error: BaseException) -> bool:
    """Whether somebody was there and hung up, as one does who is spoken to in another protocol."""
    if isinstance(error, httpx2.ReadError | httpx2.WriteError | httpx2.RemoteProtocolError):
        return True
    return any(isinstance(cause, ssl.SSLEOFError | ConnectionResetError | BrokenPipeError) for cause in causes(error))


def _tls_context(root: str, ca_file: str | None) -> ssl.SSLContext:
    """Whom to trust: the system's authorities or those of SSL_CERT_FILE and SSL_CERT_DIR, and those of `ca_file`.

    Without TLS nobody: a handshake then only shows whether the port speaks it.
    """
    if not root.lower().startswith("https"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)}
    try:
        context = httpx2.create_ssl_context()
        # The client takes only the first of the two.
        if len(named) == 2:
            context.load_verify_locations(capath=named["SSL_CERT_DIR"])
    except OSError as error:
        raise UsageError(
            "the certificates to be trusted cannot be read",
            where=", ".join(f"{name}={value}" for name, value in named.items()) or "those of the system",
            expected="a file of certificates in PEM form (SSL_CERT_FILE), a folder of them (SSL_CERT_DIR), or neither",
            got=error.strerror or str(error),
        ) from None
    if ca_file is not None:
        trust(context, ca_file, "ca_file")
    return context
