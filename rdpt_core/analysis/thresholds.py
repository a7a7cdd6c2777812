"""What α and β decide: shares and flips for every pair of them, computed from one histogram.

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
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.analysis.intervals import ShareIntervals, bootstrap_shares
from rdpt_core.analysis.labels import LabelRule, Space, Unit, default_thresholds, label_order, labels_sql
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Label
from rdpt_core.store.reader import Reader, Run

Counts = npt.NDArray[np.int64]

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

    grid: npt.NDArray[np.float64]
    labels: tuple[Label, ...]
    counts: Counts
    flips: Counts
    n_sentences: int


def grid_of(rule: LabelRule) -> npt.NDArray[np.float64]:
    """The thresholds of the map, for the unit and space of a rule."""
    return np.arange(N_STEPS + 1) / _DENOMINATORS[rule.unit, rule.space]


def _reach_sql(value: str, denominator: int) -> str:
    """The number of the first threshold of the grid that is ≥ `value`; N_STEPS + 1 if none is.

    ceil() of a rounded product may be one off, so its neighbour is tried as well.
    """
    near = f"least({N_STEPS + 1}, ceil({value} * {denominator}))::INTEGER"
    return (
        f"CASE WHEN {value} IS NULL THEN {N_STEPS + 1} "
        f"WHEN {near} > 0 AND ({near} - 1) / {denominator}::DOUBLE >= {value} THEN {near} - 1 "
        f"WHEN {near} <= {N_STEPS} AND {near} / {denominator}::DOUBLE < {value} THEN {near} + 1 ELSE {near} END"
    )


def load_map(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> ThresholdMap:
    """Count every pair of thresholds; one pass over the sentences."""
    source, parameters = scope.sentences(run.run_no)
    denominator = _DENOMINATORS[rule.unit, rule.space]
    rows = reader.query(
        f"SELECT label, {_reach_sql('max_gap', denominator)} AS a, d_ts > 0 AS teacher, "
        f"{_reach_sql('abs(d_ts)', denominator)} AS b, count(*) AS n "
        f"FROM ({labels_sql(rule, run.roles, source)}) WHERE label IS NOT NULL GROUP BY ALL",
        parameters,
    )
    labels = label_order(run.roles)
    now = np.array([labels.index(Label(name)) for name in rows.column("label").to_pylist()], dtype=np.int64)
    a, b, n = (rows.column(name).to_numpy().astype(np.int64) for name in ("a", "b", "n"))
    teacher = rows.column("teacher").to_numpy(zero_copy_only=False).astype(np.int64)
    size = N_STEPS + 2
    histogram = np.zeros((len(labels), size, 2, size), dtype=np.int64)
    np.add.at(histogram, (now, a, teacher, b), n)
    by_label = _counts(histogram, labels)
    counts = by_label.sum(axis=0)
    kept = sum((by_label[k, k] for k in range(len(labels))), np.zeros_like(counts[0]))
    total = int(n.sum())
    return ThresholdMap(grid_of(rule), labels, counts, total - kept, total)


def _counts(histogram: Counts, labels: Sequence[Label]) -> Counts:
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


def load_margins(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> pa.Table:
    """How many sentences of each label lie within some margin: label, n, and within_<part> for each of `MARGINS`."""
    source, parameters = scope.sentences(run.run_no)
    within = ", ".join(
        f"count(*) FILTER (margin <= ({part * rule.beta!r})::DOUBLE) AS within_{part:g}" for part in MARGINS
    ).replace("within_0.", "within_0_")
    found = reader.query(
        f"SELECT label, count(*) AS n, {within} FROM ({labels_sql(rule, run.roles, source)}) "
        "WHERE label IS NOT NULL GROUP BY label",
        parameters,
    ).to_pylist()
    by_label = {row["label"]: row for row in found}
    names = ["n", *(margin_column(part) for part in MARGINS)]
    rows = [
        {"label": str(label)} | {name: by_label.get(label, {}).get(name, 0) for name in names}
        for label in label_order(run.roles)
    ]
    return pa.Table.from_pylist(rows)


def margin_column(part: float) -> str:
    """The column of `load_margins` for a margin."""
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
    return tuple(sorted(steps | {rule.beta}))


def load_beta_curves(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> tuple[BetaCurve, ...]:
    """Label shares for several β, of everything in scope and of each benchmark, with intervals."""
    betas = betas_of(rule)
    rows = _beta_counts(reader, run, rule, scope, betas)
    labels = label_order(run.roles)
    values = _label_columns(rows, len(betas), labels)
    benchmark = np.array(rows.column("benchmark").to_pylist(), dtype=object)
    question = rows.column("question").to_numpy().astype(np.int64)
    names = sorted(set(benchmark.tolist()))
    groups = [("all benchmarks", np.full(len(benchmark), True))] if len(names) != 1 else []
    groups += [(name, benchmark == name) for name in names]
    return tuple(
        BetaCurve(name, betas, labels, _curve(values[here], question[here], len(betas))) for name, here in groups
    )


def _beta_counts(reader: Reader, run: Run, rule: LabelRule, scope: Scope, betas: Sequence[float]) -> pa.Table:
    """Per trace: scored, shared, and for each β how many are Teacher (t0, t1, …) and Student (s0, s1, …)."""
    source, parameters = scope.sentences(run.run_no)
    apart = f"label <> '{Label.SHARED}'"
    sides = ", ".join(
        f"count(*) FILTER ({apart} AND {sign}d_ts > ({beta!r})::DOUBLE) AS {name}{i}"
        for i, beta in enumerate(betas)
        for name, sign in (("t", ""), ("s", "-"))
    )
    return reader.query(
        f"WITH counted AS (SELECT trace_no, count(*) AS scored, count(*) FILTER (NOT {apart}) AS shared, {sides} "
        f"FROM ({labels_sql(rule, run.roles, source)}) WHERE label IS NOT NULL GROUP BY trace_no) "
        "SELECT benchmark, dense_rank() OVER (ORDER BY benchmark, question_id) AS question, counted.* "
        "FROM counted JOIN traces USING (trace_no) WHERE run_no = ? ORDER BY trace_no",
        [*parameters, run.run_no],
    )


def _label_columns(rows: pa.Table, n_betas: int, labels: Sequence[Label]) -> Counts:
    """Shape: (n_traces, n_betas · k), the labels of one β side by side."""
    scored, shared = (rows.column(name).to_numpy().astype(np.int64) for name in ("scored", "shared"))
    columns = []
    for i in range(n_betas):
        teacher, student = (rows.column(f"{name}{i}").to_numpy().astype(np.int64) for name in ("t", "s"))
        rest = scored - shared - teacher - student
        found = {Label.TEACHER: teacher, Label.STUDENT: student, Label.SHARED: shared}
        columns += [found.get(label, rest) for label in labels]
    return np.column_stack(columns)


def _curve(values: Counts, question: Counts, n_betas: int) -> tuple[ShareIntervals, ...]:
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
