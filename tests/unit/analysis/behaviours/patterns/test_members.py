"""The sentences of a pattern, against Python's own search in the responses."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.families import OPENING, TAG, KindFamily
from rdpt_core.analysis.behaviours.patterns import members
from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.run import search
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError
from tests.unit.analysis.behaviours.patterns.conftest import RULE, TRACES, families, flat

PATTERNS = [
    Pattern("", "text", "wait"),
    Pattern("", "text", "Wait", match_case=True),
    Pattern("", "text", "e"),
    Pattern("", "text", "these words stand nowhere"),
    # Over the end of a sentence, and over a mark of format.
    Pattern("", "text", "wait, wait"),
    Pattern("", "text", "think>\nHéllo"),
    Pattern("", "text", "</think>"),
    Pattern("", "text", "\\["),
    Pattern("", "text", "这一步"),
    Pattern("", "expression", r"\d+ [+-] \d+"),
    Pattern("", "expression", r"^<think>\s|wait\?"),
    Pattern("", "expression", r"[^\x00-\x7f]+"),
]


def naive(pattern: Pattern, marks: bool) -> list[int]:
    """A hit belongs to the sentence in which it begins."""
    sought = pattern.value if pattern.how == "expression" else re.escape(pattern.value)
    expression = re.compile(sought, 0 if pattern.match_case else re.IGNORECASE)
    found, place = [], 0
    for sketch in TRACES:
        response = "".join(text for text, _ in sketch.sentences)
        starts = [match.start() for match in expression.finditer(response)]
        position = 0
        for text, _ in sketch.sentences:
            counts = marks or text.strip() not in ("<think>", "</think>")
            if counts:
                if any(position <= start < position + len(text) for start in starts):
                    found.append(place)
                place += 1
            position += len(text)
    return found


@pytest.mark.parametrize("marks", [False, True])
def test_all_sentences_in_which_a_hit_begins(data: RunData, marks: bool) -> None:
    found = {pattern.value: places_of(data, pattern, marks).tolist() for pattern in PATTERNS}
    assert found == {pattern.value: naive(pattern, marks) for pattern in PATTERNS}
    assert sum(map(bool, found.values())) >= 8


def test_however_many_traces_are_looked_at_together(data: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_SENTENCES_AT_ONCE", 40)
    assert places_of(data, PATTERNS[2], False).tolist() == naive(PATTERNS[2], False)


def test_it_is_what_the_search_finds(data: RunData) -> None:
    # The search numbers all sentences of a trace, marks too.
    place_of, place = {}, 0
    for number, sketch in enumerate(TRACES):
        for index, (text, _) in enumerate(sketch.sentences):
            if text.strip() not in ("<think>", "</think>"):
                place_of[number, index] = place
                place += 1
    assert place == len(flat())
    for pattern in PATTERNS:
        query = search.Query(pattern.value, regex=pattern.how == "expression", match_case=pattern.match_case)
        found = data.ask(search.find, query, Scope(), RULE).sentences
        rows = zip(*(found.column(name).to_pylist() for name in ("trace_no", "sentence_index")), strict=True)
        assert places_of(data, pattern, False).tolist() == [place_of[row] for row in rows]


def test_kinds_and_tags(data: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    (opening, _) = families()
    assert len(opening.places("wait"))
    found = places_of(data, Pattern("", "kind", "wait", family=OPENING), False)
    assert found.tolist() == opening.places("wait").tolist()
    assert places_of(data, Pattern("", "kind", "wait"), False).tolist() == found.tolist()
    state = [(1, "2026")]
    tagged = [KindFamily(TAG, ("mine",), np.array([0, 2]), np.array([3, 5], np.int32))]
    monkeypatch.setattr(members, "notes_state", lambda data: state[0])
    monkeypatch.setattr(members, "tag_members", lambda data, marks: tagged[0])
    tag = Pattern("", "tag", "mine")
    assert places_of(data, tag, False).tolist() == [3, 5]
    # A note changes without the database.
    tagged[0] = KindFamily(TAG, ("mine",), np.array([0, 1]), np.array([4], np.int32))
    assert places_of(data, tag, False).tolist() == [3, 5]
    state[0] = (2, "2027")
    assert places_of(data, tag, False).tolist() == [4]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (Pattern("", "text", ""), "looks for nothing"),
        (Pattern("", "expression", "(("), "not a regular expression"),
        (Pattern("", "expression", "x*"), "matches the empty text"),
        (Pattern("", "kind", "nothing", family=OPENING), "no sentence of the run has this kind of opening"),
        (Pattern("", "kind", "wait", family="lens"), "no sentence of the run has this kind of lens"),
    ],
)
def test_what_names_no_sentences_is_refused(data: RunData, pattern: Pattern, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        places_of(data, pattern, False)
