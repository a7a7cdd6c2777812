"""`demo`: the bundled traces under the bundled triple, then the app."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from rdpt_core.commands.arguments import file_path
from rdpt_core.errors import InputError
from rdpt_core.records import ROLES

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
DEMO_DATABASE = PROJECT / ".rdpt" / "demo.duckdb"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "demo",
        help="score the bundled traces if not yet done, then open the app",
        description="Score the bundled traces with the bundled teacher, student and distilled model, unless that is "
        "done, and open the app on this machine.",
    )
    parser.add_argument("--no-app", action="store_true", help="stop after scoring")
    parser.add_argument(
        "--db", type=file_path, default=DEMO_DATABASE, metavar="FILE", help="default: .rdpt/demo.duckdb"
    )
    parser.add_argument("--port", type=int, metavar="N", help="port of the app (default: 8501, or the next free one)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score, then hand over to streamlit until it is stopped."""
    from rdpt_core.cli import main

    if not (DATA / "traces.jsonl").is_file():
        raise InputError(
            "the bundled data are not here",
            where=str(DATA),
            expected="traces.jsonl and the folders teacher, student and distilled",
            got="a copy of the program without its data folder",
            hint="Run `demo` from a clone of the project.",
        )
    started_s = time.monotonic()
    print("scoring the bundled traces under three models (less than a minute, the first time only)", file=sys.stderr)
    # Relative, so that what is stored and shown reads the same in every clone.
    models = [part for role in ROLES for part in (f"--{role}", os.path.relpath(DATA / role))]
    status = main(
        ["score", "--traces", str(DATA / "traces.jsonl"), *models, "--db", str(arguments.db), "--name", "bundled demo"]
    )
    if status not in (0, 3):
        return status
    print(f"scored in {time.monotonic() - started_s:.0f} s: {arguments.db}", file=sys.stderr)
    if arguments.no_app:
        return status
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT / "app.py")]
    if arguments.port is not None:
        command += ["--server.port", str(arguments.port)]
    try:
        # From the project's root, where .streamlit/config.toml keeps the server on loopback.
        return subprocess.run([*command, "--", "--db", str(arguments.db.resolve())], cwd=PROJECT).returncode
    except KeyboardInterrupt:
        return 0
