"""What is listed and exported of a pattern is its sentences, each once, with what it looks for marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.patterns.listing import (
    bars_by_group,
    passages_of,
    places_in_scope,
)
from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.behaviours.patterns.view import pattern_view, share_bar
from rdpt_core.analysis.export.patterns import sentence_rows
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.behaviours.patterns.samples import RULE

WAIT = Pattern("", "text", "wait")


def everything(data: RunData, scope: Scope = Scope()) -> list[dict[str, object]]:  # noqa: B008
    with data.open_reader() as reader:
        return [row for chunk in export_query(reader, data.run, "sentences", RULE, scope) for row in chunk.to_pylist()]


@pytest.mark.parametrize("marks", [False, True])
def test_rows_are_the_sentences_of_the_pattern_with_all_columns(data: RunData, marks: bool) -> None:
    rule = LabelRule.make(marks=marks)
    counted = [row for row in everything(data) if marks or row["kind"] != "mark"]
    wanted = [counted[place] for place in places_of(data, WAIT, marks).tolist()]
    found = sentence_rows(data, rule, Scope(), WAIT)
    key = ("trace_id", "sentence_index", "text")
    assert [tuple(row[name] for name in key) for row in found.to_pylist()] == [
        tuple(row[name] for name in key) for row in wanted
    ]
    assert wanted
    assert found.column_names == list(counted[0])


def test_a_scope_keeps_its_traces_alone(data: RunData) -> None:
    benchmarks = {str(row["benchmark"]) for row in everything(data)}
    by_benchmark = {name: places_in_scope(data, RULE, Scope(benchmark=name), WAIT).tolist() for name in benchmarks}
    whole = places_in_scope(data, RULE, Scope(), WAIT).tolist()
    assert sorted(place for places in by_benchmark.values() for place in places) == whole
    for name, places in by_benchmark.items():
        rows = sentence_rows(data, RULE, Scope(benchmark=name), WAIT).to_pylist()
        assert len(rows) == len(places)
        assert {row["benchmark"] for row in rows} <= {name}


def test_passages_are_the_sentences_at_the_places_with_hits_marked(data: RunData) -> None:
    rows = sentence_rows(data, RULE, Scope(), WAIT).to_pylist()
    places = places_in_scope(data, RULE, Scope(), WAIT)
    found = passages_of(data, RULE, WAIT, places)
    assert ["".join(p.text for p in one.pieces if p.is_inside) for one in found] == [row["text"] for row in rows]
    assert all(piece.text.lower() == "wait" for one in found for piece in one.pieces if piece.is_hit)
    assert all(any(piece.is_hit for piece in one.pieces) for one in found)
    # A kind has no words of its own to mark.
    as_kind = passages_of(data, RULE, replace(WAIT, how="kind"), places)
    assert not any(piece.is_hit for one in as_kind for piece in one.pieces)
    assert [one.sentence_index for one in as_kind] == [row["sentence_index"] for row in rows]


def test_bars_of_groups_are_those_of_their_scopes(data: RunData) -> None:
    found = bars_by_group(data, RULE, Scope(), WAIT)
    assert found
    for by, against in found:
        scope = Scope(benchmark=against.group) if by == "benchmark" else Scope(grade=against.group)
        expected = share_bar(data, RULE, scope, WAIT)
        np.testing.assert_array_equal(against.pattern.share, expected.pattern.share)
        assert against.pattern.n_counted == expected.pattern.n_counted > 0
    benchmarks = [against for by, against in found if by == "benchmark"]
    whole = share_bar(data, RULE, Scope(), WAIT)
    view = pattern_view(data, RULE, Scope(), WAIT)
    for (_, against), one in zip(found, (*view.by_benchmark, *view.by_correctness), strict=True):
        assert against.group == one.group
        np.testing.assert_array_equal(against.pattern.low, one.pattern.low)
        np.testing.assert_array_equal(against.difference.high, one.difference.high)
    assert sum(one.pattern.n_counted for one in benchmarks) == whole.pattern.n_counted
