"""Arrays of tests and reports as rows, the surest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from rdpt_core.analysis.behaviours.discovery.chance import Chance
from rdpt_core.analysis.behaviours.discovery.examples import Example
from rdpt_core.analysis.behaviours.discovery.methods import methods_of
from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.report import Report
from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.discovery.tallies import Totals
from rdpt_core.analysis.behaviours.discovery.testing import Tested
from rdpt_core.analysis.behaviours.discovery.verdicts import Credit, verdict
from rdpt_core.analysis.statistics.exact import Ends, effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.arrays import Doubles


def assemble(
    chunks: Sequence[Chunk],
    tested: Tested,
    by_chance: Chance,
    found: Report,
    shown: Sequence[tuple[Example, ...]],
    credit: Credit | None,
    grid: Grid,
    n_kinds: int,
    n_sentences: int,
    label: str,
    seed: int,
    counted: Totals,
    n_decoys: int,
) -> Behaviours:
    """All kinds that were tested."""
    kinds = list(chain.from_iterable(((chunk.family, name) for name in chunk.names) for chunk in chunks))
    p_family = by_chance.p_values(tested.z)
    order = np.lexsort((-tested.z, tested.p))
    order = order[~np.isnan(tested.p[order])]
    columns = _columns(found) | {
        "z": tested.z.tolist(),
        "p": tested.p.tolist(),
        "q": tested.q.tolist(),
        "p_family": p_family.tolist(),
        "p_report": _known(tested.p_report),
        "is_found": tested.is_found.tolist(),
        "is_replicated": tested.is_replicated.tolist(),
    }
    rows = []
    for i in order.tolist():
        row: dict[str, Any] = {name: values[i] for name, values in columns.items()}
        given = (row.pop("whole_share"), row["decoy_share"], row["floor"])
        verdict_, because = verdict(credit, *given, is_found=row["is_found"])
        refused = refusal(row.pop("n_report_questions"), row["n_effective"])
        row |= {"verdict": verdict_, "verdict_because": because, "refused": refused, "examples": shown[i]}
        rows.append(Behaviour(*kinds[i], **row))
    n_null, null = len(by_chance.largest), by_chance.how
    methods = methods_of(is_split=grid.is_split, n_tested=len(rows), null=null, n_null=n_null, credit=credit)
    n_found, n_replicated = int(tested.is_found.sum()), int(tested.is_replicated.sum())
    sizes = _sizes(grid, counted)
    counts = (n_kinds, len(rows), n_found, n_replicated, *sizes, n_sentences)
    return Behaviours(tuple(rows), label, *counts, seed, grid.is_split, n_null, null, n_decoys, methods, None)


def nothing(
    grid: Grid, n_kinds: int, n_sentences: int, label: str, seed: int, counted: Totals, refused: str
) -> Behaviours:
    """A table without rows, and why it has none."""
    counts = (n_kinds, 0, 0, 0, *_sizes(grid, counted), n_sentences)
    return Behaviours((), label, *counts, seed, grid.is_split, 0, "", 0, (), refused)


def _sizes(grid: Grid, counted: Totals) -> tuple[tuple[int, int], tuple[float, float]]:
    """Questions of either half, and how many equal ones they are worth."""
    weights = [counted.by_question[0][: grid.n_questions][half] for half in (grid.is_finding, ~grid.is_finding)]
    if not grid.is_split:
        weights[1] = weights[0]
    first, second = (int((weight > 0).sum()) for weight in weights)
    return (first, second), (float(effective_number(weights[0])), float(effective_number(weights[1])))


def _columns(found: Report) -> dict[str, list[float | int | None]]:
    """The numbers of a report by the names that they have in a row, and two that only assembling needs."""

    def ends(name: str, given: Ends) -> dict[str, list[float | None]]:
        low, high = ("low", "high") if name == "share" else (f"{name}_low", f"{name}_high")
        return dict(zip((name, low, high), map(_known, given), strict=True))

    whole = ("n_sentences", "n_questions", "n_report", "n_report_questions", "n_effective")
    parts = {
        "rest_share": found.rest,
        "no_teacher": found.none,
        "place": found.members.place,
        "correct": found.members.correct,
        "correct_rest": found.members.correct_rest,
        "importance": found.members.importance,
        "training_copied": found.members.training_copied,
        "training_template": found.members.training_template,
        "training_new": found.members.training_new,
        "decoy_share": found.members.decoy_share,
        "floor": found.members.floor,
        "whole_share": found.whole_share,
    }
    columns: dict[str, list[float | int | None]] = {name: getattr(found, name).tolist() for name in whole}
    for name in ("share", "lift", "excess"):
        columns |= ends(name, getattr(found, name))
    return columns | {name: _known(values) for name, values in parts.items()}


def _known(values: Doubles) -> list[float | None]:
    """NaN, for what is not known, becomes None."""
    return [None if value != value else value for value in values.tolist()]
