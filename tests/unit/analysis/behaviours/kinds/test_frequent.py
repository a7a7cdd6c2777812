"""Frequent keys are never missed."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.kinds.frequent import Frequent


@pytest.mark.parametrize("fewest", [1, 3])
def test_every_key_that_is_frequent_in_all_parts_together_is_kept(fewest: int) -> None:
    rng = np.random.default_rng(0)
    drawn = (rng.zipf(1.5, 3_000) % 500).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
    frequent = Frequent(fewest)
    for part in np.array_split(drawn, 20):
        keys, first, n = np.unique(part, return_index=True, return_counts=True)
        frequent.add(keys, first, n, lambda places, part=part: [str(part[place]) for place in places])
    known, texts = frequent.known()
    assert texts == [str(key) for key in known.tolist()]
    keys, n = np.unique(drawn, return_counts=True)
    assert known.tolist() == keys[n >= fewest].tolist()


def test_keys_that_share_a_counter_are_kept_too_often_and_never_too_rarely() -> None:
    frequent = Frequent(3)
    same_counter = np.array([1 << 40, (1 << 40) + 1], np.uint64)
    frequent.add(same_counter, np.array([0, 1]), np.array([2, 1]), lambda places: [str(place) for place in places])
    assert frequent.known()[0].tolist() == same_counter.tolist()
