"""`validate`: the checks of `score` without a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rdpt_core.commands.arguments import EXIT_PARTIAL, keywords
from rdpt_core.commands.parts.documents import print_json
from rdpt_core.errors import InputError
from rdpt_core.records import TemplatePolicy


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "validate",
        help="check files of traces without a model",
        description="Read files of canonical JSON Lines as `score` would, and report counts, rejects and lengths.",
    )
    parser.add_argument("--traces", type=Path, nargs="+", required=True, metavar="FILE", help="canonical JSON Lines")
    parser.add_argument(
        "--template",
        default=TemplatePolicy.OWN.value,
        choices=[policy.value for policy in TemplatePolicy],
        help="as `score` will be given it: what it cannot render is counted as unscored (default: own)",
    )
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="write rejected lines here, each with its reason")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the summary; the exit status is that of `score`: 2 if it would stop, 3 if it would leave something out."""
    from rdpt_core.api.importing import validate

    summary = validate(**keywords(arguments, without=("json",)))
    if arguments.json:
        print_json(summary.to_dict())
    else:
        print(summary.to_text())
    if summary.n_rejected and arguments.rejects:
        print(f"rejected lines, each with its reason: {arguments.rejects}", file=sys.stderr)
    if summary.stop is not None:
        print(f"error: `score` would stop: {summary.stop}", file=sys.stderr)
        return InputError.exit_status
    return EXIT_PARTIAL if summary.n_rejected or summary.n_unrendered else 0
