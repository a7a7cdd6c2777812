"""What α and β decide: shares and flips for every pair of them, computed from one histogram over the gaps in memory.

The label of a sentence depends on α and β only through its largest gap and the one that β judges, and turns at known
thresholds, with the names of three roles:

    Shared  ⇔  max_gap ≤ α        Teacher (if not Shared)  ⇔  gap > β        Student (if not Shared)  ⇔  −gap > β

So it is enough to know, for each sentence, the first threshold of a grid that reaches its max_gap, and the first that
reaches |gap|. Cumulative sums over that histogram are the exact counts for every pair of thresholds of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, Space, Unit, added_columns, default_thresholds, label_order, labels_sql
from rdpt_core.analysis.run.gaps.exact_counts import ROUNDING, Exact, Values, count_all, count_by_trace, reach
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.schemes import Scheme, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import ShareIntervals, shares_of_groups
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
        grid: (n,), the thresholds of either axis, from 0: probabilities, or nats in ratio space.
        scheme: that of the run; its labels are counted, in order.
        counts: (k, n, n), sentences with label k at α = grid[i], β = grid[j].
        flips: (n, n), sentences whose label there differs from the one under the present rule.
        n_sentences: scored sentences in scope.
    """

    grid: Doubles
    scheme: Scheme
    counts: Ints
    flips: Ints
    n_sentences: int

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels that are counted, in order."""
        return self.scheme.labels


def grid_of(rule: LabelRule) -> Doubles:
    """The thresholds of the map, for the unit and space of a rule."""
    return np.arange(N_STEPS + 1) / _DENOMINATORS[rule.unit, rule.space]


def count_map(gaps: Gaps, rows: Ints, rule: LabelRule, exact: Exact) -> ThresholdMap:
    """The exact counts of labels for every pair of thresholds of the grid.

    Args:
        gaps: in the rule's unit and space.
        rows: (n_traces,), indices in `gaps` of the traces in scope, ascending.
        exact: their gaps in double precision, asked for the few that single precision leaves in doubt.
    """
    scheme, grid, denominator = scheme_of(gaps.roles), grid_of(rule), _DENOMINATORS[rule.unit, rule.space]
    n_labels, size = len(scheme.labels), N_STEPS + 2

    def classify(gap: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        bins, is_doubtful = _label_indices(gap, max_gap, rule, scheme)
        beta_step, is_tie = reach(np.abs(gap), grid, denominator)
        is_doubtful |= is_tie
        bins *= size
        if max_gap is None:
            bins += N_STEPS + 1
        else:
            alpha_step, is_tie = reach(max_gap, grid, denominator)
            is_doubtful |= is_tie
            bins += alpha_step
        bins *= 2
        bins += gap > 0
        bins *= size
        bins += beta_step
        return bins, is_doubtful

    histogram = count_all(gaps, rows, classify, n_labels * size * 2 * size, exact).reshape(-1, size, 2, size)
    by_label = _counts_at_thresholds(histogram, scheme)
    counts = by_label.sum(axis=0)
    n_kept = sum((by_label[k, k] for k in range(n_labels)), np.zeros_like(counts[0]))
    total = int(histogram.sum())
    return ThresholdMap(grid, scheme, counts, total - n_kept, total)


def _label_indices(gap: Values, max_gap: Values | None, rule: LabelRule, scheme: Scheme) -> tuple[Ints, Bools]:
    """The index of each sentence's label in the scheme's order, and where rounding could change it."""
    above, below, rest = (scheme.labels.index(label) for label in (scheme.above, scheme.below, scheme.rest))
    # Numbers of Python take the precision of the array that they are compared with; numpy's would not.
    alpha, beta = float(rule.alpha), float(rule.beta)
    indices = np.where(gap > beta, above, np.where(gap < -beta, below, rest))
    is_doubtful = np.abs(gap) == beta
    if max_gap is not None and scheme.alike is not None:
        indices[max_gap <= alpha] = scheme.labels.index(scheme.alike)
        is_doubtful |= max_gap == alpha
    return indices, is_doubtful


def _counts_at_thresholds(histogram: Ints, scheme: Scheme) -> Ints:
    """Shapes: (k now, α step, side, β step) to (k now, k at the thresholds, n, n). Side 1 is that of gaps above 0."""
    n = N_STEPS + 1
    # Sentences that α = grid[i] does not make Shared, by i.
    apart = histogram.sum(axis=1, keepdims=True) - np.cumsum(histogram, axis=1)[:, :n]
    total = histogram.sum(axis=(1, 2, 3))[:, None, None]
    beyond = apart.sum(axis=3, keepdims=True) - np.cumsum(apart, axis=3)[..., :n]
    above, below = beyond[:, :, 1], beyond[:, :, 0]
    n_apart = apart.sum(axis=(2, 3))[:, :, None]
    by_label = {
        scheme.above: above,
        scheme.below: below,
        scheme.alike: np.broadcast_to(total - n_apart, above.shape),
        scheme.rest: n_apart - above - below,
    }
    return np.stack([by_label[label] for label in scheme.labels], axis=1)


def count_margins(gaps: Gaps, rows: Ints, rule: LabelRule, exact: Exact) -> pa.Table:
    """How many sentences of each label lie within some margin; arguments as for `count_map`.

    Columns: label, within_<part of β> for each of `MARGINS`, and n, with or without such a margin.
    """
    scheme, limits = scheme_of(gaps.roles), [fraction * rule.beta for fraction in MARGINS]
    labels = scheme.labels

    def classify(gap: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        bins, is_doubtful = _label_indices(gap, max_gap, rule, scheme)
        margin = np.abs(np.abs(gap.astype(np.float64)) - rule.beta)
        room = np.abs(gap)
        if max_gap is not None and scheme.alike is not None:
            alpha_margin = np.abs(max_gap.astype(np.float64) - rule.alpha)
            is_alike = bins == labels.index(scheme.alike)
            margin = np.where(is_alike, alpha_margin, np.minimum(alpha_margin, margin))
            room = max_gap
        # By how much a gap in single precision may be off, and more.
        room = room * ROUNDING + 1e-12
        bins *= len(limits) + 1
        for limit in limits:
            bins += margin > limit
            is_doubtful |= np.abs(margin - limit) <= room
        return bins, is_doubtful

    counts = count_all(gaps, rows, classify, len(labels) * (len(limits) + 1), exact).reshape(len(labels), -1)
    within = np.cumsum(counts, axis=1)
    names = [*(margin_column(fraction) for fraction in MARGINS), "n"]
    return pa.Table.from_pylist(
        [
            {"label": str(label)} | {name: int(n) for name, n in zip(names, row, strict=True)}
            for label, row in zip(labels, within, strict=True)
        ]
    )


def margin_column(fraction: float) -> str:
    """The column of `count_margins` for a margin."""
    return f"within_{fraction:g}".replace(".", "_")


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
    steps = {round(default * factor, 6) for factor in (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5)}
    return tuple(sorted(steps | {float(rule.beta)}))


def beta_curves(gaps: Gaps, rows: Ints, traces: TraceTable, rule: LabelRule, exact: Exact) -> tuple[BetaCurve, ...]:
    """Label shares for several β, of everything in scope and of each benchmark, with intervals.

    Args:
        traces: the traces in scope; the others as for `count_map`.
    """
    betas, scheme = betas_of(rule), scheme_of(gaps.roles)
    columns = _label_columns(_beta_counts(gaps, rows, rule, betas, exact), scheme)
    question, benchmark = traces.question_by_text(), traces.codes["benchmark"]
    is_scored = columns.any(axis=1)
    masks = {name: is_scored & (benchmark == code) for code, name in enumerate(traces.names["benchmark"])}
    groups = sorted((name, mask) for name, mask in masks.items() if mask.any())
    if len(groups) != 1:
        groups.insert(0, ("all benchmarks", is_scored))
    return tuple(
        BetaCurve(name, betas, scheme.labels, _intervals_by_beta(columns[mask], question[mask], len(betas)))
        for name, mask in groups
    )


def _beta_counts(gaps: Gaps, rows: Ints, rule: LabelRule, betas: Sequence[float], exact: Exact) -> Ints:
    """Sentences of each trace: those within α, then those with gaps below and above 0, by how many β lie below |gap|.

    Shape: (n_traces, 1 + 2 · (n_betas + 1)).
    """
    width, alpha = len(betas) + 1, float(rule.alpha)

    def classify(gap: Values, max_gap: Values | None) -> tuple[Ints, Bools]:
        size = np.abs(gap)
        bins = 1 + width * (gap > 0).astype(np.int64)
        is_doubtful = np.zeros(len(gap), bool)
        for beta in betas:
            bins += size > beta
            is_doubtful |= size == beta
        if max_gap is not None:
            bins[max_gap <= alpha] = 0
            is_doubtful |= max_gap == alpha
        return bins, is_doubtful

    return count_by_trace(gaps, rows, classify, 1 + 2 * width, exact)


def _label_columns(counts: Ints, scheme: Scheme) -> Ints:
    """Shape: `counts` as `_beta_counts` gives it to (n_traces, n_betas · k), the labels of one β side by side."""
    n_scored, alike = counts.sum(axis=1), counts[:, 0]
    sides = counts[:, 1:].reshape(len(counts), 2, -1)
    beyond = sides.sum(axis=2, keepdims=True) - np.cumsum(sides, axis=2)
    columns = []
    for beta_no in range(beyond.shape[2] - 1):
        below, above = beyond[:, 0, beta_no], beyond[:, 1, beta_no]
        rest = n_scored - alike - above - below
        counts_of = {scheme.above: above, scheme.below: below, scheme.alike: alike, scheme.rest: rest}
        columns += [counts_of[label] for label in scheme.labels]
    return np.column_stack(columns)


def _intervals_by_beta(columns: Ints, question: Ints, n_betas: int) -> tuple[ShareIntervals, ...]:
    """All β from one set of resamples, so that the curve of a label is smooth."""
    return shares_of_groups(columns.reshape(len(columns), n_betas, -1), question)


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
    combinations = [(unit, space) for unit, space in _DENOMINATORS if (unit, space) != (rule.unit, rule.space)]
    rules = [rule, *(LabelRule.make(unit=unit, space=space, marks=rule.marks) for unit, space in combinations)]
    source, parameters = scope.sentences(run.run_no, rule)
    added = added_columns(run.roles)
    for number, tried in enumerate(rules):
        labelled = labels_sql(tried, run.roles, source)
        source = f"(SELECT * EXCLUDE ({', '.join(added)}), label AS label_{number} FROM ({labelled}))"
    names = [f"label_{number}" for number in range(len(rules))]
    rows: list[dict[str, Any]] = reader.query(
        f"SELECT {', '.join(names)}, count(*) AS n FROM {source} GROUP BY ALL", parameters
    ).to_pylist()
    labels = label_order(run.roles)
    alternatives = []
    for number, tried in enumerate(rules):
        pairs = [(row["label_0"], row[f"label_{number}"], row["n"]) for row in rows]
        counts = tuple(sum(n for _, after, n in pairs if after == label) for label in labels)
        known = [(before, after, n) for before, after, n in pairs if before is not None and after is not None]
        n_changed = sum(n for before, after, n in known if before != after)
        n_both = sum(n for *_, n in known)
        alternatives.append(Alternative(tried, counts, n_changed, n_both, number == 0))
    return tuple(alternatives)


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
            "n_effective": item.n_effective,
        }
        for curve in curves
        for beta, item in zip(curve.betas, curve.intervals, strict=True)
        for k, label in enumerate(curve.labels)
    ]
    return pa.Table.from_pylist(rows)
