"""`importance`: how much less likely the answer is without each sentence before it."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import (
    add_database,
    add_stored_models,
    keywords,
    not_negative_integer,
    positive_integer,
    threshold,
)
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.records import Role
from rdpt_core.records.importance import ImportanceMethod


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "importance",
        help="measure how much the answer of each trace depends on each sentence before it",
        description="A pass of its own over a scored run: for every sentence before the answer, how far ln p(answer) "
        "falls under the distilled model when the sentence is deleted, or replaced by one that the model draws there "
        "itself. The result is stored beside the run and changes nothing else. The same command goes on where it was "
        "stopped.",
    )
    add_database(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--method",
        choices=[method.value for method in ImportanceMethod],
        default="deletion",
        help="what takes a sentence's place: nothing, or a sentence drawn anew, which takes longer (default: deletion)",
    )
    parser.add_argument(
        "--questions",
        type=positive_integer,
        metavar="N",
        help="only N questions of the run, with all their traces; a larger N later goes on with the same ones "
        "(default: all)",
    )
    drawing = parser.add_argument_group("how --method replacement draws")
    drawing.add_argument(
        "--samples", type=positive_integer, default=1, metavar="N", help="sentences drawn in the place of each "
        "(default: 1)"
    )  # fmt: skip
    drawing.add_argument(
        "--temperature", type=threshold, default=1.0, metavar="T", help="above 0; divides the logits (default: 1)"
    )
    drawing.add_argument("--seed", type=not_negative_integer, default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--again", action="store_true", help="first drop what is stored by this method, such as by other settings"
    )
    add_stored_models(parser, [Role.DISTILLED])
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and store."""
    prepare_libraries()
    from rdpt_core.api.writing.importance import importance

    result = importance(**keywords(arguments))
    print(
        f"run {result.run_id}: {result.n_measured:,} traces measured by {result.method}, "
        f"{result.n_traces - result.n_measured:,} had been measured so before",
        file=sys.stderr,
    )
    counts = f"{result.n_sentences:,} sentences have a number"
    if result.n_without:
        counts += f"; {result.n_without:,} traces have none, with a reason in the database"
    if result.method == ImportanceMethod.REPLACEMENT:
        counts += f"; {result.n_same:,} sentences were drawn as they stand"
    print(counts, file=sys.stderr)
    return 0
