"""How the app's server is started: its flags, its environment and its port."""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

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
    command = view.server_command(Path("runs.duckdb"), 8600)
    flags = command[command.index(str(bundled.APP)) + 1 : command.index("--")]
    assert {
        f"--server.address={view.ADDRESS}",
        "--server.allowedHosts=localhost",
        "--server.enableXsrfProtection=true",
        "--server.enableCORS=true",
        "--server.enableAgentApi=false",
        "--browser.gatherUsageStats=false",
        "--server.port=8600",
    } <= set(flags)
    # No flag can say this; the file beside the app does.
    settings = tomllib.loads(bundled.SERVER_SETTINGS.read_text(encoding="utf-8"))
    assert settings["server"]["corsAllowedOrigins"] == []
    assert command[command.index("--") + 1 :] == ["--db", str(Path("runs.duckdb").absolute())]


def test_variables_of_streamlit_do_not_reach_the_server() -> None:
    assert view.server_environment({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "PATH": "/bin"}) == {"PATH": "/bin"}


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
