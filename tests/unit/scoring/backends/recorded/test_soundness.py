"""Proofs that recorded numbers are not a model's own: found where they are, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdpt_core.arrays import Doubles
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording
from rdpt_core.scoring.backends.recorded.soundness import Doubt, find_evidence, places_of, sum_error
from tests.unit.scoring.backends.recorded.conftest import log_softmax, recording_of, sampled_from

N_VOCABULARY = 600
LISTS = [2, 5, 20, 100, N_VOCABULARY]


def logits_of(seed: int, n_tokens: int = 400) -> Doubles:
    """From sure to undecided; some places are a plain choice between two or three tokens and hardly anything else."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_tokens, N_VOCABULARY)) * rng.uniform(0.5, 4, size=(n_tokens, 1))
    for row in logits[: n_tokens // 4]:
        row[rng.integers(0, N_VOCABULARY, 3)] += rng.uniform(10, 16)
    logits[n_tokens // 2 :, 7] += 12
    return logits


def own_ids(logprob: Doubles, seed: int = 1) -> list[int]:
    """Tokens sampled from a distribution, so that none of them has probability 0."""
    rng = np.random.default_rng(seed)
    return [int(rng.choice(N_VOCABULARY, p=np.exp(row) / np.exp(row).sum())) for row in logprob]


def doubts(*recordings: Recording, n_vocabulary: int | None = N_VOCABULARY) -> set[Doubt]:
    return {evidence.doubt for evidence in find_evidence(recordings, n_vocabulary)}


def plain(values: list[float], **more: Any) -> Recording:
    return Recording("r.jsonl:7", (), np.zeros(len(values), np.int32), np.array(values, np.float32), **more)


@pytest.mark.parametrize("n_decimals", [None, 4, 2])
@pytest.mark.parametrize("n_alternatives", LISTS)
def test_a_models_own_lists_raise_no_doubt(n_alternatives: int, n_decimals: int | None) -> None:
    logprob = log_softmax(logits_of(1))
    one = recording_of(logprob, own_ids(logprob), n_alternatives, n_decimals=n_decimals)
    assert doubts(one) == doubts(one, n_vocabulary=None) == set()


@pytest.mark.parametrize("with_zeros", [True, False])
@pytest.mark.parametrize(
    ("temperature", "top_p", "n_alternatives", "n_decimals"),
    [(0.6, 0.95, n, decimals) for n in LISTS for decimals in (None, 4)]
    + [(1.0, 0.95, 20, None), (1.0, 0.99, 100, None), (0.6, 0.95, 20, 5)],
)
def test_a_nucleus_is_seen_though_only_tokens_of_it_were_written(
    temperature: float, top_p: float, n_alternatives: int, n_decimals: int | None, with_zeros: bool
) -> None:
    logprob = sampled_from(logits_of(2), temperature, top_p)
    one = recording_of(logprob, own_ids(logprob), n_alternatives, n_decimals=n_decimals, with_zeros=with_zeros)
    assert one.n_impossible == 0
    assert doubts(one) == doubts(one, n_vocabulary=None) == {Doubt.CUT}


def test_the_likeliest_twenty_alone_are_seen_by_the_zeros_of_all_others() -> None:
    logprob = sampled_from(logits_of(3), top_k=20)
    ids = own_ids(logprob)
    assert doubts(recording_of(logprob, ids, N_VOCABULARY)) == {Doubt.CUT}


def test_entries_of_a_vocabulary_that_no_token_has_are_no_cut() -> None:
    logits = logits_of(4)
    logits[:, -100:] = -np.inf
    logprob = log_softmax(logits)
    assert doubts(recording_of(logprob, own_ids(logprob), N_VOCABULARY)) == set()


def test_a_temperature_alone_leaves_no_proof_in_a_full_list() -> None:
    logprob = sampled_from(logits_of(5), 0.6)
    assert doubts(recording_of(logprob, own_ids(logprob), N_VOCABULARY)) == set()


def test_one_written_token_of_probability_zero_is_proof() -> None:
    one, two = plain([-1.0] * 30), replace(plain([-1.0] * 30, n_impossible=1), source="r.jsonl:9")
    (evidence,) = find_evidence([one, two], None)
    assert evidence.doubt is Doubt.CUT
    assert evidence.text == ("1 of 60 written tokens have probability 0, which no model gives (first in r.jsonl:9)")


@pytest.mark.parametrize(
    ("n_zero", "n", "is_doubted"),
    [(80, 100, False), (90, 100, True), (89, 100, False), (20, 20, True), (19, 20, False), (19, 19, False)],
)
def test_too_many_exact_zeros_are_greedy_decoding(n_zero: int, n: int, is_doubted: bool) -> None:
    values = [0.0] * n_zero + [-0.5] * (n - n_zero)
    assert doubts(plain(values)) == ({Doubt.SCALED} if is_doubted else set())
    # Over the whole role, not one recording by one.
    assert doubts(plain(values), plain([-0.5] * 100)) == set()


def test_values_that_no_logprob_has() -> None:
    (evidence,) = find_evidence([plain([-1.0] * 30, n_above_zero=4)], None)
    assert evidence.doubt is Doubt.LOGITS
    assert "4 of 30 tokens have a value above 0" in evidence.text


@pytest.mark.parametrize(
    ("mean", "n_vocabulary", "is_doubted"), [(-26, 726, True), (-11, 726, False), (-18, None, False), (-20, None, True)]
)
def test_worse_than_guessing(mean: float, n_vocabulary: int | None, is_doubted: bool) -> None:
    values = [mean - 1.0, mean + 1.0] * 20
    assert doubts(plain(values), n_vocabulary=n_vocabulary) == ({Doubt.LOGITS} if is_doubted else set())
    assert doubts(plain(values[:18]), n_vocabulary=n_vocabulary) == set()


def test_logits_as_alternatives_add_up_to_more_than_one() -> None:
    logits = np.minimum(logits_of(6) - 3, 0)
    assert Doubt.LOGITS in doubts(recording_of(logits, [0] * len(logits), 20))


def test_a_stream_that_cannot_be_used_proves_nothing() -> None:
    assert doubts(replace(plain([0.0] * 200, n_impossible=9, n_above_zero=9), fault="no ids")) == set()
    assert doubts() == set()


def test_places_are_added_up_one_by_one() -> None:
    lists = [[], [-0.5], [], [-1.0, -np.inf, -2.0], []]
    start = np.cumsum([0, *map(len, lists)])
    places = places_of(Alternatives(start, np.array([value for one in lists for value in one], np.float32)))
    assert places.token.tolist() == [1, 3]
    assert places.n.tolist() == [1, 3]
    assert places.n_finite.tolist() == [1, 2]
    assert places.total == pytest.approx([np.exp(-0.5), np.exp(-1) + np.exp(-2)])
    assert places.smallest == pytest.approx([np.exp(-0.5), np.exp(-2)])
    assert len(places_of(Alternatives(np.zeros(4, np.int64), np.empty(0, np.float32))).token) == 0


@pytest.mark.parametrize("n_decimals", [1, 2, 3, 4, 5])
def test_the_error_of_a_sum_follows_from_the_decimals(n_decimals: int) -> None:
    values = np.random.default_rng(7).uniform(-1.9, 0, 500)
    assert sum_error(np.round(values, n_decimals).astype(np.float32)) == pytest.approx(2e-6 + 0.5 * 10**-n_decimals)
    assert sum_error(values.astype(np.float32)) == 2e-6


def test_a_written_token_that_stands_twice_in_its_list_makes_no_logits() -> None:
    logprob = log_softmax(logits_of(8))
    ids = own_ids(logprob)
    one = recording_of(logprob, ids, 20)
    assert one.alternatives is not None
    start, listed = one.alternatives.start, one.alternatives.logprob
    twice = np.insert(listed, start[:-1], logprob[np.arange(len(ids)), ids])
    assert doubts(replace(one, alternatives=Alternatives(start + np.arange(len(start)), twice))) == set()
