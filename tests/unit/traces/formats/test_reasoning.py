"""Reasoning is put back as the family of the model spells it, and truncation is seen."""

from __future__ import annotations

import pytest

from rdpt_core.traces.formats.reasoning import as_cut, continuing, put_back
from rdpt_core.traces.thinking import SPELLINGS, TAGS, is_cut_off, split_thinking, starts_inside_thinking, truncation


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
    assert "".join(text for text, origin in response.pieces if origin == "source") == "RA"


def test_line_breaks_that_the_source_kept_are_not_doubled() -> None:
    response, _ = put_back([("reasoning", "\nR\n"), ("text", "\n\nA")], "qwen3")
    assert response.text == "<think>\nR\n</think>\n\nA"


MODELS = ("deepseek-r1", "magistral-small", "gpt-oss-20b", "seed-oss", "exaone-deep", "command-a", "gemma-4",
          "minimax-m3", "solar-open", "sky-t1", "marco-o1")  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_thinking_that_nothing_follows_is_opened_and_not_closed(model: str) -> None:
    response, meta = put_back([("reasoning", "R")], model)
    assert meta is not None
    (opening,) = meta["added"]
    assert response.text == f"{opening}R"
    assert meta["closing"] == "not known"
    cut, of_cut = as_cut(response, meta)
    assert cut == response
    assert of_cut is not None and of_cut["closing"] == "cut"


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_was_cut_gets_no_mark_of_its_end(model: str) -> None:
    response, meta = put_back([("reasoning", "R"), ("text", "A")], model)
    cut, of_cut = as_cut(response, meta)
    assert cut.text.endswith("A")
    assert response.text.startswith(cut.text)
    assert of_cut is not None and of_cut["added"] == [text for text, origin in cut.pieces if origin == "added"]
    assert "closing" not in of_cut


def test_all_spellings_with_a_mark_of_the_end_are_tried() -> None:
    tried = {put_back([("reasoning", "R")], model)[1]["spelling"] for model in MODELS}  # type: ignore[index]
    assert tried == {spelling.family for spelling in SPELLINGS}


def test_what_has_no_reasoning_is_left_as_it_is_when_it_was_cut() -> None:
    response, meta = put_back([("text", "A")], "marco-o1", redacted=1)
    assert as_cut(response, meta) == (response, meta)
    assert as_cut(response, None) == (response, None)


def test_a_thinking_that_the_beginning_opened_is_not_opened_again() -> None:
    response, meta = put_back([("reasoning", "R"), ("text", "A")], "qwen3")
    inside, of_inside = continuing(response, meta, "<think>\n", True)
    assert inside.pieces[0] == ("<think>\n", "prefilled")
    assert inside.text == "<think>\nR\n</think>\n\nA"
    assert of_inside is not None and of_inside["added"] == ["\n</think>\n\n"]
    before, _ = continuing(response, meta, "Well. ", False)
    assert before.text == "Well. <think>\nR\n</think>\n\nA"


@pytest.mark.parametrize(
    ("response", "finish", "expected"),
    [
        ("4", "stop", None),
        ("4", "length", "token limit"),
        ("4", "content_filter", "broken off (content_filter)"),
        ("4", "SAFETY", "broken off (SAFETY)"),
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


def test_thinking_that_may_have_been_closed_is_not_said_to_be_endless() -> None:
    assert truncation("<think>R", None, "stop", False) == "the thinking never ends"
    assert truncation("<think>R", None, "stop", False, may_be_closed=True) == "no answer after the thinking"
    assert truncation("<think>R", None, "length", False, may_be_closed=True) == "stopped at the token limit"


@pytest.mark.parametrize(("finish", "cut"), [("length", True), ("MAX_TOKENS", True), ("abort", True), ("stop", False),
                                             ("tool_calls", False), ("end_turn", False), (None, False)])  # fmt: skip
def test_some_reasons_to_stop_are_no_ends(finish: str | None, cut: bool) -> None:
    assert is_cut_off(finish) is cut
