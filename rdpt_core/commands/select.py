"""`select`: training data for the usual trainers, chosen among candidate responses."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from rdpt_core.commands.arguments import (
    EXIT_PARTIAL,
    add_database,
    file_path,
    not_negative_integer,
    positive_integer,
    quota,
    threshold,
)

DUCKDB_MEMORY = "2GB"
"""What DuckDB may take, so that a million candidates are chosen from within 4 GB."""

if TYPE_CHECKING:
    from rdpt_core.store.basket import BasketItem


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "select",
        help="choose training data among candidate responses, for TRL or LLaMA-Factory",
        description="Keep for every question the best of its candidate responses by one strategy, and write them as a "
        "training file with a manifest beside it. Only teacher and student count, so a run scored with `--roles "
        "teacher,student` is enough. The same command gives the same bytes. `--strategy list` explains the strategies.",
    )
    add_database(parser, required=False)
    parser.add_argument("--strategy", required=True, metavar="NAME", help="which one; `list` lists them and ends")
    parser.add_argument("--out", type=file_path, metavar="FILE", help="the training file, ends in .jsonl")
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest run)")
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
    from rdpt_core.analysis.labels import LabelRule
    from rdpt_core.analysis.selection.candidates import load_candidates
    from rdpt_core.analysis.selection.pick import Budget, Guards, select, select_each
    from rdpt_core.analysis.selection.side_by_side import positions_of
    from rdpt_core.analysis.selection.strategies import Options, find_strategy
    from rdpt_core.analysis.selection.training import Request, write_training
    from rdpt_core.errors import UsageError
    from rdpt_core.store.reader import open_reader

    if arguments.strategy == "list":
        return _list()
    if arguments.db is None:
        raise UsageError("a selection needs a database", where="select", expected="--db FILE", got="no --db")
    if arguments.out is None or arguments.out.suffix != ".jsonl":
        raise UsageError(
            "the training file needs a name that ends in .jsonl", where="--out", got=str(arguments.out or "nothing")
        )
    strategy = find_strategy(arguments.strategy)
    names = [name for name in arguments.equal_tokens.split(",") if name]
    rivals = [find_strategy(name) for name in dict.fromkeys([*names, strategy.name])]
    if arguments.expression and all(one.name != "expression" for one in rivals):
        raise UsageError(
            "a formula is given, but nothing asks for it",
            where="--expression",
            expected="--strategy expression",
            got=f"--strategy {strategy.name}",
        )
    options = Options(arguments.seed, arguments.expression)
    guards = Guards(arguments.correct_only, arguments.min_tokens, arguments.max_tokens)
    budget = Budget(arguments.per_question, arguments.samples, arguments.tokens, dict(arguments.quota))
    rule = LabelRule.make(None, arguments.beta, arguments.unit, arguments.space)
    with open_reader(arguments.db, memory=DUCKDB_MEMORY) as reader:
        chosen = reader.run(arguments.run_key)
        candidates = load_candidates(reader, chosen, rule, arguments.local_context)
        by_hand = {item.trace_id: item.reason for item in _basket(arguments, chosen.run_id)}
        found = positions_of(reader, chosen, list(by_hand))
        if names:
            equal = select_each(candidates, rivals, options, guards, budget, equal_tokens=True)
            budget = equal[0].budget
        selection = select(candidates, strategy, options, guards, budget, sorted(found.values()))
        request = Request(rule, options, guards, budget, arguments.format, tuple(names), by_hand)
        manifest_path = write_training(reader, chosen, candidates, selection, request, arguments.out)
    manifest: dict[str, Any] = json.loads(manifest_path.read_text(encoding="utf-8"))
    if arguments.json:
        print(json.dumps(manifest, ensure_ascii=False, indent=2))
    counts, n_unscored = manifest["counts"], len(manifest["unscored_questions"])
    print(
        f"{counts['picked']:,} of {counts['candidates']:,} candidates of {counts['questions']:,} questions, "
        f"{counts['picked_tokens']:,} tokens, by {strategy.name}: {arguments.out} (manifest: {manifest_path.name})",
        file=sys.stderr,
    )
    for n, why in (
        (n_unscored, "have no scored candidate"),
        (len(manifest["questions_without_eligible_candidate"]), "have no candidate within the guards"),
    ):
        if n:
            print(f"{n:,} questions {why}; the manifest names them", file=sys.stderr)
    return EXIT_PARTIAL if n_unscored else 0


def _basket(arguments: argparse.Namespace, run_id: str) -> tuple[BasketItem, ...]:
    from rdpt_core.store.basket import read_basket

    return read_basket(arguments.db, run_id) if arguments.basket else ()


def _list() -> int:
    from rdpt_core.analysis.selection.candidates import COLUMNS
    from rdpt_core.analysis.selection.strategies import STRATEGIES

    for one in STRATEGIES.values():
        needs = f"; needs `python -m rdpt_core {one.needs[1]}`" if one.needs else ""
        print(f"{one.name:<15} {one.best:<8} {one.formula} ({one.source}{needs})")
    print("\nColumns for --strategy expression:")
    for name, meaning in COLUMNS.items():
        print(f"  {name:<26} {meaning}")
    return 0
