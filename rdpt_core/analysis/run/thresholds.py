"""What α and β decide: shares and flips for every pair of them, computed from one histogram over the gaps in memory.

The label of a sentence depends on α and β only through its largest gap and its d_ts, and turns at known thresholds:

    Shared  ⇔  max_gap ≤ α        Teacher (if not Shared)  ⇔  d_ts > β        Student (if not Shared)  ⇔  −d_ts > β

So it is enough to know, for each sentence, the first threshold of a grid that reaches its max_gap, and the first that
reaches |d_ts|. Cumulative sums over that histogram are the exact counts for every pair of thresholds of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, Space, Unit, default_thresholds, label_order, labels_sql
from rdpt_core.analysis.run.exact_counts import ROUNDING, Exact, Values, count_all, count_by_trace, reach
from rdpt_core.analysis.run.gap_arrays import Gaps
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.records import Label
from rdpt_core.store.reader import Reader, Run

N_STEPS = 50
"""Steps of the grid along either axis; it has one threshold more than that."""

# Thresholds are whole numbers divided by these: the double nearest to 0.05, not five times one nearest to 0.01.
_DENOMINATORS: dict[tuple[Unit, Space], int] = {
    (Unit.OWN_TOKEN, Space.DIFFERENCE): 100,
    (Unit.COMMON_TOKEN, Space.DIFFERENCE): 100,
    (Unit.OWN_TOKEN, Space.RATIO): 50,
    (Unit.COMMON_TOKEN, Space.RATIO): 50,
    (Unit.BYTE, Space.RATIO): 200,
}

MARGINS: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5)
"""Margins that are counted, as parts of β."""


@dataclass(frozen=True, slots=True)
class ThresholdMap:
    """Exact counts for every (α, β) of a grid.

    Attributes:
        grid: (n,) the thresholds of either axis, from 0.
        labels: the labels of the run, in order.
        counts: (k, n, n), sentences with label k at α = grid[i], β = grid[j].
        flips: (n, n), sentences whose label there differs from the one under the present rule.
        n_sentences: scored sentences in scope.
    """

    grid: Doubles
    labels: tuple[Label, ...]
    counts: Ints
    flips: Ints
    n_sentences: int


def grid_of(rule: LabelRule) -> Doubles:
    """The thresholds of the map, for the unit and space of a rule."""
    return np.arange(N_STEPS + 1) / _DENOMINATORS[rule.unit, rule.space]


def count_map(gaps: Gaps, rows: Ints, rule: LabelRule, exact: Exact) -> ThresholdMap:
    """Count every pair of thresholds.

    Args:
        gaps: in the rule's unit and space.
        rows: places in `gaps` of the traces in scope, ascending.
        exact: their gaps in double precision, asked for the few that single precision leaves in doubt.
    """
    labels, grid, denominator = label_order(gaps.roles), grid_of(rule), _DENOMINATORS[rule.unit, rule.space]
    size = N_STEPS + 2

    def look(d_ts: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        bins, doubtful = _labelled(d_ts, max_gap, rule, labels)
        b, tie = reach(np.abs(d_ts), grid, denominator)
        doubtful |= tie
        bins *= size
        if max_gap is None:
            bins += N_STEPS + 1
        else:
            a, tie = reach(max_gap, grid, denominator)
            doubtful |= tie
            bins += a
        bins *= 2
        bins += d_ts > 0
        bins *= size
        bins += b
        return bins, doubtful

    histogram = count_all(gaps, rows, look, len(labels) * size * 2 * size, exact).reshape(-1, size, 2, size)
    by_label = _counts(histogram, labels)
    counts = by_label.sum(axis=0)
    kept = sum((by_label[k, k] for k in range(len(labels))), np.zeros_like(counts[0]))
    total = int(histogram.sum())
    return ThresholdMap(grid, labels, counts, total - kept, total)


def _labelled(d_ts: Values, max_gap: Values | None, rule: LabelRule, labels: Sequence[Label]) -> tuple[Ints, Bools]:
    """The place of each label in `labels`, and where rounding could change it."""
    place = {label: number for number, label in enumerate(labels)}
    # Numbers of Python take the precision of the array that they are compared with; numpy's would not.
    alpha, beta = float(rule.alpha), float(rule.beta)
    rest = place[Label.COMMON if max_gap is None else Label.BOOSTED]
    found = np.where(d_ts > beta, place[Label.TEACHER], np.where(d_ts < -beta, place[Label.STUDENT], rest))
    doubtful = np.abs(d_ts) == beta
    if max_gap is not None:
        found[max_gap <= alpha] = place[Label.SHARED]
        doubtful |= max_gap == alpha
    return found, doubtful


def _counts(histogram: Ints, labels: Sequence[Label]) -> Ints:
    """Shapes: (k now, a, side, b) to (k now, k at the thresholds, n, n). Side 1 is the teacher's."""
    n = N_STEPS + 1
    # Sentences that α = grid[i] does not make Shared, by i.
    apart = histogram.sum(axis=1, keepdims=True) - np.cumsum(histogram, axis=1)[:, :n]
    total = histogram.sum(axis=(1, 2, 3))[:, None, None]
    beyond = apart.sum(axis=3, keepdims=True) - np.cumsum(apart, axis=3)[..., :n]
    teacher, student = beyond[:, :, 1], beyond[:, :, 0]
    is_apart = apart.sum(axis=(2, 3))[:, :, None]
    found = {
        Label.TEACHER: teacher,
        Label.STUDENT: student,
        Label.SHARED: np.broadcast_to(total - is_apart, teacher.shape),
        Label.BOOSTED: is_apart - teacher - student,
        Label.COMMON: is_apart - teacher - student,
    }
    return np.stack([found[label] for label in labels], axis=1)


