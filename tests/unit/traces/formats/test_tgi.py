"""Text Generation Inference: with the prompt a trace, without it a recording."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.errors import InputError
from tests.support.imports.imported import read

OUTPUT: dict[str, Any] = {"generated_text": "4", "details": {"finish_reason": "eos_token", "tokens": []}}


@pytest.mark.parametrize(
    "record",
    [
        {**OUTPUT, "inputs": "2+2="},
        {**OUTPUT, "prompt": "2+2="},
        {"request": {"inputs": "2+2="}, "response": OUTPUT},
        {"request": {"inputs": "2+2="}, "response": [OUTPUT]},
    ],
)
def test_prompts_beside_and_in_requests_are_found(record: dict[str, Any]) -> None:
    (trace,), rejects = read((record,))
    assert rejects == []
    assert (trace.response, trace.prompt, trace.messages[0].content) == ("4", "2+2=", "2+2=")
    assert trace.meta["import"]["finish_reason"] == "eos_token"


def test_the_sequences_of_best_of_are_samples() -> None:
    others = [{"generated_text": "5", "finish_reason": "length"}, 3]
    details = {"finish_reason": "eos_token", "best_of_sequences": others}
    traces, rejects = read(({"generated_text": "4", "inputs": "2+2=", "details": details},))
    assert [(t.response, t.sample, t.meta.get("truncated")) for t in traces] == [
        ("4", 0, None), ("5", 1, "stopped at the token limit")]  # fmt: skip
    assert [r.reason for r in rejects] == ["a sequence must be an object; got a number"]


def test_without_a_prompt_it_is_a_recording() -> None:
    with pytest.raises(InputError, match="log-probabilities"):
        read((OUTPUT,))
