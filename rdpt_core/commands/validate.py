"""`validate`: the checks of `score` without a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rdpt_core.commands.arguments import EXIT_PARTIAL, keywords
from rdpt_core.commands.documents import print_json


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "validate",
        help="check files of traces without a model",
        description="Read files of canonical JSON Lines as `score` would, and report counts, rejects and lengths.",
    )
    parser.add_argument("--traces", type=Path, nargs="+", required=True, metavar="FILE", help="canonical JSON Lines")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="write rejected lines here, each with its reason")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the summary; exit status 3 if lines were rejected, or no template policy renders every trace."""
    from rdpt_core.api.importing import validate

    summary = validate(**keywords(arguments, without=("json",)))
    if arguments.json:
        print_json(summary.to_dict())
    else:
        print(summary.to_text())
    if summary.n_rejected and arguments.rejects:
        print(f"rejected lines, each with its reason: {arguments.rejects}", file=sys.stderr)
    return EXIT_PARTIAL if summary.n_rejected or not summary.fits_a_policy else 0
