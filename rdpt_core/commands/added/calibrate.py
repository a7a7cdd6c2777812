"""`calibrate`: text that a run's teacher and student wrote themselves, scored as the run was."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import (
    EXIT_PARTIAL,
    add_database,
    add_stored_models,
    file_path,
    keywords,
    not_negative_integer,
    positive_integer,
    threshold,
)
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.commands.score import print_stages
from rdpt_core.records import ROLES, Role


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "calibrate",
        help="score text that a run's teacher and student wrote, to correct its label shares",
        description="Let the teacher and the student of a scored run answer some of its questions, and score their "
        "responses as the run's traces were scored, into the same database: text whose writer is known, which shows "
        "how often a label is wrong. The same command goes on where it was stopped and draws nothing anew.",
    )
    add_database(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--questions",
        type=positive_integer,
        default=200,
        metavar="N",
        help="questions that are asked, each benchmark with its part of them (default: 200)",
    )
    parser.add_argument(
        "--temperature", type=threshold, default=0.7, metavar="X", help="of the sampling, above 0 (default: 0.7)"
    )
    parser.add_argument(
        "--top-p",
        type=threshold,
        default=1.0,
        metavar="X",
        help="draw from the likeliest tokens that together have this probability (default: 1, all tokens)",
    )
    parser.add_argument(
        "--max-new-tokens",
        type=positive_integer,
        default=2048,
        metavar="N",
        help="where a response is cut; it is kept, and counted as cut (default: 2048)",
    )
    parser.add_argument(
        "--seed", type=not_negative_integer, default=0, metavar="N", help="of questions and responses (default: 0)"
    )
    for role in (Role.STUDENT, Role.TEACHER):
        parser.add_argument(
            f"--{role}-traces",
            type=file_path,
            metavar="FILE",
            help=f"canonical JSON Lines of text that the {role} is known to have written, instead of drawing it",
        )
    add_stored_models(parser, ROLES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw, score, and say what came of it; exit status 3 if lines were rejected or sentences stayed unscored."""
    prepare_libraries()
    from rdpt_core.api.writing.calibrating import calibrate

    result = calibrate(**keywords(arguments), on_stages=None if arguments.quiet else print_stages)
    for known in result.known:
        print(
            f"run {known.run_id}, written by the {known.role}: {known.n_traces:,} responses, {known.n_sentences:,} "
            f"sentences, {known.n_unscored:,} unscored",
            file=sys.stderr,
        )
        if known.n_cut:
            print(f"  not ended by the model, and kept as they are: {known.n_cut:,}", file=sys.stderr)
        if known.n_unasked:
            print(f"  questions that the model could not be asked: {known.n_unasked:,}", file=sys.stderr)
        if known.n_rejects:
            print(f"  rejected lines: {known.n_rejects:,}, each with its reason: {known.rejects_path}", file=sys.stderr)
    return EXIT_PARTIAL if any(known.n_unscored or known.n_rejects for known in result.known) else 0
