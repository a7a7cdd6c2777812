"""llama.cpp's native answers: as they are now, after the samplers, and as they were."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.spelling import spellings

NOW: list[dict[str, Any]] = [
    {"id": 62, "token": "N", "bytes": [78], "logprob": -2.5, "top_logprobs": [{"id": 9, "token": "", "logprob": -2.0}]},
    {"id": 128, "token": "数", "bytes": list("数".encode()), "logprob": -0.5, "top_logprobs": []},
    {"id": 2, "token": "", "bytes": [], "logprob": -0.125, "top_logprobs": []},
]


def answer(entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"content": "N数", "stop": True, "tokens_predicted": 5, "completion_probabilities": entries, **more}


def test_tokens_with_ids_bytes_and_logprobs() -> None:
    (found,) = recordings_of(answer(NOW, prompt="Say it."), "f:1")
    assert found.token_id.tolist() == [62, 128, 2] and found.raw == [b"N", "数".encode(), b""]
    assert found.logprob.tolist() == [-2.5, -0.5, -0.125]
    assert (found.n_generated, found.prompt, found.fault) == (5, "Say it.", None)


def test_alternatives_of_both_forms() -> None:
    entries = [{**NOW[0], "top_logprobs": [*NOW[0]["top_logprobs"], {"id": 62, "token": "N", "logprob": -2.5}]}]
    (found,) = recordings_of(answer(entries), "f:1")
    assert found.alternatives is not None and sorted(found.alternatives.logprob.tolist()) == [-2.5, -2.0]
    (found,) = recordings_of(answer([old("It", ("It", 0.5), ("That", 0.0))]), "f:1")
    assert found.alternatives is not None and found.n_impossible == 0
    assert sorted(found.alternatives.logprob.tolist()) == pytest.approx([-math.inf, math.log(0.5)])
    (found,) = recordings_of(answer([old("It", ("It", 0.0))]), "f:1")
    assert found.n_impossible == 1


@pytest.mark.parametrize("is_chat", [False, True])
def test_probabilities_after_the_samplers_are_refused_in_words(is_chat: bool) -> None:
    entries = [{"id": 62, "token": "N", "bytes": [78], "prob": 1.0, "top_probs": [{"id": 62, "prob": 1.0}]}]
    value = {"choices": [{"logprobs": {"content": entries}}]} if is_chat else answer(entries)
    (found,) = recordings_of(value, "f:1")
    assert found.fault is not None and "after the samplers (post_sampling_probs)" in found.fault


def old(content: str, *probs: tuple[str, float]) -> dict[str, Any]:
    return {"content": content, "probs": [{"tok_str": text, "prob": value} for text, value in probs]}


def test_the_old_form_has_the_token_among_the_likeliest_or_not_at_all() -> None:
    entries = [
        old("It", ("It", 0.5), ("That", 0.25)),
        old(" is", (" was", 0.75)),
        old("byte: \\xe6", ("byte: \\xe6", 1)),
        old("x", ("x", 0), ("y", 1.0)),
        old("2", ("2", True)),
    ]
    (found,) = recordings_of(answer(entries), "f:1")
    assert found.logprob[0] == pytest.approx(math.log(0.5)) and found.logprob[2] == 0.0
    assert np.isnan(found.logprob[[1, 3, 4]]).all()
    assert spellings(found, None)[0] == [b"It", b" is", b"\xe6", b"x", b"2"]


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        (None, "post_sampling_probs"),
        ({"temperature": 0.8}, "post_sampling_probs"),
        ({"temperature": 0, "repeat_penalty": 1.1}, "post_sampling_probs"),
        ({"temperature": 0, "grammar": "root ::= [0-9]"}, "post_sampling_probs"),
        ({"temperature": 0, "repeat_penalty": 1.0}, None),
    ],
)
def test_the_old_form_says_that_samplers_have_changed_it(settings: object, mode: str | None) -> None:
    (found,) = recordings_of(answer([old("It", ("It", 0.5))], generation_settings=settings), "f:1")
    assert (None if found.sampling is None else found.sampling.mode) == mode
