"""Gemini: names of the API and of its SDK, and what is no list of tokens."""

from __future__ import annotations

import json

import numpy as np

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID

CHOSEN = [
    {"token": "It", "tokenId": 1509, "logProbability": -0.25},
    {"token": " is", "tokenId": 563, "logProbability": 0},
    {"token": " 4"},
]


def test_the_chosen_tokens_of_every_candidate() -> None:
    candidates = [
        {"index": 0, "avgLogprobs": -0.1, "logprobsResult": {"chosenCandidates": CHOSEN, "logProbabilitySum": -0.25}},
        {"index": 1, "logprobsResult": {"chosenCandidates": CHOSEN[:1]}},
        {"index": 2, "avgLogprobs": -0.3},
    ]
    first, second = recordings_of({"responseId": "r1", "candidates": candidates}, "f:1")
    assert first.texts == ["It", " is", " 4"] and first.keys == ("r1",)
    assert first.token_id.tolist() == [1509, 563, UNKNOWN_ID]
    # What is missing is not zero.
    assert first.logprob[:2].tolist() == [-0.25, 0.0] and np.isnan(first.logprob[2])
    assert second.texts == ["It"]


def test_names_of_the_sdk_and_of_batches() -> None:
    chosen = [{"token": "It", "token_id": 1509, "log_probability": -0.25}]
    body = {"candidates": [{"finish_reason": "STOP", "logprobs_result": {"chosen_candidates": chosen}}]}
    for value in (body, {"key": "t3", "response": body}, {"key": "t3", "response": json.dumps(body)}):
        (found,) = recordings_of(value, "f:1")
        assert (found.texts, found.token_id.tolist(), found.logprob.tolist()) == (["It"], [1509], [-0.25])
    assert found.keys == ("t3",)


def test_a_mean_is_no_recording() -> None:
    assert recordings_of({"candidates": [{"avgLogprobs": -0.1, "content": {"parts": [{"text": "4"}]}}]}, "f:1") == []
