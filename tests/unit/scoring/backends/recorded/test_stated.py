"""What records state of their sampling, counted, worded, and held against what is known of servers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.records.stated import words_of
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from rdpt_core.scoring.backends.recorded.soundness import Doubt
from rdpt_core.scoring.backends.recorded.stated import is_unclear, stated_evidence, stated_of


def stating(*, is_prompt: bool = False, source: str = "r.jsonl:1", **stated: Any) -> Recording:
    sampling = Sampling(**stated) if stated else None
    return Recording(source, (), np.zeros(1, np.int32), np.zeros(1, np.float32), sampling=sampling, is_prompt=is_prompt)


def test_values_are_counted_with_those_that_say_nothing() -> None:
    recordings = [
        *[stating(temperature=0.6, top_p=0.95)] * 3,
        stating(temperature=1.0, server="vllm"),
        stating(),
    ]
    stated = stated_of(recordings)
    assert stated == {
        "temperature": {"values": [[0.6, 3], [1.0, 1]], "n_others": 0, "n_silent": 1},
        "top_p": {"values": [[0.95, 3]], "n_others": 0, "n_silent": 2},
        "server": {"values": [["vllm", 1]], "n_others": 0, "n_silent": 4},
    }
    assert words_of(stated) == "temperature 0.6 or 1 or not stated, top_p 0.95 or not stated, server vllm or not stated"
    assert stated_of([stating()]) == {}
    assert words_of({}) == ""


def test_a_seed_for_every_record_is_counted_and_not_listed() -> None:
    stated = stated_of([stating(seed=number) for number in range(20)] + [stating(seed=3)])
    assert stated["seed"]["values"][0] == [3, 2]
    assert len(stated["seed"]["values"]) == 8
    assert stated["seed"]["n_others"] == 12
    assert words_of(stated) == ""


@pytest.mark.parametrize(
    ("sampling", "temperature", "doubt"),
    [
        ({"mode": "raw_logits"}, None, Doubt.LOGITS),
        ({"mode": "processed_logits"}, 0.6, Doubt.LOGITS),
        ({"mode": "raw_logprobs", "temperature": 0.6, "server": "vllm"}, None, None),
        # In this mode the numbers are the model's only if nothing was changed.
        ({"mode": "processed_logprobs", "temperature": 1.0, "top_p": 1.0, "top_k": -1}, None, None),
        ({"mode": "processed_logprobs"}, None, Doubt.SCALED),
        ({"mode": "processed_logprobs"}, 1.0, None),
        ({"mode": "processed_logprobs"}, 0.6, None),
        ({"mode": "processed_logprobs", "temperature": 0.6}, None, Doubt.SCALED),
        ({"mode": "processed_logprobs", "temperature": 0.6}, 0.6, None),
        ({"mode": "processed_logprobs", "temperature": 0.6}, 1.0, Doubt.SCALED),
        ({"mode": "processed_logprobs", "temperature": 0.6}, 0.7, Doubt.SCALED),
        ({"mode": "processed_logprobs", "temperature": 0.6, "top_p": 0.95}, 0.6, Doubt.CUT),
        ({"mode": "processed_logprobs", "temperature": 1.0, "top_k": 20}, None, Doubt.CUT),
        ({"mode": "processed_logprobs", "temperature": 1.0, "min_p": 0.1}, None, Doubt.CUT),
        ({"mode": "post_sampling_probs", "temperature": 0.8, "server": "llama.cpp"}, None, Doubt.SCALED),
        ({"server": "sglang", "temperature": 0.6}, None, Doubt.SCALED),
        ({"server": "sglang", "temperature": 0.6}, 0.6, None),
        ({"server": "sglang", "temperature": 1.0}, None, None),
        ({"server": "sglang", "temperature": 0.0}, None, None),
        ({"server": "sglang"}, None, None),
        ({"server": "sglang", "temperature": 0.6, "is_prompt": True}, None, None),
        ({"server": "vllm", "temperature": 0.6, "top_p": 0.9}, None, None),
        ({"temperature": 0.6, "top_p": 0.9}, None, None),
        ({}, None, None),
    ],
)
def test_what_is_known_of_a_server_and_its_modes(
    sampling: dict[str, Any], temperature: float | None, doubt: Doubt | None
) -> None:
    found = stated_evidence([stating(), stating(source="r.jsonl:2", **sampling)], temperature)
    assert [evidence.doubt for evidence in found] == ([] if doubt is None else [doubt])
    assert all("1 of 2 recordings" in evidence.text and "r.jsonl:2" in evidence.text for evidence in found)


@pytest.mark.parametrize(
    ("sampling", "unclear"),
    [
        ({"temperature": 0.6}, True),
        ({"temperature": 0.0}, True),
        ({"temperature": 1.0, "top_p": 0.9}, True),
        ({"top_k": 20}, True),
        ({"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}, False),
        ({"temperature": 0.6, "server": "vllm"}, False),
        ({"temperature": 0.6, "server": "llama.cpp"}, False),
        ({"temperature": 0.6, "mode": "raw_logprobs"}, False),
        ({"temperature": 0.6, "server": "tgi"}, True),
        ({"temperature": 0.6, "is_prompt": True}, False),
        ({}, False),
    ],
)
def test_what_is_not_known_is_unclear(sampling: dict[str, Any], unclear: bool) -> None:
    assert is_unclear(stating(**sampling)) is unclear
