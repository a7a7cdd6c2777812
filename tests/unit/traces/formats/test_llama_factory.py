"""LLaMA-Factory's predictions: rendered prompt, prediction, and a label that is the answer or a whole response."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats import llama_factory
from tests.support.imports.imported import read

CHATML = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n"
DEEPSEEK = "<｜begin▁of▁sentence｜><｜User｜>2+2?<｜Assistant｜>"


@pytest.mark.parametrize(
    ("prompt", "roles"),
    [
        (CHATML, ["system", "user"]),
        (DEEPSEEK, ["user"]),
        (DEEPSEEK + "<think>\n", ["user"]),
        ("user\n2+2?\nassistant\n", ["user"]),
        ("<start_of_turn>user\n2+2?<end_of_turn>\n<start_of_turn>model\n", []),
    ],
)
def test_the_prompt_is_kept_and_its_turns_are_read_where_the_template_is_known(prompt: str, roles: list[str]) -> None:
    (trace,), rejects = read(({"prompt": prompt, "predict": "4", "label": "4"},))
    assert rejects == []
    assert (trace.prompt, trace.response, trace.gold) == (prompt, "4", "4")
    assert [message.role for message in trace.messages] == roles
    assert trace.meta["import"]["format"] == "llama-factory"


def test_a_label_that_is_a_whole_response_is_no_answer() -> None:
    label = "<think>\nhm\n</think>\n\n4"
    (trace,), _ = read(({"prompt": CHATML, "predict": "4", "label": label},))
    assert trace.gold is None
    assert trace.meta["source"] == {"label": label}
    (trace,), _ = read(({"prompt": CHATML, "predict": "4", "label": "so " * 200},))
    assert trace.gold is None


def test_predictions_of_old_versions_have_no_prompt() -> None:
    (trace,), _ = read(({"label": "4", "predict": "5"},))
    assert (trace.response, trace.gold, trace.meta["import"]["question"]) == ("5", "4", "missing")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "predict": "4"},
        {"predict": "4", "label": "4", "probability": 1},
        {"predict": 4, "label": "4"},
        {"prompt": ["q"], "predict": "4", "label": "4"},
    ],
)
def test_other_predictions_are_not_claimed(row: dict[str, Any]) -> None:
    assert llama_factory.FORMAT.detect(row) is False
