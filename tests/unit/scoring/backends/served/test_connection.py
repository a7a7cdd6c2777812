"""Which way requests take, whose certificates are believed, and what an address that cannot work is told."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import ServerSettings
from rdpt_core.scoring.backends.served.connection import Connection
from rdpt_core.scoring.backends.served.dialects import BadReplyError, NoAnswerError
from rdpt_core.scoring.backends.served.failures import BusyError, FailedError, RefusedError
from rdpt_core.scoring.backends.served.secret import Secret
from tests.support.servers.certificates import Certificate, make_certificate, make_expired, subject_hash
from tests.support.servers.tiny_server import Asked, Reply, serving


@pytest.fixture(autouse=True)
def no_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("authority"), "authority", alt_names="")


@pytest.fixture(scope="module")
def signed(authority: Certificate) -> Certificate:
    return make_certificate(authority.file.parent, "server", signed_by=authority)


def hello(_: Asked) -> Reply:
    return 200, {"hello": 1}


def ask(base_url: str, ca_file: Path | None = None, *, is_first: bool = True, key: str | None = None) -> Any:
    async def run() -> Any:
        settings = ServerSettings(base_url, timeout_s=5, ca_file=None if ca_file is None else str(ca_file))
        connection = Connection(settings, Secret(key))
        try:
            return await connection.exchange("GET", "/v1/models", None, is_first=is_first)
        finally:
            await connection.close()

    return asyncio.run(run())


@contextmanager
def saying(words: bytes | None) -> Iterator[str]:
    """An address where somebody says so many bytes to everyone and hangs up; without any, at once."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                if words is not None:
                    client.recv(1024)
                    client.sendall(words)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_a_certificate_is_believed_on_loopback_if_the_environment_or_the_user_names_it(
    authority: Certificate, signed: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(hello, certificate=signed) as server:
        with pytest.raises(ModelError, match=r"certificate is not trusted.*ca_file.*SSL_CERT_FILE"):
            ask(server.root)
        assert ask(server.root, authority.file) == {"hello": 1}
        # The server's own is enough, too.
        assert ask(server.root, signed.file) == {"hello": 1}
        other = make_certificate(tmp_path, "other")
        with pytest.raises(ModelError, match="not trusted"):
            ask(server.root, other.file)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        # No proxy has a way to a loopback address, whatever the environment says.
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert ask(server.root) == {"hello": 1}
        # Both are believed: those of the environment and the one that is named.
        assert ask(server.root, other.file) == {"hello": 1}
        monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
        with pytest.raises(ModelError, match="not trusted"):
            ask(server.root)
        folder = tmp_path / "authorities"
        folder.mkdir()
        (folder / f"{subject_hash(authority)}.0").write_bytes(authority.file.read_bytes())
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        assert ask(server.root) == {"hello": 1}
        monkeypatch.delenv("SSL_CERT_FILE")
        assert ask(server.root) == {"hello": 1}


def test_what_is_wrong_with_a_certificate_is_said(tmp_path: Path, authority: Certificate) -> None:
    own, old = make_certificate(tmp_path, "own"), make_expired(tmp_path, "old")
    far = make_certificate(tmp_path, "far", alt_names="DNS:far.example", signed_by=authority)
    for made, trusted, said in (
        (own, None, "not trusted.*self-signed.*ca_file"),
        (old, old.file, "out of date.*expired.*Renew"),
        (far, authority.file, "another host's.*127.0.0.1.*subjectAltName"),
    ):
        with serving(hello, certificate=made) as server, pytest.raises(ModelError, match=said):
            ask(server.root, trusted)


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match=r"cannot be read.*SSL_CERT_FILE=.*none\.pem.*No such file"):
        ask("https://127.0.0.1:9")
    # Plain HTTP asks for none.
    with serving(hello) as server:
        assert ask(server.root) == {"hello": 1}


def test_the_wrong_scheme_is_told_at_once_and_the_key_is_not_sent_along(signed: Certificate) -> None:
    with serving(hello) as server:
        with pytest.raises(ModelError, match=f"plain HTTP on this port, not TLS.*Write base_url = {server.root}/v1"):
            ask(server.root.replace("http:", "https:"))
        assert server.asked == []
    with serving(hello, certificate=signed) as server:
        with pytest.raises(ModelError, match=f"speaks TLS on this port.*Write base_url = {server.root}/v1"):
            ask(server.root.replace("https:", "http:"))
        # Once something was answered, the address is right, and a connection that breaks off is just that.
        with pytest.raises(FailedError, match="broke off"):
            ask(server.root.replace("https:", "http:"), is_first=False)
    # Where somebody answers in words that this is a port of TLS.
    with serving(lambda _: (400, b"Client sent an HTTP request to an HTTPS server.")) as server:
        with pytest.raises(RefusedError, match="400"):
            ask(server.root, key="canary")
        assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer canary"]


def test_someone_who_hangs_up_may_heal_and_someone_who_speaks_no_http_does_not() -> None:
    with saying(None) as address:
        for scheme in ("http", "https"):
            with pytest.raises(NoAnswerError):
                ask(f"{scheme}://{address}")
    with saying(b"+PONG\r\n\r\n") as address:
        with pytest.raises(ModelError, match="does not speak HTTP"):
            ask(f"http://{address}")
        with pytest.raises(ModelError, match="not TLS"):
            ask(f"https://{address}")


def test_a_server_behind_a_socket_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    path = tmp_path / "a b.sock"
    with pytest.raises(BusyError, match="No such file"):
        ask(f"unix://{tmp_path}/a%20b.sock")
    with serving(hello, socket_file=path) as server:
        assert ask(f"unix://{tmp_path}/a%20b.sock/v1", key="canary") == {"hello": 1}
        (asked,) = server.asked
        assert (asked.path, asked.headers["host"]) == ("/v1/models", "localhost")
        assert asked.headers["authorization"] == "Bearer canary"
    with pytest.raises(BusyError, match="refused"):
        ask(f"unix://{tmp_path}/a%20b.sock")


def test_a_page_ends_the_first_contact_and_no_later_one() -> None:
    with serving(lambda _: (200, b"<html><title>Chat</title>", {"content-type": "text/html"})) as server:
        with pytest.raises(ModelError, match=f"web page.*{server.root}/v1/models.*“Chat”"):
            ask(server.root)
        with pytest.raises(BadReplyError, match="web page titled “Chat”"):
            ask(server.root, is_first=False)
