"""`view`: the app over one database, or over a folder of them, with safe server settings."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rdpt_core import bundled
from rdpt_core.errors import StoreBusyError, StoreEmptyError, StoreMissingError, UsageError

ADDRESS = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8501, 8600
# Long enough for a migration of another process; a run that writes for longer is no reason not to start.
PATIENCE_S = 4.0
_GOODBYE_S = 5.0
# glibc's own word for a heap is an arena.
_MOST_HEAPS = "2"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "view",
        help="open the app on a database, or on a folder of them",
        description="Serve the app to this machine alone until Ctrl-C, under the names localhost, 127.0.0.1 and ::1. "
        "Neither a configuration of Streamlit's nor an environment variable changes that.",
    )
    parser.add_argument(
        "location",
        nargs="?",
        type=location,
        metavar="DB|FOLDER",
        help="a database that `score` wrote, or a folder of them to choose from (default: the database of `demo`)",
    )
    add_server_options(parser)
    parser.set_defaults(run=run)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """`--port N` and `--allowed-host NAME`, for commands that open the app."""
    parser.add_argument(
        "--port", type=port_number, metavar="N", help=f"port of the app (default: {FIRST_PORT}, or the next free one)"
    )
    parser.add_argument(
        "--allowed-host",
        type=server_name,
        action="append",
        default=[],
        metavar="NAME",
        dest="allowed_hosts",
        help="another name under which browsers reach the app, such as that of a proxy with a login in front of it, "
        "which has to pass the Host header on; may be given several times. The app still listens on this machine only",
    )


def location(text: str) -> Path:
    """A path to a database or a folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a database or a folder, got nothing")
    return Path(text)


def port_number(text: str) -> int:
    """A port that a server can be given."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 65535, got {text!r}")
    return int(text)


def server_name(text: str) -> str:
    """The name of a host, or its IP address: no port, no address of a page, and no pattern."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        name = text.lower().rstrip(".")
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?", name):
            raise argparse.ArgumentTypeError(
                f"expected the name of a host without a port, such as runs.example.org, got {text!r}"
            ) from None
        return name


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    location = arguments.location or bundled.demo_database()
    check_location(location)
    return serve(location, arguments.port, arguments.allowed_hosts)


def check_location(location: Path) -> None:
    """Refuse what no page could ever show. A database that is locked or has no run yet is shown once it can be.

    Raises:
        StoreError: there is no database, or it cannot be read.
    """
    from rdpt_core.store.folder import databases_in
    from rdpt_core.store.reader import open_reader

    if os.path.isdir(location):
        if not databases_in(location):
            raise StoreMissingError(
                "the folder holds no database",
                where=str(location),
                expected="files that end in .duckdb, in the folder itself",
                hint="Write one with `rdpt score`, or name a database.",
            )
        return
    try:
        with open_reader(location, patience_s=PATIENCE_S):
            pass
    except (StoreBusyError, StoreEmptyError):
        pass


def serve(location: Path, port: int | None, allowed_hosts: Sequence[str] = ()) -> int:
    """Run the app's server until it or this command is stopped.

    Returns:
        0 if the command was stopped or the server ended in order, else 1.

    Raises:
        UsageError: the port is taken, or there is no free one.
    """
    command = server_command(location, free_port() if port is None else checked_port(port), allowed_hosts)
    # Signals first, then what ends the server, then the server: stopped at any moment, this command leaves none behind.
    with _stopped_by_signals():
        try:
            # From the app's own folder, so that no file of the working folder is imported or read as a configuration.
            # In a session of its own: Ctrl-C is for this command, which ends the server in order.
            with (
                _lifeline() as lifeline,
                subprocess.Popen(
                    command,
                    cwd=bundled.ROOT,
                    env=server_environment(os.environ),
                    stdin=lifeline,
                    start_new_session=True,
                ) as server,
            ):
                try:
                    return int(server.wait() != 0)
                finally:
                    _end(server)
        except KeyboardInterrupt:
            return 0


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does: it raises KeyboardInterrupt."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _lifeline() -> Iterator[int]:
    """An input for the server that comes to its end when this context does, or when this process is killed."""
    read_end, write_end = os.pipe()
    try:
        yield read_end
    finally:
        os.close(read_end)
        os.close(write_end)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and do not wait for long."""
    server.terminate()
    try:
        server.wait(_GOODBYE_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()


def server_command(location: Path, port: int, allowed_hosts: Sequence[str] = ()) -> list[str]:
    """The command line of the server. Flags win over every file and variable that Streamlit reads."""
    settings = tomllib.loads(bundled.SERVER_SETTINGS.read_text(encoding="utf-8"))
    flags = [*settings_as_flags(settings), f"--server.port={port}"]
    flags += [f"--server.allowedHosts={name}" for name in allowed_hosts]
    # Pages show this name, and where a default lies is not for everybody who looks at them.
    name = os.path.relpath(location) if location == bundled.demo_database() else location
    app = [sys.executable, "-m", "streamlit", "run", str(bundled.APP)]
    return [*app, *flags, "--", bundled.ENDS_WITH_INPUT, f"--from={Path.cwd()}", f"--db={name}"]


def settings_as_flags(settings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The settings as Streamlit's flags, but for the theme, which opens no door.

    An empty list has no flag: it holds because the file stands beside the app, which wins over all files elsewhere,
    and because `server_environment` passes no variable on.
    """
    for section, options in settings.items():
        if section == "theme":
            continue
        for name, value in options.items():
            for item in value if isinstance(value, list) else [value]:
                yield f"--{section}.{name}={str(item).lower() if isinstance(item, bool) else item}"


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without Streamlit's own variables: they would set what the flags leave open."""
    kept = {name: value for name, value in environment.items() if not name.upper().startswith("STREAMLIT_")}
    # Every session's thread would get a heap of its own from glibc, which gives nothing of it back.
    return {"MALLOC_ARENA_MAX": _MOST_HEAPS, **kept}


def checked_port(port: int) -> int:
    """The port, if a server can have it.

    Raises:
        UsageError: it cannot.
    """
    if not _is_free(port):
        raise UsageError(
            "the port is not available",
            where=f"--port {port}",
            expected="a port that no other program uses and that this user may use",
            hint="Leave --port out to take the next free one.",
        )
    return port


def free_port() -> int:
    """The first free port from 8501 on.

    Raises:
        UsageError: all are taken.
    """
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if _is_free(port):
            return port
    raise UsageError(
        "no port is free", expected=f"one from {FIRST_PORT} to {LAST_PORT}", hint="Name another one with --port."
    )


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        # As the server itself binds: a port whose last connections are still fading is free.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True