def count_margins(gaps: Gaps, rows: Ints, rule: LabelRule, exact: Exact) -> pa.Table:
    """How many sentences of each label lie within some margin: label, n, and within_<part> for each of `MARGINS`.

    Args: as for `count_map`.
    """
    labels, limits = label_order(gaps.roles), [part * rule.beta for part in MARGINS]

    def look(d_ts: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        bins, doubtful = _labelled(d_ts, max_gap, rule, labels)
        margin = np.abs(np.abs(d_ts.astype(np.float64)) - rule.beta)
        room = np.abs(d_ts)
        if max_gap is not None:
            alpha_margin = np.abs(max_gap.astype(np.float64) - rule.alpha)
            shared = bins == labels.index(Label.SHARED)
            margin = np.where(shared, alpha_margin, np.minimum(alpha_margin, margin))
            room = max_gap
        # By how much a gap in single precision may be off, and more.
        room = room * ROUNDING + 1e-12
        bins *= len(limits) + 1
        for limit in limits:
            bins += margin > limit
            doubtful |= np.abs(margin - limit) <= room
        return bins, doubtful

    counts = count_all(gaps, rows, look, len(labels) * (len(limits) + 1), exact).reshape(len(labels), -1)
    within = np.cumsum(counts, axis=1)
    names = [*(margin_column(part) for part in MARGINS), "n"]
    return pa.Table.from_pylist(
        [
            {"label": str(label)} | {name: int(n) for name, n in zip(names, row, strict=True)}
            for label, row in zip(labels, within, strict=True)
        ]
    )


def margin_column(part: float) -> str:
    """The column of `count_margins` for a margin."""
    return f"within_{part:g}".replace(".", "_")


@dataclass(frozen=True, slots=True)
class BetaCurve:
    """Label shares of one group for several β at the present α.

    Attributes:
        intervals: for each β, in the order of `betas`.
    """

    group: str
    betas: tuple[float, ...]
    labels: tuple[Label, ...]
    intervals: tuple[ShareIntervals, ...]


def betas_of(rule: LabelRule) -> tuple[float, ...]:
    """Values of β to try: a few steps around the default, and the present one."""
    _, default = default_thresholds(rule.unit, rule.space)
    steps = {round(default * part, 6) for part in (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5)}
    return tuple(sorted(steps | {float(rule.beta)}))


def beta_curves(gaps: Gaps, rows: Ints, facts: TraceTable, rule: LabelRule, exact: Exact) -> tuple[BetaCurve, ...]:
    """Label shares for several β, of everything in scope and of each benchmark, with intervals.

    Args:
        facts: the traces in scope; the others as for `count_map`.
    """
    betas, labels = betas_of(rule), label_order(gaps.roles)
    values = _label_columns(_beta_counts(gaps, rows, rule, betas, exact), labels)
    question, code = facts.question_by_text(), facts.codes["benchmark"]
    scored = values.any(axis=1)
    groups = [(name, scored & (code == place)) for place, name in enumerate(facts.names["benchmark"])]
    groups = sorted((name, here) for name, here in groups if here.any())
    if len(groups) != 1:
        groups.insert(0, ("all benchmarks", scored))
    return tuple(
        BetaCurve(name, betas, labels, _curve(values[here], question[here], len(betas))) for name, here in groups
    )


def _beta_counts(gaps: Gaps, rows: Ints, rule: LabelRule, betas: Sequence[float], exact: Exact) -> Ints:
    """Sentences of each trace: Shared, then those of the student and of the teacher, by how many β lie below |d_ts|.

    Shape: (n_traces, 1 + 2 · (n_betas + 1)).
    """
    width, alpha = len(betas) + 1, float(rule.alpha)

    def look(d_ts: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        size = np.abs(d_ts)
        bins = 1 + width * (d_ts > 0).astype(np.int64)
        doubtful = np.zeros(len(d_ts), bool)
        for beta in betas:
            bins += size > beta
            doubtful |= size == beta
        if max_gap is not None:
            bins[max_gap <= alpha] = 0
            doubtful |= max_gap == alpha
        return bins, doubtful

    return count_by_trace(gaps, rows, look, 1 + 2 * width, exact)


def _label_columns(counts: Ints, labels: Sequence[Label]) -> Ints:
    """Shape: `counts` as `_beta_counts` gives it to (n_traces, n_betas · k), the labels of one β side by side."""
    scored, shared = counts.sum(axis=1), counts[:, 0]
    sides = counts[:, 1:].reshape(len(counts), 2, -1)
    beyond = sides.sum(axis=2, keepdims=True) - np.cumsum(sides, axis=2)
    columns = []
    for i in range(beyond.shape[2] - 1):
        student, teacher = beyond[:, 0, i], beyond[:, 1, i]
        found = {Label.TEACHER: teacher, Label.STUDENT: student, Label.SHARED: shared}
        columns += [found.get(label, scored - shared - teacher - student) for label in labels]
    return np.column_stack(columns)


def _curve(values: Ints, question: Ints, n_betas: int) -> tuple[ShareIntervals, ...]:
    """All β from one set of resamples, so that the curve of a label is smooth.

    The labels of every β add up to the same total: a share among all columns is a share at one β over their number.
    """
    found = bootstrap_shares(values, question)
    share, low, high = (n_betas * part.reshape(n_betas, -1) for part in (found.share, found.low, found.high))
    n_counted = found.n_counted // n_betas
    return tuple(replace(found, share=share[i], low=low[i], high=high[i], n_counted=n_counted) for i in range(n_betas))


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another unit or space at its default thresholds, next to the present rule.

    Attributes:
        counts: sentences of each label, in order; (k,).
        n_changed: sentences with another label than under the present rule, among those that both label.
        n_both: sentences that both label.
        is_present: whether this is the present rule itself.
    """

    rule: LabelRule
    counts: tuple[int, ...]
    n_changed: int
    n_both: int
    is_present: bool


def load_alternatives(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> tuple[Alternative, ...]:
    """Every unit and space that go together, in one pass over the sentences; the present rule comes first."""
    others = [LabelRule.make(unit=unit, space=space) for unit, space in _DENOMINATORS]
    rules = [rule, *(other for other in others if (other.unit, other.space) != (rule.unit, rule.space))]
    source, parameters = scope.sentences(run.run_no)
    added = [f"v_{role}" for role in run.roles] + ["d_ts", "max_gap", "label", "margin", "direction"]
    if run.has_distilled:
        added += ["d_sd", "d_td"]
    for number, each in enumerate(rules):
        labelled = labels_sql(each, run.roles, source)
        source = f"(SELECT * EXCLUDE ({', '.join(added)}), label AS label_{number} FROM ({labelled}))"
    names = [f"label_{number}" for number in range(len(rules))]
    rows: list[dict[str, Any]] = reader.query(
        f"SELECT {', '.join(names)}, count(*) AS n FROM {source} GROUP BY ALL", parameters
    ).to_pylist()
    labels = label_order(run.roles)
    found = []
    for number, each in enumerate(rules):
        pairs = [(row["label_0"], row[f"label_{number}"], row["n"]) for row in rows]
        counts = tuple(sum(n for _, there, n in pairs if there == label) for label in labels)
        both = [(here, there, n) for here, there, n in pairs if here is not None and there is not None]
        changed = sum(n for here, there, n in both if here != there)
        found.append(Alternative(each, counts, changed, sum(n for *_, n in both), number == 0))
    return tuple(found)


def curves_table(curves: tuple[BetaCurve, ...], alpha: float) -> pa.Table:
    """The numbers behind the curves: one row a group, β and label."""
    rows = [
        {
            "group": curve.group,
            "alpha": alpha,
            "beta": beta,
            "label": str(label),
            "share": float(item.share[k]),
            "low": float(item.low[k]) if item.refused is None else None,
            "high": float(item.high[k]) if item.refused is None else None,
            "n_questions": item.n_questions,
            "n_traces": item.n_traces,
            "n_sentences": item.n_counted,
        }
        for curve in curves
        for beta, item in zip(curve.betas, curve.intervals, strict=True)
        for k, label in enumerate(curve.labels)
    ]
    return pa.Table.from_pylist(rows)
