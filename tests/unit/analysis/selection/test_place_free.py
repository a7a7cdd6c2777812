"""Orders by hash: published numbers of SplitMix64, and permutations that look random whatever the hashes are."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.selection.place_free import mixed, turns, uniform


def test_mixed_is_splitmix64() -> None:
    # The first outputs of the generator that starts from 1234567, as the public reference code prints them.
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + k * golden) % 2**64 for k in range(3)], np.uint64)
    assert mixed(states, 0).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_numbers_of_consecutive_hashes_look_uniform_and_change_with_the_seed() -> None:
    hashes = np.arange(20_000, dtype=np.uint64)
    first, second = uniform(hashes, 0), uniform(hashes, 1)
    assert first.min() >= 0 and first.max() < 1
    counts = np.histogram(first, bins=20, range=(0, 1))[0]
    # χ² with 19 degrees of freedom: above 44 once in a thousand times.
    assert ((counts - 1000) ** 2 / 1000).sum() < 44
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_turns_are_a_permutation_that_follows_the_hashes() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 50).astype(np.uint64)
    turn = turns(hashes, 3)
    assert sorted(turn.tolist()) == list(range(50))
    assert turns(hashes[::-1], 3).tolist() == turn[::-1].tolist()
    assert turns(hashes, 4).tolist() != turn.tolist()
