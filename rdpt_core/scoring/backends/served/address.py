"""Where a server is: over the network, on this machine, or behind a socket file."""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote, urlsplit

_SOCKET_SCHEME = "unix"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def server_root(base_url: str) -> str:
    """An address without the closing `/v1`, which the dialects add where they need it."""
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/")


def socket_path(root: str) -> str | None:
    """The file of the socket behind which the server is; None for one that has a host."""
    address = urlsplit(root)
    return unquote(address.path) if address.scheme == _SOCKET_SCHEME else None


def is_on_this_machine(root: str) -> bool:
    """Whether no proxy has a way to it: a socket file, or a loopback address."""
    host = urlsplit(root).hostname or ""
    if socket_path(root) is not None or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def other_scheme(root: str) -> str | None:
    """The same host and port with https for http, or http for https; None for a socket file."""
    address = urlsplit(root)
    if address.scheme not in _DEFAULT_PORTS:
        return None
    other = "https" if address.scheme == "http" else "http"
    port = f":{_DEFAULT_PORTS[address.scheme]}" if address.port is None else ""
    return f"{other}://{address.netloc.rstrip(':')}{port}{address.path}"
