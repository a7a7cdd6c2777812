"""Reasoning is put back as the family of the model spells it, and truncation is seen."""

from __future__ import annotations

import pytest

from rdpt_core.traces.formats.reasoning import put_back
from rdpt_core.traces.thinking import TAGS, split_thinking, starts_inside_thinking, truncation


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("deepseek-r1", "<think>\nR\n</think>\n\nA"),
        ("magistral-medium-2507", "[THINK]R[/THINK]A"),
        ("openai/gpt-oss-20b", "<|channel|>analysis<|message|>R<|end|><|start|>assistant<|channel|>final<|message|>A"),
        (
            "Sky-T1-32B",
            "<|begin_of_thought|>\n\nR\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nA\n\n<|end_of_solution|>",
        ),
        (
            "CohereLabs/command-a-reasoning-08-2025",
            "<|START_THINKING|>R<|END_THINKING|><|START_RESPONSE|>A<|END_RESPONSE|>",
        ),
        ("google/gemma-4-31B-it", "<|channel>thought\nR\n<channel|>A"),
        ("MiniMax-M3", "<mm:think>R</mm:think>A"),
        ("MiniMax-M2", "<think>\nR\n</think>\n\nA"),
        ("upstage/Solar-Open-100B", "<|think|>R<|end|><|begin|>assistant<|content|>A"),
        (None, "<think>\nR\n</think>\n\nA"),
    ],
)
def test_reasoning_is_put_back_in_the_familys_spelling(model: str | None, expected: str) -> None:
    response, meta = put_back([("reasoning", "R"), ("text", "A")], model)
    assert response.text == expected
    assert meta is not None
    assert "".join(text for text, is_from_source in response.pieces if is_from_source) == "RA"


def test_line_breaks_that_the_source_kept_are_not_doubled() -> None:
    response, _ = put_back([("reasoning", "\nR\n"), ("text", "\n\nA")], "qwen3")
    assert response.text == "<think>\nR\n</think>\n\nA"


@pytest.mark.parametrize(
    ("response", "finish", "expected"),
    [
        ("4", "stop", None),
        ("4", "length", "token limit"),
        ("<think>\nhm", None, "never ends"),
        ("hm</think>", None, "no answer"),
        ("hm</think>4", None, None),
        (" \n", None, "empty"),
    ],
)
def test_truncation_is_seen(response: str, finish: str | None, expected: str | None) -> None:
    found = truncation(response, None, finish, False)
    assert found == expected or (found is not None and expected is not None and expected in found)


def test_thinking_opened_by_the_prompt_counts() -> None:
    assert split_thinking("hm", "2+2?<think>\n") == ("hm", None)
    assert split_thinking("hm</think>4") == ("hm", "4")
    assert split_thinking("4") == (None, "4")


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_every_spelling_is_cut_into_thinking_and_answer(opening: str, closing: str) -> None:
    assert split_thinking(f"{opening}\nR\n{closing}A") == (f"{opening}\nR\n", "A")
    assert split_thinking(f"\n{opening}R") == (f"\n{opening}R", None)
    assert split_thinking("R", f"Q{opening}\n") == ("R", None)
    assert starts_inside_thinking(f"R{closing}A")
    assert not starts_inside_thinking(f"{opening}R{closing}A")


@pytest.mark.parametrize(
    "response",
    [
        "<|START_THINKING|>R<|END_THINKING|><|START_RESPONSE|>A",
        "<|channel>thought\nR\n<channel|>A",
        "<reasoning>R</reasoning>A",
        "<|open|>think<|sep|>R<|close|>think<|sep|>A",
    ],
)
def test_spellings_of_new_families_are_known(response: str) -> None:
    thinking, answer = split_thinking(response)
    assert thinking is not None and answer is not None and answer.endswith("A")
