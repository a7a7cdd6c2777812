"""`local`: score each sentence of a run with only the few sentences before it in view, with or without the prompt."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import add_database, add_stored_models, keywords, positive_integer
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.records import ROLES


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "local",
        help="score a run's sentences with little context: for the strategy `lalp`, or to see which labels stay",
        description="A pass of its own over a scored run: a model reads every sentence again with only the N sentences "
        "before it in view. By default that is the student, for the selection strategy `lalp`; with --with-prompt it "
        "is the two models that labels compare, and the page Controls tells which labels do not need the rest of the "
        "response. The result is stored beside the run, once for every kind of context, and changes nothing else. The "
        "same command goes on where it was stopped.",
    )
    add_database(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--context",
        type=positive_integer,
        metavar="N",
        help="sentences in view (default: 4, or 1 with --with-prompt)",
    )
    parser.add_argument(
        "--with-prompt", action="store_true", help="keep the prompt in view of every sentence, not of the first N only"
    )
    parser.add_argument(
        "--roles",
        metavar="ROLES",
        help="whose sentences: some of the run's roles, separated by commas (default: student; with --with-prompt, the "
        "two roles that labels compare)",
    )
    add_stored_models(parser, ROLES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score and store."""
    prepare_libraries()
    from rdpt_core.api.writing.rescoring import score_local

    result = score_local(**keywords(arguments))
    context = "sentence" if result.n_context == 1 else "sentences"
    view = f"{'the prompt and ' if result.with_prompt else ''}{result.n_context} {context} in view"
    for role, n_scored in result.n_scored_by_role.items():
        print(
            f"run {result.run_id}, {role}: {n_scored:,} traces scored with {view}, "
            f"{result.n_traces - n_scored:,} had been scored so before",
            file=sys.stderr,
        )
    return 0
