"""Ollama: both endpoints, alone or with the request beside the reply."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of

LOGPROBS = [
    {"token": "{", "logprob": -0.5, "bytes": [123], "top_logprobs": [{"token": "{", "logprob": -0.5}]},
    {"token": "}", "logprob": -0.25, "bytes": [125]},
]
GENERATE = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "response": "{}", "done": True, "eval_count": 3}
CHAT = {"model": "m", "message": {"role": "assistant", "thinking": "{", "content": "}"}, "done": True}


@pytest.mark.parametrize("reply", [GENERATE, CHAT], ids=["generate", "chat"])
def test_one_list_of_what_is_thought_and_said(reply: dict[str, Any]) -> None:
    for value in ({**reply, "logprobs": LOGPROBS}, {"id": 9, "response": {**reply, "logprobs": LOGPROBS}}):
        (found,) = recordings_of(value, "f:1")
        assert found.texts == ["{", "}"] and found.raw == [b"{", b"}"]
        assert found.logprob.tolist() == [-0.5, -0.25]
        assert found.n_generated == reply.get("eval_count")
    assert found.keys == ("9",)


def test_without_logprobs_it_is_no_recording() -> None:
    assert recordings_of(GENERATE, "f:1") == recordings_of({**CHAT, "logprobs": []}, "f:1") == []
