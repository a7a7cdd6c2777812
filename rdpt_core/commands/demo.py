"""`demo`: the bundled traces under the bundled models, then the app."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rdpt_core import bundled
from rdpt_core.commands.arguments import file_path
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.commands.score import print_stages, report
from rdpt_core.commands.view import add_server_options, serve
from rdpt_core.config.models import read_triple
from rdpt_core.errors import InputError
from rdpt_core.records import ROLES


@dataclass(frozen=True)
class _Run:
    """One run of the demo: a name, two files in `bundled.DATA`, and the controls beside its models."""

    name: str
    traces: str
    triple: str
    controls: tuple[str, ...] = ()


# The app opens on the newest run, which is the last of these.
_RUNS = (
    _Run("bundled mixture", traces="mixture_traces.jsonl", triple="mixture.toml"),
    _Run("bundled demo", traces="traces.jsonl", triple="triple.toml", controls=("temperature", "other-question")),
)
# So many that every page has something to show, and so few that the first visitor need not wait for it.
_CALIBRATING_QUESTIONS = 45
_IMPORTANCE_QUESTIONS = 90
# What the distilled model of the newest run was trained on.
_TRAINING = "distillation.jsonl"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "demo",
        help="score the bundled traces if not yet done, then open the app",
        description="Score the bundled traces under the bundled models, unless that is done, and open the app on this "
        "machine. There are two runs: of the model that learned from one teacher, with its checkpoints, and of the one "
        "that learned from two.",
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
    _check_data()
    # Models are stored and shown under the names they are given by. Named relative to where they lie, they read the
    # same wherever the program is installed and started.
    database, data = database.absolute(), bundled.DATA.relative_to(bundled.ROOT)
    statuses = []
    with contextlib.chdir(bundled.ROOT):
        n_models = " and ".join(str(len(read_triple(data / one.triple).keys)) for one in _RUNS)
        print(f"scoring the bundled traces: two runs, of {n_models} models (the first time only)", file=sys.stderr)
        prepare_libraries()
        from rdpt_core.api.scoring import score

        for one in _RUNS:
            result = score(
                data / one.traces,
                database,
                triple=data / one.triple,
                controls=one.controls,
                name=one.name,
                on_stages=print_stages,
            )
            statuses.append(report(result))
        _complete(database, result.run_id)
    return max(statuses)


def _complete(database: Path, run: str) -> None:
    """What pages show beside scores, as far as it is not there yet."""
    from rdpt_core.api.writing.calibrating import calibrate
    from rdpt_core.api.writing.importance import importance
    from rdpt_core.api.writing.overlap import overlap
    from rdpt_core.api.writing.rescoring import score_local

    print("training texts, text whose writer is known, importance, and sentences by themselves", file=sys.stderr)
    overlap(database, bundled.DATA / _TRAINING, run=run)
    score_local(database, run=run, with_prompt=True, roles=ROLES)
    importance(database, run=run, questions=_IMPORTANCE_QUESTIONS)
    calibrate(database, run=run, questions=_CALIBRATING_QUESTIONS, on_stages=print_stages)


def _check_data() -> None:
    files = [*(name for one in _RUNS for name in (one.triple, one.traces)), _TRAINING]
    missing = [name for name in files if not (bundled.DATA / name).is_file()]
    if missing:
        raise InputError(
            "the bundled data are not here",
            where=str(bundled.DATA),
            expected=f"{', '.join(files)} and the folders of the models that the .toml files name",
            got="a copy of the program without its data" if len(missing) == len(files) else f"no {', '.join(missing)}",
            hint="Run `demo` from a clone of the project, or install the program from a wheel.",
        )
