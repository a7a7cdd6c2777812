"""Tables of the page Transfer, for exports and notebooks: NULL is what is not known, or has no interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from rdpt_core.analysis.evidence.transfer.accuracy import Accuracy
from rdpt_core.analysis.evidence.transfer.copied import ClassReach, CopiedTable
from rdpt_core.analysis.evidence.transfer.reach import Reach, ReachTable, Step
from rdpt_core.analysis.evidence.transfer.scale import Spread
from rdpt_core.analysis.statistics.intervals import ShareIntervals, none_if_nan

_INTERVALS = ("reach", "label_share", "control_share", "student_text")
_STEPS = ("excess", "beyond_student_text")


def reach_rows(table: ReachTable) -> pa.Table:
    """One row a group, then one a level: shares with intervals, beside the control and the student's own text."""
    rows = [_reach_row(row, kind, table) for kind, found in _kinds(table) for row in found]
    names = [name for stem in (*_INTERVALS, *_STEPS) for name in _ends(stem)]
    counts = [(name, pa.int64()) for name in ("n_sentences", "n_traces", "n_questions")]
    return pa.Table.from_pylist(
        rows,
        pa.schema(
            [
                *((name, pa.string()) for name in ("rows", "name", "level", "level_from")),
                *((name, pa.float64()) for name in names),
                *counts,
                ("n_effective", pa.float64()),
                ("no_interval_because", pa.string()),
            ]
        ),
    )


def _kinds(table: ReachTable) -> Iterable[tuple[str, Sequence[Reach]]]:
    return ((str(table.assignment.by), table.groups), ("level", table.levels))


def _ends(stem: str) -> tuple[str, str, str]:
    return stem, f"{stem}_low", f"{stem}_high"


def _reach_row(row: Reach, kind: str, table: ReachTable) -> dict[str, object]:
    intervals = dict(zip(_INTERVALS, (row.reach, row.label, row.control, row.base), strict=True))
    found: dict[str, object] = {
        "rows": kind,
        "name": row.name,
        "level": row.level,
        "level_from": table.assignment.origin,
    }
    for stem, one in intervals.items():
        found |= _interval(stem, one)
    for stem, step in zip(_STEPS, (row.excess, row.gain), strict=True):
        values = (None,) * 3 if step is None else (step.value, step.low, step.high)
        found |= {name: None if v is None else none_if_nan(v) for name, v in zip(_ends(stem), values, strict=True)}
    return found | {
        "n_sentences": row.n_sentences,
        "n_traces": row.reach.n_traces,
        "n_questions": row.reach.n_questions,
        "n_effective": row.reach.n_effective,
        "no_interval_because": row.reach.refused,
    }


def _interval(stem: str, one: ShareIntervals | None) -> dict[str, object]:
    if one is None:
        return dict.fromkeys(_ends(stem))
    values = (one.share[0], one.low[0], one.high[0])
    return {name: none_if_nan(value) for name, value in zip(_ends(stem), values, strict=True)}


def step_rows(table: ReachTable) -> pa.Table:
    """One row a pair of levels and number (reach, label share, control share, excess): the difference, and the trend of
    that number over all levels."""
    trends = {"reach": table.trend, "control_share": table.trend_control, "excess": table.trend_excess}
    rows = []
    for steps in table.steps:
        numbers: dict[str, Step | None] = {
            "reach": steps.reach,
            "label_share": steps.label,
            "control_share": steps.control,
            "excess": steps.excess,
        }
        for name, step in numbers.items():
            if step is None:
                continue
            trend = trends.get(name)
            rows.append(
                {
                    "level": steps.first,
                    "minus": steps.second,
                    "number": name,
                    "difference": none_if_nan(step.value),
                    "low": none_if_nan(step.low),
                    "high": none_if_nan(step.high),
                    "no_interval_because": step.refused,
                    "trend_p_value": None if trend is None else none_if_nan(trend.p_value),
                    "trend_smallest_p": None if trend is None else none_if_nan(trend.smallest_p),
                    "trend_shuffles": None if trend is None else trend.shuffled,
                    "trend_n_units": None if trend is None else trend.n_units,
                }
            )
    texts = [(name, pa.string()) for name in ("level", "minus", "number")]
    ends = [(name, pa.float64()) for name in ("difference", "low", "high")]
    trend_columns = [("trend_p_value", pa.float64()), ("trend_smallest_p", pa.float64())]
    last = [("trend_shuffles", pa.string()), ("trend_n_units", pa.int64())]
    schema = pa.schema([*texts, *ends, ("no_interval_because", pa.string()), *trend_columns, *last])
    return pa.Table.from_pylist(rows, schema)


def copied_rows(table: CopiedTable) -> pa.Table:
    """One row a group or level and class: the class's share of the sentences, and the reach within it."""
    rows = [
        _class_row(row, kind) for kind, found in (("group", table.groups), ("level", table.levels)) for row in found
    ]
    numbers = [name for stem in ("share", "reach") for name in _ends(stem)]
    counts = [("n_sentences", pa.int64()), ("n_questions", pa.int64())]
    texts = [(name, pa.string()) for name in ("rows", "name", "level", "training_class")]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *((name, pa.float64()) for name in numbers), *counts]))


def _class_row(row: ClassReach, kind: str) -> dict[str, object]:
    return {
        "rows": kind,
        "name": row.name,
        "level": row.level,
        "training_class": row.training_class,
        **_interval("share", row.share),
        **_interval("reach", row.reach),
        "n_sentences": 0 if row.reach is None else row.reach.n_counted,
        "n_questions": 0 if row.reach is None else row.reach.n_questions,
    }


def accuracy_table(rows: Sequence[Accuracy]) -> pa.Table:
    """One row a group or level: correct answers of the distilled model, and of the student on the questions of both."""
    records = []
    for row in rows:
        gain = row.gain
        ends = (None,) * 3 if gain is None else (gain.value, gain.low, gain.high)
        records.append(
            {
                "rows": "level" if row.is_level else "group",
                "name": row.name,
                "level": row.level,
                **_interval("correct", row.distilled),
                **_interval("student_correct", row.student),
                **{n: None if v is None else none_if_nan(v) for n, v in zip(_ends("gain"), ends, strict=True)},
                "n_questions": row.distilled.n_questions,
            }
        )
    numbers = [name for stem in ("correct", "student_correct", "gain") for name in _ends(stem)]
    texts = [(name, pa.string()) for name in ("rows", "name", "level")]
    schema = pa.schema([*texts, *((name, pa.float64()) for name in numbers), ("n_questions", pa.int64())])
    return pa.Table.from_pylist(records, schema)


def spread_rows(found: dict[str, Sequence[Spread]]) -> pa.Table:
    """One row a space and group: standard deviation with interval, and the robust one."""
    rows = [
        {
            "space": space,
            "name": spread.name,
            "sd": none_if_nan(spread.sd),
            "sd_low": none_if_nan(spread.low),
            "sd_high": none_if_nan(spread.high),
            "robust_sd": none_if_nan(spread.robust),
            "mean": none_if_nan(spread.mean),
            "n_sentences": spread.n_sentences,
            "n_questions": spread.n_questions,
            "n_effective": spread.n_effective,
            "no_interval_because": spread.refused,
        }
        for space, spreads in found.items()
        for spread in spreads
    ]
    numbers = [(name, pa.float64()) for name in ("sd", "sd_low", "sd_high", "robust_sd", "mean")]
    counts = [("n_sentences", pa.int64()), ("n_questions", pa.int64()), ("n_effective", pa.float64())]
    texts = [("space", pa.string()), ("name", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *numbers, *counts, ("no_interval_because", pa.string())]))
