"""`select`: training data for the usual trainers, chosen among candidate responses."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rdpt_core.commands.arguments import (
    EXIT_PARTIAL,
    add_database,
    add_teacher,
    add_with_marks,
    file_path,
    keywords,
    not_negative_integer,
    positive_integer,
    quota,
    threshold,
)
from rdpt_core.commands.parts.documents import print_json
from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.api.results import SelectionResult


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "select",
        help="choose training data among candidate responses, for TRL or LLaMA-Factory",
        description="Keep for every question the best of its candidate responses by one strategy, and write them as a "
        "training file with a manifest beside it. Only teacher and student count, so a run scored with `--roles "
        "teacher,student` is enough; without a teacher the strategies remain that look at the student alone. The same "
        "command gives the same bytes. `--strategy list` explains the strategies.",
    )
    add_database(parser, required=False)
    parser.add_argument("--strategy", required=True, metavar="NAME", help="which one; `list` lists them and ends")
    parser.add_argument("--out", type=file_path, metavar="FILE", help="the training file, ends in .jsonl")
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument(
        "--format",
        default="messages",
        choices=["messages", "prompt-completion", "sharegpt"],
        help="messages and prompt-completion for TRL, sharegpt for LLaMA-Factory (default: messages)",
    )
    parser.add_argument("--expression", default="", metavar="FORMULA", help="for the strategy `expression`")
    parser.add_argument("--seed", type=not_negative_integer, default=0, metavar="N", help="default: 0")
    _add_guards(parser)
    _add_budget(parser)
    parser.add_argument(
        "--basket",
        action="store_true",
        help="let what was chosen by hand in the app take the place of the strategy's pick",
    )
    parser.add_argument("--beta", type=threshold, help="gap above which a sentence is Teacher (default: 0.1)")
    parser.add_argument("--unit", default="own_token", choices=["own_token", "common_token", "byte"])
    parser.add_argument("--space", default="difference", choices=["difference", "ratio"])
    add_with_marks(parser)
    add_teacher(parser)
    parser.add_argument(
        "--local-context", type=positive_integer, metavar="N", help="which pass of `local` (default: the widest)"
    )
    parser.add_argument("--json", action="store_true", help="print the manifest as one JSON document")
    parser.set_defaults(run=run)


def _add_guards(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--correct-only", action="store_true", help="candidates known to be correct only")
    parser.add_argument("--min-tokens", type=positive_integer, metavar="N", help="of the student, in a candidate")
    parser.add_argument("--max-tokens", type=positive_integer, metavar="N", help="of the student, in a candidate")


def _add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--per-question", type=positive_integer, default=1, metavar="K", help="default: 1")
    parser.add_argument("--samples", type=positive_integer, metavar="N", help="at most so many in all")
    parser.add_argument(
        "--tokens", type=positive_integer, metavar="N", help="at most so many of the student's tokens in all"
    )
    parser.add_argument(
        "--equal-tokens",
        default="",
        metavar="NAME,…",
        help="at most the tokens that the smallest of these strategies, and this one, would pick: train on each of "
        "them at the same cost",
    )
    parser.add_argument(
        "--quota",
        type=quota,
        action="append",
        default=[],
        metavar="DOMAIN=N",
        help="at most N samples of a domain; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write file and manifest; exit status 3 if a question has no scored candidate."""
    if arguments.strategy == "list":
        return _list()
    if arguments.db is None or arguments.out is None:
        raise UsageError(
            "a selection needs a database and a file to write",
            where="select",
            expected="--db FILE --out FILE.jsonl",
            got="no --db" if arguments.db is None else "no --out",
        )
    from rdpt_core.api.selecting import select

    result = select(**{**keywords(arguments, without=("json",)), "quota": dict(arguments.quota)})
    if arguments.json:
        print_json(result.manifest)
    _print_result(result)
    return EXIT_PARTIAL if result.n_unscored_questions else 0


def _print_result(result: SelectionResult) -> None:
    print(
        f"{result.n_picked:,} of {result.n_candidates:,} candidates of {result.n_questions:,} questions, "
        f"{result.n_tokens:,} tokens of {result.n_picked_questions:,} questions, by {result.strategy}: {result.out} "
        f"(manifest: {result.manifest_path.name})",
        file=sys.stderr,
    )
    if result.n_tied_questions:
        print(
            f"{result.n_tied_questions:,} questions depend on a tie between scores: "
            f"{result.manifest['strategy']['ties']}, which decided {result.n_tied_by_hash:,}",
            file=sys.stderr,
        )
    for n, why in (
        (result.n_unscored_questions, "have no scored candidate"),
        (result.n_unfit_questions, "have no candidate within the guards"),
    ):
        if n:
            print(f"{n:,} questions {why}; the manifest names them", file=sys.stderr)


def _list() -> int:
    from rdpt_core.analysis.selection.candidates import COLUMNS
    from rdpt_core.analysis.selection.strategies import STRATEGIES

    for strategy in STRATEGIES.values():
        needs = f"; needs `rdpt {strategy.needs[1]}`" if strategy.needs else ""
        print(f"{strategy.name:<15} {strategy.best:<8} {strategy.formula} ({strategy.source}{needs})")
    print("\nColumns for --strategy expression:")
    for name, meaning in COLUMNS.items():
        print(f"  {name:<26} {meaning}")
    return 0
