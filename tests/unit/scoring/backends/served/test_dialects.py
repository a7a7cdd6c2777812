"""Replies read by hand: the numbers of the response and nothing else, or the reason why not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.served.dialects import (
    BadReplyError,
    EchoDialect,
    OtherTokensError,
    Sent,
    SglangDialect,
    VllmDialect,
)

SENT = Sent([7, 8, 9, 10], 2)


def vllm(*entries: Any, ids: list[int] | None = None) -> dict[str, Any]:
    return {"choices": [{"prompt_token_ids": ids, "prompt_logprobs": [None, *entries]}]}


def entry(token_id: int, logprob: Any, **more: Any) -> dict[str, Any]:
    return {str(token_id): {"logprob": logprob, "rank": 1, "decoded_token": "x"}, **more}


def test_vllm_takes_the_sent_token_among_others() -> None:
    others = {"3": {"logprob": -0.01, "rank": 1}}
    reply = vllm(entry(8, -1.0), {**others, **entry(9, -2.0)}, entry(10, -9999.0), ids=SENT.ids)
    answer = VllmDialect().read(reply, SENT)
    assert answer.logprob[0] == -2.0
    # What stands for minus infinity is no number.
    assert math.isnan(answer.logprob[1])


def test_a_little_above_zero_is_rounding_and_much_is_not() -> None:
    answer = VllmDialect().read(vllm(entry(8, -1.0), entry(9, 1e-6), entry(10, -0.5)), SENT)
    assert answer.logprob.tolist() == [0.0, -0.5]
    with pytest.raises(BadReplyError, match="above 0"):
        VllmDialect().read(vllm(entry(8, -1.0), entry(9, 0.5), entry(10, -0.5)), SENT)


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ([], BadReplyError, "no JSON object"),
        ({}, BadReplyError, "no choices"),
        ({"choices": [{}]}, BadReplyError, "expected 4 prompt_logprobs, got none"),
        (vllm(entry(8, -1.0)), BadReplyError, "expected 4 prompt_logprobs, got 2"),
        (vllm(entry(8, -1.0), entry(9, None), entry(10, -1.0)), BadReplyError, "token 0 is null"),
        (vllm(entry(8, -1.0), entry(9, "no"), entry(10, -1.0)), BadReplyError, "token 0 is no number"),
        (vllm(entry(8, -1.0), entry(9, -1.0), entry(11, -1.0)), OtherTokensError, "token 3 .* sent id 10, .* 11"),
        (vllm(entry(8, -1.0), entry(9, -1.0), entry(10, -1.0), ids=[7, 8, 5, 10]), OtherTokensError, "token 2"),
        (vllm(entry(8, -1.0), entry(9, -1.0), entry(10, -1.0), ids=[7, 8, 9]), OtherTokensError, "the end"),
    ],
)
def test_vllm_replies_that_cannot_be_used(reply: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        VllmDialect().read(reply, SENT)


def test_echo_drops_what_was_generated() -> None:
    lists = {"tokens": ["a", "b", "c", "d", "e"], "token_logprobs": [None, -1.0, -2.0, -3.0, -4.0]}
    answer = EchoDialect(1).read({"choices": [{"logprobs": lists}]}, SENT)
    assert answer.logprob.tolist() == [-2.0, -3.0]
    assert answer.texts == ["c", "d"]
    with pytest.raises(BadReplyError, match="expected 4 token_logprobs, got 5"):
        EchoDialect(0).read({"choices": [{"logprobs": lists}]}, SENT)


def test_sglang_begins_at_the_last_prompt_token_whose_own_may_be_null() -> None:
    entries: list[list[Any]] = [[None, 8, "b"], [-2.0, 9, "c"], [-3.0, 10, None]]
    answer = SglangDialect().read({"meta_info": {"input_token_logprobs": entries}}, SENT)
    assert np.array_equal(answer.logprob, np.array([-2.0, -3.0], dtype=np.float32))
    assert SglangDialect().request("m", SENT)["logprob_start_len"] == 1
    entries[2] = [-3.0, 11, "d"]
    with pytest.raises(OtherTokensError, match="token 3"):
        SglangDialect().read({"meta_info": {"input_token_logprobs": entries}}, SENT)
