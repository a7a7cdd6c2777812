"""Several recordings of one response: alike within rounding, or different, and by how much."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.records import TokenLogprobs
from rdpt_core.scoring.backends.recorded.matching.agreement import AGREEMENT_NATS, disagreement, likeliest
from rdpt_core.scoring.backends.recorded.matching.fitting import Fit


def one(logprobs: list[float], ids: list[int] | None = None, width: int = 2) -> TokenLogprobs:
    start = np.arange(len(logprobs), dtype=np.int32) * width
    token_id = np.array(ids if ids is not None else [-1] * len(logprobs), dtype=np.int32)
    return TokenLogprobs(token_id, start, start + width, np.array(logprobs, dtype=np.float32))


@pytest.mark.parametrize("by", [0.0, 1e-5, AGREEMENT_NATS])
@pytest.mark.parametrize("at", [-0.002, -1.5, -16.7])
def test_numbers_that_differ_by_rounding_agree(by: float, at: float) -> None:
    assert disagreement([Fit(one([-1.0, at])), Fit(one([-1.0, at - by]))]) is None


def test_the_largest_difference_is_told() -> None:
    fits = [Fit(one([-1.0, -2.0])), Fit(one([-1.0, -2.0009])), Fit(one([-1.0, -1.9992]))]
    assert disagreement(fits[:2]) is None and disagreement(fits[::2]) is None
    # Each of them agrees with the first, and two of them do not agree with each other.
    assert disagreement(fits) == disagreement(fits[::-1]) == "differ by up to 0.0017 nats (token 1, character 2)"


def test_other_tokens_never_agree() -> None:
    nan = float("nan")
    assert disagreement([Fit(one([-1.0, -2.0])), Fit(one([-1.0, -2.0], width=3))]) == "are cut into other tokens"
    assert disagreement([Fit(one([-1.0], [4])), Fit(one([-1.0], [5]))]) == "are cut into other tokens"
    assert disagreement([Fit(one([-1.0], [4])), Fit(one([-1.0]))]) is None
    assert "which tokens" in str(disagreement([Fit(one([-1.0, nan])), Fit(one([-1.0, -2.0]))]))
    assert disagreement([Fit(one([-1.0, nan])), Fit(one([-1.0, nan]))]) is None
    assert disagreement([Fit(one([])), Fit(one([]))]) is None


def test_the_recording_with_the_least_doubt_is_used() -> None:
    exact, passed, cut = Fit(one([-1.0])), Fit(one([-1.0]), False), Fit(one([-1.0]), False, "cut")
    assert likeliest([(0, cut), (1, passed), (2, exact)]) == [(2, exact)]
    assert likeliest([(0, cut), (1, passed)]) == [(1, passed)]
    assert likeliest([(0, cut)]) == [(0, cut)]
