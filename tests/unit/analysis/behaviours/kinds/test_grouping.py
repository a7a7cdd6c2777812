"""Sentences of kinds, and which kinds are kept."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.families import WORDING
from rdpt_core.analysis.behaviours.kinds.grouping import MIN_QUESTIONS, MIN_SENTENCES, family_of, grouped


def test_sentences_are_sorted_by_kind() -> None:
    rng = np.random.default_rng(1)
    places = np.sort(rng.integers(0, 1000, 400))
    places, first = np.unique(places, return_index=True)
    kinds = rng.integers(0, 7, 400)[first]
    start, members = grouped(places, kinds, 9)
    for kind in range(9):
        assert members[start[kind] : start[kind + 1]].tolist() == places[kinds == kind].tolist()
    empty_start, empty = grouped(places[:0], kinds[:0], 3)
    assert empty_start.tolist() == [0, 0, 0, 0] and not len(empty)


def test_a_sentence_may_be_of_several_kinds() -> None:
    start, members = grouped(np.array([4, 5, 4]), np.array([0, 0, 1]), 2)
    assert (start.tolist(), members.tolist()) == ([0, 2, 3], [4, 5, 4])


def test_kinds_need_sentences_and_questions() -> None:
    sizes = {"many": MIN_SENTENCES + 5, "enough": MIN_SENTENCES, "few": MIN_SENTENCES - 1, "one question": 5_000}
    kinds = np.repeat(np.arange(4), list(sizes.values()))
    question = np.concatenate([np.arange(n) % MIN_QUESTIONS for n in sizes.values()])
    question[kinds == 3] = np.arange(5_000) % (MIN_QUESTIONS - 1)
    start, members = grouped(np.arange(len(kinds)), kinds, 4)
    family = family_of(WORDING, tuple(sizes), start, members, question)
    assert family.names == ("many", "enough")
    assert family.places("enough").tolist() == np.flatnonzero(kinds == 1).tolist()
    # Of many sentences a part is looked at first: questions that are not in it count all the same.
    question[kinds == 3] = np.where(np.arange(5_000) < 100, np.arange(5_000) % 50, 0)
    assert "one question" in family_of(WORDING, tuple(sizes), start, members, question).names
