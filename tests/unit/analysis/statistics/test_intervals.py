"""Intervals of shares: against a plain loop over questions, for coverage, and where they must refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.statistics.intervals import bootstrap_shares
from rdpt_core.analysis.statistics.resampling import MIN_QUESTIONS


def example(n_questions: int = 30, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(n_questions), rng.integers(1, 5, n_questions))
    taste = rng.dirichlet([2, 1, 1], n_questions)[question]
    return np.array([rng.multinomial(12, p) for p in taste]), question


def test_is_wider_than_an_interval_that_takes_sentences_for_independent() -> None:
    counts, question = example()
    intervals = bootstrap_shares(counts, question)
    naive = 2 * 1.96 * np.sqrt(intervals.share * (1 - intervals.share) / counts.sum())
    assert np.all(intervals.high - intervals.low > 1.3 * naive)
    assert intervals.share == pytest.approx(counts.sum(axis=0) / counts.sum())


def test_order_of_traces_does_not_matter_and_seeds_repeat() -> None:
    counts, question = example()
    order = np.random.default_rng(3).permutation(len(question))
    given, reordered = bootstrap_shares(counts, question), bootstrap_shares(counts[order], question[order])
    assert np.array_equal(given.low, reordered.low) and np.array_equal(given.high, reordered.high)
    assert not np.array_equal(given.low, bootstrap_shares(counts, question, seed=1).low)


def test_copies_of_every_trace_of_a_question_add_no_certainty() -> None:
    counts, question = example()
    single = bootstrap_shares(counts, question)
    fivefold = bootstrap_shares(np.repeat(counts, 5, axis=0), np.repeat(question, 5))
    assert fivefold.low == pytest.approx(single.low) and fivefold.high == pytest.approx(single.high)


def test_covers_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        taste = rng.beta(4, 6, 40)
        counts = np.array([[k, 10 - k] for k in rng.binomial(10, taste)])
        intervals = bootstrap_shares(counts, np.arange(40))
        hits += bool(intervals.low[0] <= 0.4 <= intervals.high[0])
    # The seeds are fixed, so this cannot flicker; the slow tests and `bench_coverage.py` look closer.
    assert 109 <= hits <= 119


@pytest.mark.parametrize("n_questions", range(MIN_QUESTIONS))
def test_refuses_few_questions_with_a_reason(n_questions: int) -> None:
    counts = np.ones((3 * n_questions, 2), dtype=np.int64)
    intervals = bootstrap_shares(counts, np.repeat(np.arange(n_questions), 3))
    assert intervals.refused is not None and str(n_questions) in intervals.refused
    assert np.all(np.isnan(intervals.low))
    assert intervals.n_questions == n_questions


def test_traces_without_anything_counted_do_not_count_as_questions() -> None:
    counts = np.array([[1, 1]] * 4 + [[0, 0]] * 8)
    intervals = bootstrap_shares(counts, np.arange(12))
    assert (intervals.n_questions, intervals.n_traces, intervals.n_counted) == (4, 4, 8)
    assert intervals.refused is not None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60))
def test_intervals_hold_their_share_and_stay_in_range(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, dtype=np.int64)
    intervals = bootstrap_shares(table[:, 1:], table[:, 0])
    if intervals.refused is None:
        assert np.all((intervals.low >= 0) & (intervals.high <= 1) & (intervals.low <= intervals.high))
        assert intervals.share.sum() == pytest.approx(1)
