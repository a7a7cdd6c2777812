"""What both sides of the seam hold stands there once, and what neither holds is put into the prompt."""

from __future__ import annotations

import pytest

from rdpt_core.scoring.models.prompts.seam import closed_thinking, joined, open_thinking

HARMONY = "{{ '<|start|>assistant<|channel|>analysis<|message|>' }}<|start|>assistant"
SOLAR = "{{ '<|begin|>assistant<|think|>' }}<|begin|>assistant"
RECIPIENTS = "{{ '<|start|>assistant to=self<|message|>' }}<|start|>assistant"
FINAL = "<|end|><|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    "opening",
    [
        "<think>",
        "<thought>",
        "[THINK]",
        "<|START_THINKING|>",
        "<seed:think>",
        "<|channel>thought",
        "<|begin_of_thought|>",
        "<|channel|>analysis<|message|>",
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_a_thinking_block_is_opened_once(opening: str, end: str) -> None:
    assert joined(f"Q{opening}{end}", f"\n{opening}\nHm.", "") == "Q"
    assert joined(f"Q{opening}{end}", "Hm.", "") == f"Q{opening}{end}"
    assert joined(f"Q{opening}{end}", "<other>Hm.", "") == f"Q{opening}{end}"
    assert joined("Q", f"{opening}\nHm.", "") == "Q"


@pytest.mark.parametrize(
    ("template", "response", "expected"),
    [
        (HARMONY, f"<|channel|>analysis<|message|>Hm.{FINAL}It.", ""),
        (HARMONY, " to=functions.f<|channel|>commentary<|message|>{}", ""),
        (HARMONY, f"Hm.{FINAL}It.", "<|channel|>analysis<|message|>"),
        (HARMONY, "<think>\nHm.\n</think>\nIt.", "<|channel|>analysis<|message|>"),
        (HARMONY, "Hm.</think>It.", "<|channel|>analysis<|message|>"),
        (HARMONY, "It.", "<|channel|>final<|message|>"),
        (SOLAR, "<|think|>Hm.<|end|><|begin|>assistant<|content|>It.", ""),
        (SOLAR, "<think>Hm.</think>It.", "<|think|>"),
        (SOLAR, "It.", "<|content|>"),
        (RECIPIENTS, " to=self<|message|>Hm.", ""),
        (RECIPIENTS, "<think>Hm.</think>It.", " to=self<|message|>"),
        (RECIPIENTS, "It.", " to=user<|message|>"),
        ("<|start|>assistant", "It.", ""),
    ],
)
def test_a_turn_gets_the_header_that_its_response_lacks(template: str, response: str, expected: str) -> None:
    prompt = "Q<|begin|>assistant" if template == SOLAR else "Q<|start|>assistant"
    assert joined(prompt, response, template) == prompt + expected


def test_a_turn_begins_once() -> None:
    response = f"<|start|>assistant<|channel|>analysis<|message|>Hm.{FINAL}It."
    assert joined("Q<|start|>assistant", response, HARMONY) == "Q"


@pytest.mark.parametrize(
    ("prompt", "closed", "opened"),
    [
        ("A<think></think>", "<think></think>", None),
        ("A<think>\n\n</think>\n\n", "<think>\n\n</think>", None),
        ("A</think>", "</think>", None),
        ("A<|channel>thought\n<channel|>", "<|channel>thought\n<channel|>", None),
        ("A<|START_THINKING|><|END_THINKING|>", "<|START_THINKING|><|END_THINKING|>", None),
        ("A<seed:think>\nNone.\n</seed:think>\n", "</seed:think>", None),
        ("A<think>\n", None, "<think>"),
        ("A<think> B", None, None),
        ("", None, None),
    ],
)
def test_the_end_of_a_prompt_is_read(prompt: str, closed: str | None, opened: str | None) -> None:
    assert closed_thinking(prompt) == closed
    assert open_thinking(prompt) == opened
