"""What records say about how they were sampled, wherever programs write it down; and nothing that they do not say."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.scoring.backends.recorded.forms.sampling import agreed, completed, sampling_of
from rdpt_core.scoring.backends.recorded.recording import Sampling


def said(record: dict[str, Any], body: dict[str, Any] | None = None) -> Sampling | None:
    return sampling_of(record, record if body is None else body)


def test_nothing_is_said() -> None:
    assert said({"id": "a", "choices": [{"message": {"temperature": 0.5}}]}) is None


@pytest.mark.parametrize(
    "holder",
    [
        "generation_settings",
        "sampling_params",
        "generation_config",
        "generationConfig",
        "parameters",
        "params",
        "config",
        "options",
        "extra_body",
        "request",
        "body",
    ],
)
def test_settings_are_found_in(holder: str) -> None:
    settings = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.01, "seed": 7, "logprobs_mode": "raw_logits"}
    assert said({holder: settings}) == Sampling(0.6, 0.95, 20, 0.01, 7, "raw_logits")


def test_settings_inside_a_request_are_found() -> None:
    request = {"body": {"temperature": 0.6, "extra_body": {"top_k": 20}}}
    assert said({"request": request, "response": {}}) == Sampling(temperature=0.6, top_k=20)
    assert said({"generationConfig": {"topP": 0.9, "topK": 40}}) == Sampling(top_p=0.9, top_k=40)


def test_the_reply_is_believed_before_the_request() -> None:
    body = {"temperature": 0.7, "choices": []}
    record = {"request": {"temperature": 0.2, "top_p": 0.9}, "response": {"body": body}}
    assert said(record, body) == Sampling(temperature=0.7, top_p=0.9)


@pytest.mark.parametrize(
    ("value", "read"),
    [(0, 0.0), ("0.6", 0.6), (True, None), ("", None), ("high", None), (None, None), ([0.6], None)]
    + [(float("nan"), None), (float("inf"), None), ("nan", None), (10**400, None)],
)
def test_numbers_alone_are_temperatures(value: Any, read: float | None) -> None:
    found = said({"temperature": value, "top_p": 0.5})
    assert found is not None and found.temperature == read


@pytest.mark.parametrize(
    ("value", "read"),
    [(2**64 - 1, 2**64 - 1), (str(2**63 + 1), 2**63 + 1), (42.0, 42), (4.5, None), ("x", None), (False, None)],
)
def test_seeds_keep_all_their_bits(value: Any, read: int | None) -> None:
    found = said({"seed": value, "top_p": 0.5})
    assert found is not None and found.seed == read


@pytest.mark.parametrize(
    ("reply", "server"),
    [
        ({"system_fingerprint": "vllm-0.32.0-f5e792d9"}, "vllm"),
        ({"system_fingerprint": "b6432-0a1b2c3d"}, "llama.cpp"),
        ({"system_fingerprint": "fp_44709d6fcb"}, None),
        ({"system_fingerprint": "beta-1"}, None),
        ({"metadata": {"weight_version": "default"}}, "sglang"),
        ({"metadata": {"user": "default"}}, None),
        ({"choices": [{"matched_stop": None}]}, "sglang"),
        ({"choices": [{"stop_reason": None}, 3]}, None),
    ],
)
def test_the_server_is_named_only_where_its_reply_tells(reply: dict[str, Any], server: str | None) -> None:
    found = said(reply)
    assert (found and found.server) == server


def test_what_a_form_tells_stands_before_what_is_found() -> None:
    assert sampling_of({}, {}, server="tgi") == Sampling(server="tgi")
    own, found = Sampling(mode="post_sampling_probs"), Sampling(temperature=0.6, mode="raw_logprobs")
    assert completed(own, found) == Sampling(temperature=0.6, mode="post_sampling_probs")
    assert completed(None, found) == found and completed(own, None) == own and completed(None, None) is None


def test_agreed_is_what_both_say() -> None:
    one = Sampling(temperature=0.6, top_p=0.9)
    assert agreed(one, Sampling(temperature=0.6, top_p=0.8, seed=1)) == Sampling(temperature=0.6)
