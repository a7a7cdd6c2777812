"""`demo`: the bundled traces under the bundled triple, then the app."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path

from rdpt_core import bundled
from rdpt_core.commands.arguments import file_path
from rdpt_core.commands.libraries import prepare_libraries
from rdpt_core.commands.score import print_stages, report
from rdpt_core.commands.view import add_server_options, serve
from rdpt_core.errors import InputError


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
        "--db",
        type=file_path,
        metavar="FILE",
        help="default: .rdpt/demo.duckdb in a clone; in an installed copy, demo.duckdb in the user's data folder",
    )
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score, then serve the app until it is stopped."""
    database = arguments.db or bundled.demo_database()
    started_s = time.monotonic()
    status = score_bundled(database)
    print(f"scored in {time.monotonic() - started_s:.0f} s: {database}", file=sys.stderr)
    return status if arguments.no_app else serve(database, arguments.port, arguments.allowed_hosts)


def score_bundled(database: Path) -> int:
    """Score the bundled traces into a database; returns the exit status of `score`.

    Raises:
        InputError: this copy of the program has no bundled data.
        StoreError: the database cannot be written.
    """
    if not (bundled.DATA / "traces.jsonl").is_file():
        raise InputError(
            "the bundled data are not here",
            where=str(bundled.DATA),
            expected="traces.jsonl and the folders teacher, student and distilled",
            got="a copy of the program without its data folder",
            hint="Run `demo` from a clone of the project, or install the program from a wheel.",
        )
    print("scoring the bundled traces under three models (less than a minute, the first time only)", file=sys.stderr)
    prepare_libraries()
    from rdpt_core.api.scoring import score

    database = database.absolute()
    # Models are stored and shown under the names they are given by. Named relative to where they lie, they read the
    # same wherever the program is installed and started.
    with contextlib.chdir(bundled.ROOT):
        result = score(
            "data/traces.jsonl",
            database,
            teacher="data/teacher",
            student="data/student",
            distilled="data/distilled",
            name="bundled demo",
            on_stages=print_stages,
        )
    return report(result)
