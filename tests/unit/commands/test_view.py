"""How the app's server is started and ended: its flags, its environment, its port and the signals."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rdpt_core import bundled
from rdpt_core.commands import view
from rdpt_core.errors import UsageError


def test_every_setting_but_the_theme_becomes_a_flag() -> None:
    settings = {
        "server": {"address": "127.0.0.1", "headless": True, "allowedHosts": ["localhost", "127.0.0.1"], "none": []},
        "global": {"minCachedMessageSize": 0},
        "theme": {"baseFontSize": 15, "dark": {"primaryColor": "#459ad9"}},
    }
    assert list(view.settings_as_flags(settings)) == [
        "--server.address=127.0.0.1",
        "--server.headless=true",
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=127.0.0.1",
        "--global.minCachedMessageSize=0",
    ]


def test_the_command_line_keeps_the_server_to_this_machine() -> None:
    command = view.server_command(Path("runs.duckdb"), 8600, ["runs.example.org"])
    flags = command[command.index(str(bundled.APP)) + 1 : command.index("--")]
    assert {
        f"--server.address={view.ADDRESS}",
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=runs.example.org",
        "--client.showErrorDetails=none",
        "--server.enableXsrfProtection=true",
        "--server.enableCORS=true",
        "--server.enableAgentApi=false",
        "--browser.gatherUsageStats=false",
        "--server.port=8600",
    } <= set(flags)
    # No flag can say this; the file beside the app does.
    settings = tomllib.loads(bundled.SERVER_SETTINGS.read_text(encoding="utf-8"))
    assert settings["server"]["corsAllowedOrigins"] == []
    assert command[command.index("--") + 1 :] == [bundled.ENDS_WITH_INPUT, f"--from={Path.cwd()}", "--db=runs.duckdb"]


def test_variables_of_streamlit_do_not_reach_the_server() -> None:
    environment = view.server_environment({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "PATH": "/bin"})
    assert environment == {"PATH": "/bin", "MALLOC_ARENA_MAX": "2"}


def test_a_number_of_heaps_that_somebody_chose_is_kept() -> None:
    assert view.server_environment({"MALLOC_ARENA_MAX": "8"}) == {"MALLOC_ARENA_MAX": "8"}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((view.ADDRESS, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_next_free_port_is_taken(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "FIRST_PORT", taken_port)
    monkeypatch.setattr(view, "LAST_PORT", taken_port + 50)
    assert taken_port < view.free_port() <= taken_port + 50
    monkeypatch.setattr(view, "LAST_PORT", taken_port)
    with pytest.raises(UsageError, match="no port is free"):
        view.free_port()


def test_a_port_by_name_is_never_replaced(taken_port: int) -> None:
    with pytest.raises(UsageError, match=f"the port is not available: --port {taken_port}; expected .* Leave --port"):
        view.checked_port(taken_port)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Runs.Example.org.", "runs.example.org"),
        ("lan_box", "lan_box"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "2001:db8::1"),
    ],
)
def test_hosts_are_names_and_addresses(text: str, name: str) -> None:
    assert view.server_name(text) == name


@pytest.mark.parametrize("text", ["", "*", "*.example.org", "x:8501", "http://x", "x/y", "x y", "a@b", "-x", "münchen"])
def test_no_pattern_and_no_address_of_a_page_is_taken_for_a_host(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="the name of a host without a port"):
        view.server_name(text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_the_moment_when_the_server_starts_leaves_none(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    children: list[subprocess.Popen[bytes]] = []

    class Signalled(subprocess.Popen):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            children.append(self)
            os.kill(os.getpid(), number)

    # It waits for the end of its input, as the server does.
    monkeypatch.setattr(view, "server_command", lambda *_: [sys.executable, "-c", "import sys; sys.stdin.read()"])
    monkeypatch.setattr(view.subprocess, "Popen", Signalled)
    before = signal.getsignal(signal.SIGTERM)
    assert view.serve(Path("runs.duckdb"), None) == 0
    children[0].wait(timeout=10)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_server_that_fails_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "server_command", lambda *_: [sys.executable, "-c", "raise SystemExit(3)"])
    assert view.serve(Path("runs.duckdb"), None) == 1
