"""Patterns as tables for other programs. Ends of intervals, and shares of nothing, are NULL."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pyarrow as pa

from rdpt_core.analysis.behaviours.patterns.pattern import SavedPattern
from rdpt_core.analysis.behaviours.patterns.places import PARTS
from rdpt_core.analysis.behaviours.patterns.shapes import (
    Against,
    NeighbourKind,
    Neighbours,
    PatternContrast,
    PatternView,
)
from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.intervals import ShareIntervals, none_if_nan
from rdpt_core.store.beside.patterns import Pattern

Row = dict[str, object]

_OF_PATTERN = [("pattern", pa.string()), ("how", pa.string()), ("family", pa.string()), ("value", pa.string())]
_OF_PATTERN += [("match_case", pa.bool_())]
_SHARES = [
    (stem + end, pa.float64()) for stem in ("share", "rest_share", "difference") for end in ("", "_low", "_high")
]
_SHARES += [("lift", pa.float64())]
_COUNTS = [(name, pa.int64()) for name in ("n_sentences", "n_rest", "n_questions")]
_COUNTS += [("n_effective", pa.float64()), ("no_interval_because", pa.string())]
VIEW_SCHEMA = pa.schema(
    [*_OF_PATTERN, ("section", pa.string()), ("group", pa.string()), ("label", pa.string()), *_SHARES, *_COUNTS]
)
PATTERNS_SCHEMA = pa.schema([*_OF_PATTERN, ("saved_at", pa.string())])


def view_rows(view: PatternView) -> pa.Table:
    """One row a number of a pattern's view: the section, the group and the label or kind that it is of; `share` is of
    the pattern's sentences, `rest_share` of all others.

    Sections are `all`, `without teacher` and `excess` (over that control), `benchmark`, `correctness`, `frequency`
    (how often it occurs), `place` (how it spreads over tenths of the traces), `labels by place`, and `before` and
    `after`: labels, openings and lenses of its neighbours.
    """
    rows = [*_against("all", view.shares, view.labels)]
    if view.without_teacher is not None:
        rows += _against("without teacher", view.without_teacher.shares, view.labels)
        rows += _difference_rows("excess", "", view.labels, view.without_teacher.excess)
    for one in view.by_benchmark:
        rows += _against("benchmark", one, view.labels)
    for one in view.by_correctness:
        rows += _against("correctness", one, view.labels)
    rows += _frequency(view)
    places = view.places
    rows += _against("place", Against("", places.pattern, places.rest, places.difference), PARTS)
    for one in places.labels:
        rows += _against("labels by place", one, view.labels)
    for side in (view.before, view.after):
        rows += _neighbours(side, view.labels)
    return pa.Table.from_pylist([{**_pattern(view.pattern), **row} for row in rows], VIEW_SCHEMA)


def contrast_rows(contrast: PatternContrast) -> pa.Table:
    """One row a label: shares of two patterns and of all sentences of neither, how far the two differ, and how far
    under the no-teacher control."""
    rows = []
    first, second, neither = contrast.shares
    for k, label in enumerate(contrast.labels):
        row: Row = {"first": contrast.first.name or contrast.first.value, "label": label}
        row["second"] = contrast.second.name or contrast.second.value
        for stem, side in (("first_share", first), ("second_share", second), ("neither_share", neither)):
            row |= _ends(stem, side, k)
        row |= _apart("difference", contrast.difference, k)
        for stem, apart in (("difference_without_teacher", contrast.without_teacher), ("excess", contrast.excess)):
            row |= {} if apart is None else _apart(stem, apart, k)
        row |= {"n_first": contrast.n[0], "n_second": contrast.n[1], "n_both": contrast.n[2]}
        row |= {"jaccard": none_if_nan(contrast.jaccard), "n_shared_questions": contrast.difference.n_shared}
        rows.append(row | {"no_interval_because": contrast.difference.refused})
    return pa.Table.from_pylist(rows, CONTRAST_SCHEMA)


CONTRAST_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("first", "second", "label")),
        *(
            (stem + end, pa.float64())
            for stem in (
                *("first_share", "second_share", "neither_share", "difference"),
                *("difference_without_teacher", "excess"),
            )
            for end in ("", "_low", "_high")
        ),
        *((name, pa.int64()) for name in ("n_first", "n_second", "n_both")),
        ("jaccard", pa.float64()),
        ("n_shared_questions", pa.int64()),
        ("no_interval_because", pa.string()),
    ]
)


def patterns_rows(saved: Sequence[SavedPattern]) -> pa.Table:
    """One row a pattern that is kept, by name."""
    return pa.Table.from_pylist(
        [{**_pattern(item.pattern), "saved_at": item.saved_at} for item in saved], PATTERNS_SCHEMA
    )


def _pattern(pattern: Pattern) -> Row:
    return {
        "pattern": pattern.name or None,
        "how": pattern.how,
        "family": pattern.family or None,
        "value": pattern.value,
        "match_case": pattern.match_case if pattern.how in ("text", "expression") else None,
    }


def _against(section: str, one: Against, labels: Sequence[str]) -> Iterator[Row]:
    for k, label in enumerate(labels):
        row: Row = {"section": section, "group": one.group or None, "label": label}
        row |= _ends("share", one.pattern, k) | _ends("rest_share", one.rest, k)
        row |= _apart("difference", one.difference, k)
        share, rest = float(one.pattern.share[k]), float(one.rest.share[k])
        row |= {"lift": share / rest if rest > 0 and not math.isnan(share) else None}
        row |= {"n_sentences": one.pattern.n_counted, "n_rest": one.rest.n_counted}
        row |= {"n_questions": one.pattern.n_questions, "n_effective": one.pattern.n_effective}
        yield row | {"no_interval_because": one.difference.refused}


def _difference_rows(section: str, group: str, labels: Sequence[str], apart: Difference) -> Iterator[Row]:
    for k, label in enumerate(labels):
        row: Row = {
            "section": section,
            "group": group or None,
            "label": label or None,
            **_apart("difference", apart, k),
        }
        row |= {"n_questions": min(apart.n_questions), "n_effective": min(apart.n_effective)}
        yield row | {"no_interval_because": apart.refused}


def _frequency(view: PatternView) -> Iterator[Row]:
    for one in view.frequency:
        row: Row = {"section": "frequency", "group": one.group, **_ends("share", one.share, 0)}
        row |= {"n_sentences": one.n_sentences, "n_rest": one.n_all - one.n_sentences}
        row |= {"n_questions": one.share.n_questions, "n_effective": one.share.n_effective}
        yield row | {"no_interval_because": one.share.refused}
    if view.more_often_correct is not None:
        yield from _difference_rows("frequency", "correct − incorrect", ("",), view.more_often_correct)


def _neighbours(side: Neighbours, labels: Sequence[str]) -> Iterator[Row]:
    yield from _against(side.side, side.labels, labels)
    for found in (*side.openings, *side.lenses):
        yield _neighbour_kind(side, found)


def _neighbour_kind(side: Neighbours, found: NeighbourKind) -> Row:
    return {
        "section": side.side,
        "group": found.family,
        "label": found.kind,
        "share": none_if_nan(found.share),
        "rest_share": none_if_nan(found.rest_share),
        "difference": none_if_nan(found.difference),
        "difference_low": none_if_nan(found.low),
        "difference_high": none_if_nan(found.high),
        "lift": found.lift if math.isfinite(found.lift) else None,
        "n_sentences": found.n,
    }


def _ends(stem: str, side: ShareIntervals, k: int) -> Row:
    values = {"": side.share, "_low": side.low, "_high": side.high}
    return {stem + end: none_if_nan(float(value[k])) for end, value in values.items()}


def _apart(stem: str, apart: Difference, k: int) -> Row:
    values = {"": apart.value, "_low": apart.low, "_high": apart.high}
    return {stem + end: none_if_nan(float(value[k])) for end, value in values.items()}
