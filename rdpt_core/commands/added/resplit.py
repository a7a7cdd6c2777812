"""`resplit`: a scored run under another splitter, without a model."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import EXIT_PARTIAL, add_database, add_splitter, keywords


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "resplit",
        help="cut a scored run into other sentences, without a model",
        description="Make a new run from a scored one with another splitter. Token logprobs are stored, so this takes "
        "seconds and needs no model; the result is the run that `score --splitter NAME` would have made. "
        "The same command goes on where it was stopped.",
    )
    add_database(parser)
    add_splitter(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument("--name", metavar="TEXT", help="a name for the new run (default: the old one and the splitter)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Store the new run; exit status 3 if some of its sentences are unscored."""
    from rdpt_core.api.writing.rescoring import resplit

    result = resplit(**keywords(arguments))
    print(
        f"run {result.run_id}: {result.n_traces:,} traces, {result.n_sentences:,} sentences, "
        f"{result.n_unscored:,} unscored",
        file=sys.stderr,
    )
    return EXIT_PARTIAL if result.n_unscored else 0
