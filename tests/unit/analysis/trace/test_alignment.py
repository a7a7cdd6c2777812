"""Sentences side by side: every one once, both orders kept, like beside like, and never slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.trace import alignment
from rdpt_core.analysis.trace.alignment import Alignment, Rule, align

SENTENCES = st.lists(
    st.sampled_from(["", "a b c. ", "a b d. ", "x = 1. ", "so 12. ", "\n\n", "等等。", "one two. "]), max_size=12
)


def pairs(alignment: Alignment) -> list[tuple[int | None, int | None]]:
    return [(row.left, row.right) for row in alignment.rows]


def check(alignment: Alignment, n: int, m: int) -> None:
    assert [row.left for row in alignment.rows if row.left is not None] == list(range(n))
    assert [row.right for row in alignment.rows if row.right is not None] == list(range(m))
    assert all(0 <= row.likeness <= 1 for row in alignment.rows)


@given(SENTENCES, SENTENCES)
@settings(max_examples=300, deadline=None)
def test_every_sentence_once_and_both_orders_kept(left: list[str], right: list[str]) -> None:
    check(align(left, right), len(left), len(right))


@given(SENTENCES)
@settings(deadline=None)
def test_a_trace_beside_itself(texts: list[str]) -> None:
    alignment = align(texts, texts)
    assert alignment.rule is Rule.CHARACTERS
    check(alignment, len(texts), len(texts))
    if all(texts):
        assert pairs(alignment) == [(i, i) for i in range(len(texts))]


def test_one_text_cut_in_two_ways_is_paired_by_characters() -> None:
    alignment = align(["One. Two. ", "Three."], ["One. ", "Two. ", "Three."])
    assert alignment.rule is Rule.CHARACTERS
    assert pairs(alignment) == [(0, 0), (None, 1), (1, 2)]


def test_like_stands_beside_like_and_the_rest_alone() -> None:
    left = ["We begin with 7 apples. ", "Then 5 more are bought. ", "So the answer is 12."]
    right = [
        "Okay. ",
        "We begin with 7 apples. ",
        "Hmm, wait. ",
        "Then 5 more apples are bought. ",
        "The answer is 12.",
    ]
    alignment = align(left, right)
    assert alignment.rule is Rule.WORDS
    assert pairs(alignment) == [(None, 0), (0, 1), (None, 2), (1, 3), (2, 4)]
    assert alignment.rows[1].likeness == pytest.approx(1)


def test_nothing_in_common_stays_alone() -> None:
    assert all(row.left is None or row.right is None for row in align(["alpha beta. "], ["gamma delta. "]).rows)


def test_an_empty_side() -> None:
    assert pairs(align([], ["a. ", "b. "])) == [(None, 0), (None, 1)]
    assert pairs(align([], [])) == []


@given(SENTENCES, SENTENCES)
@settings(max_examples=200, deadline=None)
def test_cut_at_common_sentences_nothing_is_lost(left: list[str], right: list[str]) -> None:
    before = alignment.MOST_CELLS
    alignment.MOST_CELLS = 6
    try:
        check(align(left, right), len(left), len(right))
    finally:
        alignment.MOST_CELLS = before


def test_very_long_traces_take_moments_even_where_they_loop() -> None:
    loop = ["Wait, let me check that again. "] * 6000
    ours = [*loop, "The one in the middle. ", *loop, "end"]
    theirs = [*loop[:5000], "The one in the middle. ", *loop, "another end"]
    started_s = time.process_time()
    alignment = align(ours, theirs)
    assert time.process_time() - started_s < 20
    assert alignment.rule is Rule.MIXED
    check(alignment, len(ours), len(theirs))
    assert (6000, 5000) in pairs(alignment)
