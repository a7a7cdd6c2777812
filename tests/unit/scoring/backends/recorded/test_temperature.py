"""A temperature undone: exactly where everything was recorded, within its bound elsewhere, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.arrays import Doubles
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording
from rdpt_core.scoring.backends.recorded.temperature import MOST_ERROR_NATS, undo_temperature
from tests.unit.scoring.backends.recorded.conftest import log_softmax, recording_of, sampled_from

N_VOCABULARY = 300


def logits_of(seed: int, n_tokens: int = 200, *, spread: float = 3.0) -> Doubles:
    return np.random.default_rng(seed).normal(size=(n_tokens, N_VOCABULARY)) * spread


def ids_of(seed: int, n_tokens: int = 200) -> list[int]:
    return list(map(int, np.random.default_rng(seed).integers(0, N_VOCABULARY, n_tokens)))


@pytest.mark.parametrize("temperature", [0.3, 0.6, 0.9, 1.3, 2.0])
@pytest.mark.parametrize("n_vocabulary", [N_VOCABULARY, None])
def test_with_the_whole_vocabulary_it_is_exact(temperature: float, n_vocabulary: int | None) -> None:
    logits, ids = logits_of(1), ids_of(1)
    scaled = recording_of(sampled_from(logits, temperature), ids, N_VOCABULARY)
    undone = undo_temperature([scaled], temperature, n_vocabulary)
    want = log_softmax(logits)[np.arange(len(ids)), ids]
    assert undone.recordings[0].logprob == pytest.approx(want, abs=1e-5)
    assert (undone.n_undone, undone.n_left) == (len(ids), 0)


@pytest.mark.parametrize("temperature", [0.6, 0.9, 1.2, 2.0])
@pytest.mark.parametrize("n_alternatives", [5, 50, 200, N_VOCABULARY - 1])
@pytest.mark.parametrize("spread", [1.0, 4.0, 9.0])
def test_with_a_part_of_it_what_is_given_is_within_the_bound(
    temperature: float, n_alternatives: int, spread: float
) -> None:
    logits, ids = logits_of(2, spread=spread), ids_of(2)
    scaled = recording_of(sampled_from(logits, temperature), ids, n_alternatives)
    undone = undo_temperature([scaled], temperature, N_VOCABULARY)
    found, want = undone.recordings[0].logprob, log_softmax(logits)[np.arange(len(ids)), ids]
    is_known = np.isfinite(found)
    assert np.all(np.abs(found - want)[is_known] <= MOST_ERROR_NATS + 1e-5)
    assert undone.n_undone == is_known.sum()
    assert undone.n_left == len(ids) - is_known.sum()


def test_the_bound_lets_through_what_is_sure_and_nothing_else() -> None:
    """By hand: p' = 1 - 1e-5 and 1e-5 - 1e-9 at T = 2. What is missing has at most (1e-9 + 2e-6)² in all."""
    sure = Alternatives(np.array([0, 2, 3]), np.log([1 - 1e-5, 1e-5 - 1e-9, 0.9]).astype(np.float32))
    one = Recording("r", (), np.zeros(2, np.int32), np.log([1e-5 - 1e-9, 0.9]).astype(np.float32), alternatives=sure)
    (undone,) = undo_temperature([one], 2.0, 50_000).recordings
    assert undone.logprob[0] == pytest.approx(2 * np.log(1e-5), abs=1e-3)
    assert np.isnan(undone.logprob[1])
    # Below 1, the tail's many tokens gain: 150,000 of them may hold far more than 1e-3.
    assert undo_temperature([one], 0.6, 150_000).n_undone == 0


@pytest.mark.parametrize(("temperature", "is_known"), [(0.6, False), (1.5, True)])
def test_an_unknown_vocabulary_has_a_bound_above_one_only(temperature: float, is_known: bool) -> None:
    lists = [np.log([1 - 2e-5, 1e-5]), np.log([1 - 2e-5, 1e-5, 1e-5])]
    ends = np.cumsum([0, 2, 3])
    one = Recording(
        "r",
        (),
        np.zeros(2, np.int32),
        np.array([lists[0][0], lists[1][0]], np.float32),
        alternatives=Alternatives(ends, np.concatenate(lists).astype(np.float32)),
    )
    assert undo_temperature([one], temperature, None).n_undone == (2 if is_known else 0)


def test_tokens_without_a_logprob_or_alternatives_stay_without() -> None:
    logits, ids = logits_of(3), ids_of(3)
    whole = recording_of(sampled_from(logits, 0.6), ids, N_VOCABULARY)
    whole.logprob[:10] = np.nan
    bare = recording_of(sampled_from(logits, 0.6), ids, None)
    undone = undo_temperature([whole, bare], 0.6, N_VOCABULARY)
    assert np.isnan(undone.recordings[0].logprob[:10]).all()
    assert np.isnan(undone.recordings[1].logprob).all()
    # Of the first ten nothing was lost.
    assert (undone.n_undone, undone.n_left) == (190, 200)


def test_lists_that_are_no_probabilities_are_not_used() -> None:
    logits, ids = logits_of(4), ids_of(4)
    assert undo_temperature([recording_of(np.minimum(logits, 0), ids, 20)], 1.5, N_VOCABULARY).n_undone == 0


def test_the_input_is_left_as_it_was() -> None:
    logits, ids = logits_of(5), ids_of(5)
    one = recording_of(sampled_from(logits, 0.6), ids, N_VOCABULARY)
    before = one.logprob.copy()
    undo_temperature([one], 0.6, N_VOCABULARY)
    assert np.array_equal(one.logprob, before)
