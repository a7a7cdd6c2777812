"""Checks that the replies of all dialects share."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rdpt_core.scoring.backends.served.dialects import DIALECTS
from rdpt_core.scoring.backends.served.dialects.base import (
    BadReplyError,
    NoLogprobsError,
    OtherTokensError,
    Sent,
    check_ids,
    make_answer,
)

SENT = Sent([7, 8, 9, 10], 2)


def test_what_stands_for_no_probability_is_no_number() -> None:
    answer = make_answer([-9999.0, -math.inf, math.nan, -2, -1e5], ["a", None, 3, "b", "c"])
    assert [math.isnan(value) for value in answer.logprob] == [True, True, True, False, True]
    assert answer.logprob[3] == -2.0
    assert answer.texts == ["a", "", "", "b", "c"]


def test_a_little_above_zero_is_rounding_and_much_is_not() -> None:
    assert make_answer([1e-6, -0.5], ["", ""]).logprob.tolist() == [0.0, -0.5]
    with pytest.raises(NoLogprobsError, match="token 1 is above 0 .*logits"):
        make_answer([-0.5, 0.5], ["", ""])


@pytest.mark.parametrize(
    ("value", "said"), [(None, "token 1 is null"), ("no", "no number"), (True, "no number"), (10**400, "out of range")]
)
def test_values_that_are_no_numbers(value: Any, said: str) -> None:
    with pytest.raises(BadReplyError, match=said):
        make_answer([-1.0, value], ["", ""])


def test_ids_that_are_not_told_are_not_compared() -> None:
    check_ids(None, [1, 2])
    check_ids([1, 2], [1, 2])
    for told, said in (([1, 3], "token 1 .* sent id 2, .* 3"), ([1], "the end"), ([1, 2, 3], "sent id nothing")):
        with pytest.raises(OtherTokensError, match=said):
            check_ids(told, [1, 2])
    with pytest.raises(BadReplyError, match="no list"):
        check_ids("1", [1, 2])


def test_every_request_leaves_probabilities_as_they_are() -> None:
    for dialect in DIALECTS["auto"]:
        body = dialect.request("m", SENT)
        sampling = body.get("sampling_params", body)
        told = [sampling[name] for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")]
        assert told == [1.0, 1.0, -1, 0.0, 1.0]
        assert dialect.optional <= body.keys()
        # Without them the request is whole.
        assert not dialect.optional & {"model", "prompt", "temperature", "top_p", "max_tokens", "echo", "logprobs"}


def test_teacher_scoring_is_tried_first_and_every_dialect_by_its_name() -> None:
    assert [dialect.name for dialect in DIALECTS["auto"]] == ["scoring", "vllm", "sglang", "echo", "echo"]
    assert all({dialect.name for dialect in DIALECTS[name]} == {name} for name in DIALECTS if name != "auto")
