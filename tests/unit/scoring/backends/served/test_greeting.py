"""When two answers to the greeting are one model's, and what a database may hold instead of one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdpt_core.errors import ModelError
from rdpt_core.scoring.backends.served.dialects import Answer
from rdpt_core.scoring.backends.served.greeting import ServedAs, check_level, check_same_model, check_spelling

MET = ServedAs("http://127.0.0.1:1", "vllm", (-1.0, -2.0, None, -0.5))


def test_what_is_stored_comes_back() -> None:
    answer = Answer(np.array([-1.00004, -2.0, math.nan, -0.5], dtype=np.float32), [])
    assert ServedAs.of(MET.address, MET.dialect, answer) == MET
    assert ServedAs.from_json(MET.to_json()) == MET


@pytest.mark.parametrize(
    "stored",
    [None, 3, [], {}, {**MET.to_json(), "address": 1}, {**MET.to_json(), "logprobs": "x"}]
    + [{**MET.to_json(), "logprobs": [value]} for value in ("-1", math.nan, [1], 10**400)],
)
def test_anything_else_is_no_answer(stored: Any) -> None:
    assert ServedAs.from_json(stored) is None


@pytest.mark.parametrize(
    ("logprobs", "is_same"),
    [
        ((-1.0, -2.0, None, -0.5), True),
        ((-1.04, -1.96, None, -0.54), True),  # 0.04 nats a token
        ((-1.06, -1.94, None, -0.56), False),
        ((-1.0, -2.0, -3.0, -0.5), False),
        ((-1.0, -2.0, None), False),
        ((None, None, None, None), False),
    ],
)
def test_the_mean_distance_decides(logprobs: tuple[float | None, ...], is_same: bool) -> None:
    now = replace(MET, address="http://127.0.0.1:2", dialect="echo", logprobs=logprobs)
    if is_same:
        check_same_model(now, MET, "teacher")
    else:
        with pytest.raises(ModelError, match="answers otherwise.*teacher at http://127.0.0.1:2"):
            check_same_model(now, MET, "teacher")


def test_who_was_never_met_is_nobody() -> None:
    with pytest.raises(ModelError, match="others altogether"):
        check_same_model(MET, None, "teacher")


def test_numbers_far_below_a_guess_are_no_logprobs() -> None:
    for mean, refused in ((-1.0, False), (-16.0, False), (-17.0, True), (-26.0, True)):
        answer = Answer(np.array([mean - 1, mean + 1, math.nan], dtype=np.float32), [])
        if not refused:
            check_level(answer, 726, "m")
            continue
        with pytest.raises(ModelError, match="no logprobs") as caught:
            check_level(answer, 726, "m")
        assert "logprobs-mode" in str(caught.value) and f"{mean:.1f} nats" in str(caught.value)
    # A larger vocabulary makes a guess less likely.
    check_level(Answer(np.array([-20.0], dtype=np.float32), []), 150_000, "m")
    check_level(Answer(np.array([math.nan], dtype=np.float32), []), 726, "m")


def test_other_spellings_are_another_tokenizer() -> None:
    value = np.array([-1.0, -1.0], dtype=np.float32)
    for texts in (
        ["One, two, three,", " and so on."],
        ["One,▁two,▁three,", "▁and▁so▁on."],
        ["", ""],
        ["", "x"],
        ["é", "x"],
    ):
        check_spelling(Answer(value, texts), "m", str)
    with pytest.raises(ModelError, match=r"another tokenizer.*TWO,THREE"):
        check_spelling(Answer(value, ["Two, ", "three"]), "m", str.upper)
