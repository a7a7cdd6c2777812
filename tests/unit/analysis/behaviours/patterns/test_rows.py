"""Tables of patterns: every number of a view once, NULL where there is none."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.behaviours.patterns.contrast import compare
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, SavedPattern, described
from rdpt_core.analysis.behaviours.patterns.rows import contrast_rows, patterns_rows, view_rows
from rdpt_core.analysis.behaviours.patterns.view import pattern_view
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.behaviours.patterns.conftest import RULE

EQUALS = Pattern("equations", "text", "=")


def test_a_view_is_written_whole(data: RunData) -> None:
    view = pattern_view(data, RULE, Scope(), EQUALS)
    rows = view_rows(view).to_pylist()
    sections = list(dict.fromkeys(row["section"] for row in rows))
    assert sections == [
        *("all", "without teacher", "excess", "benchmark", "correctness", "frequency"),
        *("place", "labels by place", "before", "after"),
    ]
    at = {(row["section"], row["group"], row["label"]): row for row in rows}
    assert len(at) == len(rows)
    teacher = view.labels.index("Teacher")
    assert at["all", None, "Teacher"]["share"] == view.shares.pattern.share[teacher]
    assert at["all", None, "Teacher"]["difference_low"] == view.shares.difference.low[teacher]
    assert at["all", None, "Teacher"]["lift"] == pytest.approx(
        view.shares.pattern.share[teacher] / view.shares.rest.share[teacher]
    )
    assert view.without_teacher is not None
    assert at["excess", None, "Teacher"]["difference"] == view.without_teacher.excess.value[teacher]
    assert at["frequency", "correct", None]["n_sentences"] == view.frequency[0].n_sentences
    assert at["place", None, "0–10%"]["share"] == view.places.pattern.share[0]
    assert at["after", "opening", view.after.openings[0].kind]["n_sentences"] == view.after.openings[0].n
    assert at["all", None, "Teacher"]["family"] is None
    assert (at["all", None, "Teacher"]["how"], at["all", None, "Teacher"]["value"]) == ("text", "=")


def test_nothing_is_null_and_never_zero(data: RunData) -> None:
    nothing = Pattern("", "text", "these words stand nowhere")
    for row in view_rows(pattern_view(data, RULE, Scope(), nothing)).to_pylist():
        assert row["pattern"] is None
        if row["section"] not in ("excess", "frequency"):
            assert row["share"] is None and row["lift"] is None
            assert row["n_sentences"] == 0 and row["no_interval_because"]
        assert row["difference"] is None or row["section"] == "frequency"
    for row in contrast_rows(compare(data, RULE, Scope(), nothing, EQUALS)).to_pylist():
        assert row["first_share"] is None and row["difference"] is None and row["jaccard"] == 0
        assert row["second_share"] is not None and row["first"] == nothing.value


def test_saved_patterns_are_rows(data: RunData) -> None:
    kind = Pattern("k", "kind", "so the", "opening", match_case=False)
    table = patterns_rows([SavedPattern(EQUALS, "2026-01-01"), SavedPattern(kind, "2026-01-02")])
    assert [(row["pattern"], row["family"], row["match_case"]) for row in table.to_pylist()] == [
        ("equations", None, False),
        ("k", "opening", None),
    ]
    assert patterns_rows([]).schema == table.schema


def test_what_a_pattern_is_called() -> None:
    assert described(EQUALS) == 'text "="'
    assert described(Pattern("", "expression", "a+", match_case=True)) == 'expression "a+", case as it is'
    assert described(Pattern("", "kind", "so the", "opening", match_case=True)) == 'opening "so the"'
    assert described(Pattern("", "tag", "mine")) == 'tag "mine"'
