"""Label shares at each time of a training, and mean probabilities of the sentences that end with a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.run.training.paths import Paths, codes_sql, counts_of, rows_in
from rdpt_core.analysis.run.training.points import Point
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan, refusal
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Bools, Codes, Doubles, Ints, SmallInts
from rdpt_core.records import Label
from rdpt_core.store.reader import Reader, Run

BY_DEFINITION = "by definition: before training, the model is the student"
"""Why there is no interval at the start."""

SPLITS = ("benchmark", "domain", "correctness", "difficulty", "model")
"""What the curves can be drawn apart for."""


@dataclass(frozen=True, slots=True, eq=False)
class ShareCurves:
    """Label shares of one group of traces at each time.

    Attributes:
        group: its name; empty for all traces.
        points: the times.
        labels: in the order of every array of shares.
        intervals: one for each time; all come from the same resamples of questions.
    """

    group: str
    points: tuple[Point, ...]
    labels: tuple[str, ...]
    intervals: tuple[ShareIntervals, ...]


def groups_of(traces: TraceTable, split: str | None) -> Iterator[tuple[str, Ints]]:
    """The name of each group and the indices of its traces; one group without a name if nothing splits them."""
    if split is None:
        yield "", np.arange(len(traces.trace_no))
        return
    for code, name in enumerate(traces.names[split]):
        members = np.flatnonzero(traces.codes[split] == code)
        if len(members):
            yield name, members


def share_curves(paths: Paths, traces: TraceTable, split: str | None = None) -> tuple[ShareCurves, ...]:
    """Shares by time of each group of the traces in scope: at each time, of the sentences that have a label then."""
    rows, n_traces = rows_in(paths, traces.trace_no), len(traces.trace_no)
    counts = [counts_of(paths, rows, k, n_traces) for k in range(len(paths.points))]
    question = traces.question_by_text()
    return tuple(
        ShareCurves(
            name,
            paths.points,
            paths.labels,
            tuple(
                _shares(bootstrap_shares(of_point[members], question[members]), point, paths.labels)
                for of_point, point in zip(counts, paths.points, strict=True)
            ),
        )
        for name, members in groups_of(traces, split)
    )


def _shares(shares: ShareIntervals, point: Point, labels: tuple[str, ...]) -> ShareIntervals:
    """The same without intervals where shares are no finding: the student differs in nothing from itself."""
    if not (point.is_start and Label.KEPT in labels):
        return shares
    none = np.full(len(labels), np.nan)
    return replace(shares, low=none, high=none, refused=BY_DEFINITION)


def curves_table(curves: Sequence[ShareCurves], split: str | None) -> pa.Table:
    """One row a group, time and label: share with its interval, NULL where refused, and what was counted."""
    rows = [
        {
            split or "group": curve.group,
            "point": point.name,
            "step": point.step,
            "label": label,
            "share": none_if_nan(float(shares.share[k])),
            "low": none_if_nan(float(shares.low[k])),
            "high": none_if_nan(float(shares.high[k])),
            "n_questions": shares.n_questions,
            "n_effective": shares.n_effective,
            "n_traces": shares.n_traces,
            "n_sentences": shares.n_counted,
            "no_interval_because": shares.refused,
        }
        for curve in curves
        for point, shares in zip(curve.points, curve.intervals, strict=True)
        for k, label in enumerate(curve.labels)
    ]
    texts, numbers = ("label",), ("share", "low", "high")
    counts = (("n_questions", pa.int64()), ("n_effective", pa.float64()), ("n_traces", pa.int64()))
    schema = pa.schema([
        *(() if split is None else ((split, pa.string()),)),
        ("point", pa.string()),
        ("step", pa.float64()),
        *((name, pa.string()) for name in texts),
        *((name, pa.float64()) for name in numbers),
        *counts,
        ("n_sentences", pa.int64()),
        ("no_interval_because", pa.string()),
    ])  # fmt: skip
    return pa.Table.from_pylist(rows, schema)


@dataclass(frozen=True, slots=True, eq=False)
class ValueSums:
    """Sums of values over the sentences that have one at every time, for each trace and last label.

    Shapes: (n_rows,) and, for `total`, (n_rows, n_points). Units: the rule's: probabilities, or nats in ratio space.
    """

    trace_no: SmallInts
    code: Codes
    n: Ints
    total: Doubles


def load_value_sums(reader: Reader, run: Run, rule: LabelRule, scheme: Scheme, points: tuple[Point, ...]) -> ValueSums:
    """Sum the values of all scored traces of a run."""
    last = len(points) - 1
    sums = ", ".join(f"sum(v_{k}) AS v_{k}" for k in range(len(points)))
    whole = " AND ".join(f"c_{k} > 0" for k in range(len(points)))
    table = reader.query(
        f"SELECT trace_no, c_{last} AS code, count(*)::BIGINT AS n, {sums} "
        f"FROM ({codes_sql(rule, scheme, points, sentences_sql(run.run_no, rule))}) WHERE {whole} "
        "GROUP BY trace_no, code ORDER BY ALL"
    )
    total = np.empty((table.num_rows, len(points)))
    for k in range(len(points)):
        total[:, k] = table.column(f"v_{k}").to_numpy()
    trace_no, code, n = (table.column(name).to_numpy() for name in ("trace_no", "code", "n"))
    return ValueSums(trace_no, code, n, total)


@dataclass(frozen=True, slots=True, eq=False)
class MeanCurve:
    """The mean value at each time of the sentences with one label at the last.

    Shapes: (n_points,); ends are NaN where refused.
    """

    label: str
    mean: Doubles
    low: Doubles
    high: Doubles
    n_sentences: int
    n_questions: int
    n_effective: float
    refused: str | None


def mean_curves(sums: ValueSums, traces: TraceTable, labels: Sequence[str]) -> tuple[MeanCurve, ...]:
    """One for each label that a sentence of the traces in scope ends with."""
    place = np.searchsorted(traces.trace_no, sums.trace_no)
    inside = place < len(traces.trace_no)
    inside[inside] = traces.trace_no[place[inside]] == sums.trace_no[inside]
    question = traces.question_by_text()
    made = (_mean_curve(sums, inside & (sums.code == k), place, question, label) for k, label in enumerate(labels, 1))
    return tuple(curve for curve in made if curve is not None)


def _mean_curve(sums: ValueSums, chosen: Bools, place: Ints, question: Ints, label: str) -> MeanCurve | None:
    if not chosen.any():
        return None
    _, number = np.unique(question[place[chosen]], return_inverse=True)
    n_questions = int(number.max()) + 1
    columns = np.column_stack([sums.n[chosen], sums.total[chosen]])
    by_question = np.stack([np.bincount(number, values, n_questions) for values in columns.T], axis=1)
    total = by_question.sum(axis=0)
    n_effective = float(effective_number(by_question[:, 0]))
    refused = refusal(n_questions, n_effective)
    mean = total[1:] / total[0]
    low = high = np.full(len(mean), np.nan)
    if refused is None:
        drawn = resample_sums(by_question, np.zeros(n_questions, np.int64))
        low, high = percentile_interval(drawn[:, 1:] / drawn[:, :1], n_effective)
    return MeanCurve(label, mean, low, high, int(total[0]), n_questions, n_effective, refused)
