"""A loopback server that answers with what a function says: over TLS, behind a socket file, or in plain HTTP."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeAlias

from tests.support.servers.certificates import Certificate

Reply: TypeAlias = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]
"""Status, content (bytes as they are, anything else as JSON), headers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Serving:
    """Where it answers, and what it was asked."""

    root: str
    asked: list[Asked] = field(default_factory=list)


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are what is tested."""


@contextmanager
def serving(
    answer: Callable[[Asked], Reply], *, certificate: Certificate | None = None, socket_file: Path | None = None
) -> Iterator[Serving]:
    """Serves in threads of its own while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = Asked(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(content) if content else None,
            )
            found.asked.append(asked)
            status, said, *more = answer(asked)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **(more[0] if more else {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_HEAD = _answer

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
    if socket_file is None:
        server.server_bind()
        found = Serving(f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}")
    else:
        server.socket.close()
        server.socket = socket.socket(socket.AF_UNIX)
        server.socket.bind(str(socket_file))
        found = Serving(f"unix://{socket_file}")
    server.server_activate()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
