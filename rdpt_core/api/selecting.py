"""Selection: training data for the usual trainers, chosen among candidate responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rdpt_core.analysis.catalog import finished_run
from rdpt_core.analysis.selection.pipeline import select_training
from rdpt_core.analysis.selection.settings import Settings
from rdpt_core.analysis.selection.training import manifest_path_of
from rdpt_core.analysis.which_teacher import seen_with
from rdpt_core.api.arguments import PathArgument, check_integers, file_of
from rdpt_core.api.outputs import check_outputs
from rdpt_core.api.results import SelectionResult
from rdpt_core.errors import UsageError
from rdpt_core.store.beside.basket import read_basket
from rdpt_core.store.reader import open_reader

DUCKDB_MEMORY = "2GB"
"""What DuckDB may take, so that a million candidates are chosen from within 4 GB."""


def select(
    db: PathArgument,
    strategy: str,
    out: PathArgument,
    *,
    run: str | None = None,
    format: str = "messages",
    expression: str = "",
    seed: int = 0,
    correct_only: bool = False,
    min_tokens: int | None = None,
    max_tokens: int | None = None,
    per_question: int = 1,
    samples: int | None = None,
    tokens: int | None = None,
    equal_tokens: str | Iterable[str] = (),
    quota: Mapping[str, int] | None = None,
    basket: bool = False,
    beta: float | None = None,
    unit: str = "own_token",
    space: str = "difference",
    with_marks: bool = False,
    local_context: int | None = None,
    teacher: str | None = None,
) -> SelectionResult:
    """Keep the best candidate responses of every question by one strategy, and write them as training data.

    Only teacher and student count, so a run scored before training is enough; without a teacher the strategies remain
    that look at the student alone. The same call gives the same bytes.

    Args:
        db: the database that `score` wrote.
        strategy: the name of the strategy; `rdpt select --strategy list` explains them.
        out: the training file, ends in `.jsonl`; a manifest is written beside it.
        run: the id or name of the run; by default the newest finished one.
        format: `"messages"` or `"prompt-completion"` for TRL, `"sharegpt"` for LLaMA-Factory.
        expression: the formula, for the strategy `expression`; the largest value wins.
        seed: of the strategy `random`, and of the order in which questions fill a budget.
        correct_only: take only candidates that are known to be correct.
        min_tokens: least length of a candidate. Units: tokens of the student, as everywhere below.
        max_tokens: largest length of a candidate.
        per_question: candidates of a question that are kept, at most.
        samples: candidates that are kept in all, at most.
        tokens: tokens of what is kept in all, at most.
        equal_tokens: strategies, as a list or separated by commas: keep at most the tokens that the smallest of them,
            and of the chosen one, would keep. Training on each then costs the same.
        quota: candidates of a domain that are kept, at most.
        basket: let what was chosen by hand in the app take the place of the strategy's pick.
        beta: gap above which a sentence is Teacher; by default that of unit and space.
        unit: what a logprob sum is divided by: `"own_token"`, `"common_token"` or `"byte"`.
        space: compare probabilities (`"difference"`) or their log-ratios in nats (`"ratio"`).
        with_marks: count marks of format (`<think>`, turn markers) like sentences, as evidence and as tokens.
        local_context: which pass of `score_local`, by its sentences in view; by default the widest.
        teacher: which of the run's teachers and controls counts as the teacher, by its name; by default the triple's
            own.

    Returns:
        The training file, its manifest, and how many candidates were kept.

    Raises:
        UsageError: arguments that are wrong, contradict each other or do not fit the run; the run is not
            finished; or nothing was picked.
        InputError: a picked trace does not fit the format, or the file cannot be written.
        StoreError: the database cannot be read.
        SidecarError: the basket cannot be read.
    """
    settings = Settings(
        strategy=strategy,
        format=format,
        expression=expression,
        seed=seed,
        correct_only=correct_only,
        min_tokens=min_tokens,
        max_tokens=max_tokens,
        per_question=per_question,
        samples=samples,
        tokens=tokens,
        equal_tokens=_names(equal_tokens),
        quota=dict(quota or {}),
        basket=basket,
        beta=beta,
        unit=unit,
        space=space,
        with_marks=with_marks,
        local_context=local_context,
    )
    return _select(settings, db, out, run, teacher)


def _select(
    settings: Settings, db: PathArgument, out: PathArgument, key: str | None, teacher: str | None
) -> SelectionResult:
    database, path = file_of("db", db), file_of("out", out)
    if path.suffix != ".jsonl":
        raise UsageError("the training file needs a name that ends in .jsonl", where="--out", got=str(path))
    _check(settings)
    check_outputs({"--out": path, "the manifest": manifest_path_of(path)}, {"--db": [database]})
    with open_reader(database, memory=DUCKDB_MEMORY) as reader:
        run = seen_with(finished_run(reader, key), teacher)
        reader.see(run)
        by_hand = read_basket(database, run.run_id) if settings.basket else ()
        overruled = {item.trace_id: item.reason for item in by_hand}
        manifest_path = select_training(reader, run, settings, path, overruled)
    manifest: dict[str, Any] = json.loads(manifest_path.read_text(encoding="utf-8"))
    counts = manifest["counts"]
    return SelectionResult(
        run_id=run.run_id,
        strategy=settings.strategy,
        out=path,
        manifest_path=manifest_path,
        manifest=manifest,
        n_questions=counts["questions"],
        n_candidates=counts["candidates"],
        n_picked=counts["picked"],
        n_picked_questions=counts["picked_questions"],
        n_tokens=counts["picked_tokens"],
        n_unscored_questions=len(manifest["unscored_questions"]),
        n_unfit_questions=len(manifest["questions_without_eligible_candidate"]),
        n_tied_questions=counts["ties"],
        n_tied_by_hash=counts["ties_by_hash"],
    )


def _names(names: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in (names.split(",") if isinstance(names, str) else names) if name)


def _check(settings: Settings) -> None:
    """Everything that can be told without the database."""
    whole = ("per_question", "samples", "tokens", "min_tokens", "max_tokens", "local_context")
    check_integers(**{name: getattr(settings, name) for name in whole})
    check_integers(0, seed=settings.seed)
    for number in settings.quota.values():
        check_integers(quota=number)
    settings.rivals()
