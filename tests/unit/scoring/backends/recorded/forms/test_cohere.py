"""Cohere: pieces of one token have a text, pieces of several have only ids."""

from __future__ import annotations

from typing import Any

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of


def reply(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c1", "finish_reason": "COMPLETE", "message": {"role": "assistant"}, "logprobs": list(pieces)}


def test_a_token_for_each_piece() -> None:
    pieces = [{"text": "It", "token_ids": [5], "logprobs": [-0.5]}, {"text": " is", "token_ids": [6], "logprobs": [0]}]
    (found,) = recordings_of(reply(*pieces), "f:1")
    assert (found.texts, found.token_id.tolist(), found.logprob.tolist()) == (["It", " is"], [5, 6], [-0.5, 0.0])
    assert found.keys == ("c1",) and found.fault is None


def test_several_tokens_in_a_piece_have_only_ids() -> None:
    (found,) = recordings_of(reply({"text": "It is", "token_ids": [5, 6], "logprobs": [-0.5, -0.25]}), "f:1")
    assert found.texts is None and found.token_id.tolist() == [5, 6] and found.logprob.tolist() == [-0.5, -0.25]


def test_a_piece_whose_lists_differ_is_a_fault() -> None:
    good = {"text": "It", "token_ids": [5], "logprobs": [-0.5]}
    (found,) = recordings_of(reply(good, {"text": " is", "token_ids": [6, 7], "logprobs": [-1.0]}), "f:1")
    assert found.fault == "piece 1 of the recording has 2 token_ids and 1 logprobs"
    (found,) = recordings_of(reply(good, {"text": " is", "token_ids": [6]}), "f:1")
    assert found.fault == "piece 1 of the recording has 1 token_ids and 0 logprobs"
