"""`view`: what it refuses before a server starts, and that nothing outside can loosen the server that it starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from rdpt_core import bundled
from rdpt_core.cli import main, make_parser
from rdpt_core.commands import view
from tests.support import synthetic

PROJECT = Path(__file__).resolve().parents[2]
# Everything that would open the server to others, as a file and as variables.
LOOSE = """
[server]
address = "0.0.0.0"
port = 1
allowedHosts = ["rebound.example"]
enableXsrfProtection = false
enableCORS = false
corsAllowedOrigins = ["http://evil.example"]
enableAgentApi = true
enableStaticServing = true

[browser]
gatherUsageStats = true
"""


@pytest.fixture(autouse=True)
def no_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused starts nothing."""
    if "server" not in request.fixturenames:
        monkeypatch.setattr(view.subprocess, "Popen", lambda *_, **__: pytest.fail("a server was started"))


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["view", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_what_no_page_could_show_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = refused(capsys, tmp_path / "none.duckdb")
    assert f"there is no database yet: {tmp_path / 'none.duckdb'}" in said
    assert "demo" in said
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "x.duckdb").touch()
    assert f"the folder holds no database: {tmp_path}; expected files that end in .duckdb" in refused(capsys, tmp_path)
    text = tmp_path / "text.csv"
    text.write_text("no database " * 100)
    assert "not a DuckDB database" in refused(capsys, text)
    other = tmp_path / "other.db"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE x AS SELECT 1")
    assert "not an RDPT database" in refused(capsys, other)
    assert "got nothing" in refused(capsys, "")


