"""Replies of vLLM read by hand: the numbers of the response and nothing else, or the reason why not."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.served.dialects.base import (
    BadReplyError,
    NoLogprobsError,
    OtherTokensError,
    Sent,
    UnknownToServerError,
)
from rdpt_core.scoring.backends.served.dialects.vllm import ScoringDialect, VllmDialect

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
    assert math.isnan(answer.logprob[1])


def test_vllm_takes_numbers_that_stand_alone() -> None:
    reply = vllm({"8": -1.0}, {"3": -0.1, "9": -2.0}, {"10": -3})
    answer = VllmDialect().read(reply, SENT)
    assert (answer.logprob.tolist(), answer.texts) == ([-2.0, -3.0], ["", ""])


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ([], BadReplyError, "no JSON object"),
        ({}, BadReplyError, "no choices"),
        ({"choices": [{}]}, BadReplyError, "expected 4 prompt_logprobs, got none"),
        (vllm(entry(8, -1.0)), BadReplyError, "expected 4 prompt_logprobs, got 2"),
        (vllm(entry(8, -1.0), None, entry(10, -1.0)), BadReplyError, r"prompt_logprobs\[2\] is no object"),
        (vllm(entry(8, -1.0), entry(9, None), entry(10, -1.0)), BadReplyError, "token 0 is null"),
        (vllm(entry(8, -1.0), {"9": True}, entry(10, -1.0)), BadReplyError, "token 0 is no number"),
        (vllm(entry(8, -1.0), entry(9, -1.0), entry(11, -1.0)), OtherTokensError, "token 3 .* sent id 10, .* 11"),
        (vllm(entry(8, -1.0), entry(9, -1.0), entry(10, -1.0), ids=[7, 8, 5, 10]), OtherTokensError, "token 2"),
    ],
)
def test_vllm_replies_that_cannot_be_used(reply: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        VllmDialect().read(reply, SENT)


def scores(values: Any, dtype: str = "<f4", ids: list[int] | None = None) -> dict[str, Any]:
    file = io.BytesIO()
    np.save(file, np.array(values, dtype=dtype))
    return {"prompt_token_id_logprobs": base64.b64encode(file.getvalue()).decode(), "prompt_token_ids": ids}


def test_scoring_asks_for_the_response_alone() -> None:
    body = ScoringDialect().request("m", SENT)
    assert body["token_ids"] == SENT.ids
    assert body["sampling_params"]["prompt_logprob_start"] == 1
    assert body["sampling_params"]["prompt_logprob_token_ids"] == [[9], [10]]


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_scoring_reads_one_value_a_response_token(dtype: str) -> None:
    answer = ScoringDialect().read(scores([[-2.0], [-0.5]], dtype, SENT.ids), SENT)
    assert (answer.logprob.tolist(), answer.logprob.dtype, answer.texts) == ([-2.0, -0.5], np.float32, ["", ""])
    answer = ScoringDialect().read(scores([[-math.inf], [1e-6]], dtype), SENT)
    assert math.isnan(answer.logprob[0]) and answer.logprob[1] == 0.0


def _with_header(header: str) -> dict[str, Any]:
    """A .npy that says this of itself and holds two numbers."""
    text = header.encode()
    data = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)
    return {"prompt_token_id_logprobs": base64.b64encode(data).decode()}


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        ([], BadReplyError, "no JSON object"),
        # A server that does not know what it was asked for.
        ({"choices": []}, UnknownToServerError, "no prompt_token_id_logprobs"),
        ({"prompt_token_id_logprobs": None}, BadReplyError, "is null"),
        ({"prompt_token_id_logprobs": [1]}, BadReplyError, "is no text"),
        ({"prompt_token_id_logprobs": "%%%"}, BadReplyError, "no base64 of a .npy"),
        ({"prompt_token_id_logprobs": base64.b64encode(b"PK\x03\x04").decode()}, BadReplyError, "no base64 of a .npy"),
        ({"prompt_token_id_logprobs": "A" * 5000}, BadReplyError, "expected 2 values, got 5,000 characters"),
        (scores([[-1.0]]), BadReplyError, r"shape \(2, 1\), got \(1, 1\)"),
        (scores([-1.0, -1.0]), BadReplyError, r"got \(2,\)"),
        (scores([[-1.0, -2.0], [-1.0, -2.0]]), BadReplyError, r"got \(2, 2\)"),
        (scores([[1], [2]], "<i4"), BadReplyError, "of int32"),
        (_with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}\n"), None, ""),
        (_with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1)}\n"), BadReplyError, "float64"),
        # Objects would be unpickled, and a shape of its own choice would be allocated.
        (_with_header("{'descr': '|O', 'fortran_order': False, 'shape': (2, 1)}\n"), BadReplyError, "object"),
        (_with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (10**12, 1)}\n"), BadReplyError, "no base64"),
        (_with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999, 1)}\n"), BadReplyError, "9999999"),
        (_with_header("__import__('os')"), BadReplyError, "no base64"),
        (scores([[-1.0], [3.0]]), NoLogprobsError, "token 1 is above 0"),
        (scores([[-1.0], [-1.0]], ids=[7, 8, 9, 11]), OtherTokensError, "token 3"),
    ],
)
def test_scoring_replies_that_cannot_be_used(reply: Any, error: type[Exception] | None, said: str) -> None:
    if error is None:
        assert ScoringDialect().read(reply, SENT).logprob.tolist() == [0.0, 0.0]
        return
    with pytest.raises(error, match=said):
        ScoringDialect().read(reply, SENT)
