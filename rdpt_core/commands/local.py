"""`local`: score each sentence of a run with only the few sentences before it in view."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import add_database, device_name, keywords, positive_integer
from rdpt_core.commands.parts.libraries import prepare_libraries


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "local",
        help="score a run's sentences with local context only, for the selection strategy `lalp`",
        description="A pass of its own over a scored run: the student reads every sentence again with only the N "
        "sentences before it in view. The result is stored beside the run, once for every N, and changes nothing else. "
        "The same command goes on where it was stopped.",
    )
    add_database(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--context", type=positive_integer, default=4, metavar="N", help="sentences in view (default: 4)"
    )
    parser.add_argument(
        "--student", metavar="REF", help="where the run's student is now (default: where it was when it scored the run)"
    )
    parser.add_argument("--device", type=device_name, default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="run code that comes with a model; only if you have read it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score and store."""
    prepare_libraries()
    from rdpt_core.api.writing.rescoring import score_local

    result = score_local(**keywords(arguments))
    print(
        f"run {result.run_id}: {result.n_scored:,} traces scored with {result.n_context} sentences in view, "
        f"{result.n_traces - result.n_scored:,} had been scored so before",
        file=sys.stderr,
    )
    return 0