def test_without_a_database_it_says_how_to_get_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "demo_database", lambda: tmp_path / "demo.duckdb")
    said = refused(capsys)
    assert f"there is no database yet: {tmp_path / 'demo.duckdb'}" in said
    assert "for the bundled example" in said


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "²"])
def test_a_port_is_a_number_that_a_server_can_have(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert "expected a whole number from 1 to 65535" in refused(capsys, f"--port={port}")


def test_a_database_that_is_locked_or_still_empty_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    view.check_location(empty)
    synthetic.build(tmp_path / "held.duckdb", synthetic.sketches(1))
    hold = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", hold, str(tmp_path / "held.duckdb")]
    monkeypatch.undo()
    monkeypatch.setattr(view, "PATIENCE_S", 0.1)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        view.check_location(tmp_path / "held.duckdb")
        holder.kill()


def test_help_names_the_program_as_it_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    for started, name in (("/usr/bin/rdpt", "rdpt"), ("/x/rdpt_core/__main__.py", "python -m rdpt_core")):
        monkeypatch.setattr(sys, "argv", [started])
        assert make_parser().format_usage().startswith(f"usage: {name} ")


class Server(NamedTuple):
    process: subprocess.Popen[str]
    port: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app over a folder, started from another folder, where every file and variable asks for an open server."""
    base = tmp_path_factory.mktemp("view")
    for place in (base / "home", base / "elsewhere"):
        (place / ".streamlit").mkdir(parents=True)
        (place / ".streamlit" / "config.toml").write_text(LOOSE)
    # Python would import it from the working folder.
    (base / "elsewhere" / "streamlit.py").write_text("raise SystemExit('the wrong module')")
    (base / "runs").mkdir()
    synthetic.build(base / "runs" / "one.duckdb", synthetic.sketches(2))
    variables = {
        "HOME": str(base / "home"),
        "PYTHONPATH": str(PROJECT),
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "rebound.example",
        "STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": "http://evil.example",
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
        "STREAMLIT_SERVER_PORT": "1",
    }
    with socket.socket() as probe:
        probe.bind((view.ADDRESS, 0))
        port: int = probe.getsockname()[1]
    with subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "rdpt_core",
            "view",
            "../runs",
            "--port",
            str(port),
            "--allowed-host",
            "Proxy.example",
        ],
        cwd=base / "elsewhere",
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline_s = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        yield Server(process, port)
        process.terminate()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{view.ADDRESS}:{port}/_stcore/health", timeout=1):
            return True
    except OSError:
        return False


HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version: 13",
)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


def ask(
    server: Server, path: str, *hosts: str, origin: str | None = None, upgrade: bool = False, method: str = "GET"
) -> Answer:
    """What the server answers to a request with these `Host` lines."""
    lines = [f"{method} {path} HTTP/1.1", *(f"Host: {host}" for host in hosts)]
    lines += [f"Origin: {origin}"] if origin else []
    lines += HANDSHAKE if upgrade else ["Connection: close"]
    with socket.create_connection((view.ADDRESS, server.port), timeout=5) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while not (upgrade and b"\r\n\r\n" in answer) and (part := connection.recv(65536)):
            answer += part
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Answer(int(first.split()[1]), headers, body)


def test_the_server_stays_on_loopback_under_local_names(server: Server) -> None:
    listening = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            local, state = line.split()[1], line.split()[3]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) == server.port:
                listening.add(address)
    assert listening == {"0100007F"}
    address = f"http://localhost:{server.port}/_stcore/agent/interact"
    request = urllib.request.Request(address, data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=5)
    assert refusal.value.code == 403


# The page, its scripts, the state of the server, files that pages offer, and what is not there.
PLACES = ("/", "/trace", "/static/", "/_stcore/health", "/_stcore/metrics", "/_stcore/host-config", "/media/x", "/none")


def test_nothing_is_served_under_a_foreign_name(server: Server) -> None:
    for path in PLACES:
        for host in ("rebound.example", f"rebound.example:{server.port}", "localhost.rebound.example", "localhost@x"):
            answer = ask(server, path, host)
            assert (answer.status, answer.headers["content-type"]) == (403, "text/plain; charset=utf-8")
            assert answer.body.count("\n") == 1
            assert "--allowed-host" in answer.body
            assert "rebound" not in answer.body
    assert ask(server, "/", "localhost", "rebound.example").status in (400, 403)
    for host in ("localhost", f"LOCALHOST:{server.port}", "127.0.0.1", "[::1]:8501", "proxy.example"):
        assert ask(server, "/", host).status == 200
    stream = "/_stcore/stream"
    assert ask(server, stream, "localhost", upgrade=True).status == 101
    assert ask(server, stream, "proxy.example", upgrade=True).status == 101
    assert ask(server, stream, "rebound.example", upgrade=True).status == 403


def test_a_page_of_another_address_may_not_use_the_app(server: Server) -> None:
    own, stream = f"localhost:{server.port}", "/_stcore/stream"
    foreign = (
        "http://localhost:1",
        "http://localhost",
        f"http://127.0.0.1:{server.port}",
        "http://evil.example",
        f"file://{own}",
        "null",
    )
    for origin in foreign:
        assert ask(server, stream, own, origin=origin, upgrade=True).status == 403
        for method in ("GET", "OPTIONS", "POST"):
            answer = ask(server, "/_stcore/host-config", own, origin=origin, method=method)
            assert answer.status == 403
            assert "access-control-allow-origin" not in answer.headers
    assert ask(server, stream, own, origin=f"http://{own}", upgrade=True).status == 101
    assert ask(server, "/", own, origin=f"http://{own}").status == 200
    # As a proxy with a certificate passes it on.
    assert ask(server, stream, "proxy.example", origin="https://proxy.example", upgrade=True).status == 101


def test_no_page_may_frame_the_app_or_learn_its_addresses(server: Server) -> None:
    for path in PLACES:
        headers = ask(server, path, "localhost").headers
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_server_ends_with_the_command_however_that_ends(server: Server) -> None:
    with socket.create_connection((view.ADDRESS, server.port), timeout=5) as stream:
        lines = ["GET /_stcore/stream HTTP/1.1", f"Host: localhost:{server.port}", *HANDSHAKE]
        stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert stream.recv(1024).startswith(b"HTTP/1.1 101")
        server.process.kill()
        server.process.wait(timeout=30)
        deadline_s = time.monotonic() + 10
        while answers(server.port):
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
