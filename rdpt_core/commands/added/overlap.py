"""`overlap`: which sentences stand in the training texts of the distilled model."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import EXIT_PARTIAL, add_database, file_path, keywords


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "overlap",
        help="look up every sentence of a run in the training texts of its distilled model",
        description="For every sentence of a scored run: how often the training texts hold it word for word, how often "
        "in its template, that is with any numbers, names and formulas, the longest stretch that they hold of it, and "
        "the training sentence nearest to it. No model is needed. The result is stored beside the run and changes "
        "nothing else. The same command goes on where it was stopped.",
    )
    add_database(parser)
    parser.add_argument(
        "--training",
        nargs="+",
        required=True,
        type=file_path,
        metavar="FILE",
        help="what the distilled model was trained on: canonical traces, or any file that `import` reads",
    )
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--again", action="store_true", help="drop what is stored, such as of other files, once the new ones are read"
    )
    parser.add_argument("--quiet", action="store_true", help="draw no progress bar")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look up and store; exit status 3 if records of the training texts were rejected."""
    from rdpt_core.api.writing.overlap import overlap

    result = overlap(**keywords(arguments))
    print(
        f"training texts: {result.n_records:,} records, {result.n_training_sentences:,} sentences, "
        f"{result.n_distinct_training_sentences:,} of them different"
        + (f"; {result.n_rejects:,} records rejected, see `rdpt import`" if result.n_rejects else ""),
        file=sys.stderr,
    )
    print(
        f"run {result.run_id}: {result.n_looked_up:,} traces looked up, {result.n_traces - result.n_looked_up:,} had "
        f"been before; {result.n_copied:,} sentences copied, {result.n_template:,} in a template, {result.n_new:,} new",
        file=sys.stderr,
    )
    return EXIT_PARTIAL if result.n_rejects else 0
