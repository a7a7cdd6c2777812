"""What a response marks or states as its answer, and what a reference answer holds."""

from __future__ import annotations

import pytest

from rdpt_core.traces.grading.answers import (
    accepted_answers,
    bare_gold,
    every_box,
    marked_answer,
    stated_answer,
    without_refusals,
)


def test_boxes_that_never_close_cost_no_square() -> None:
    assert marked_answer("\\boxed{" * 100_000) is None
    assert marked_answer(r"\boxed{a{b}c} and \boxed{d") == "a{b}c"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (r"\boxed{1} and \boxed{2}.", "1, 2"),
        (r"$x=\boxed{1}$, $y=\boxed{2}$", "1, 2"),
        (r"\boxed{3} 或 \boxed{4}", "3, 4"),
        (r"\boxed{7}. Then \boxed{8}", "8"),
        ("\\boxed{7}\n\n\\boxed{8}", "8"),
        (r"\boxed{8} or \boxed{8}", "8"),
        (r"\boxed{\boxed{8}}", "8"),
        (r"\boxed {8} and nothing in \boxed{}", "8"),
        (r"so it is $\boxed 8$.", "8"),
        (r"\boxed{7}. Correction: the final answer is 8", "8"),
        (r"\boxed{7}. I am sure that the final answer is 7", "7"),
        (r"\boxed{7}<answer>8</answer>", "8"),
        ("<answer>7</answer> <answer> 8 </answer>", "8"),
        ("#### 8", "8"),
        ("#### Step 2\nSo it is 8.", None),
        ("It is 8.", None),
    ],
)
def test_what_is_marked(answer: str, expected: str | None) -> None:
    assert marked_answer(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The answer is 7. No: the final answer is 8", "8"),
        ("**Answer:** 8", "8"),
        ("所以答案是8。", "8"),
        ("Antwort: 8", "8"),
        ("It is 8.", None),
    ],
)
def test_what_is_stated_in_words(answer: str, expected: str | None) -> None:
    assert stated_answer(answer) == expected


def test_all_boxes_together() -> None:
    assert every_box(r"First \boxed{1}. Much later \boxed{2}, again \boxed{1}") == "1, 2"
    assert every_box(r"\boxed{1} and \boxed{1}") is None
    assert every_box(r"\boxed{1}" * 13 + r"\boxed{2}") is None


def test_sentences_that_refuse_are_left_out() -> None:
    assert without_refusals("I tried 42 ways. I cannot solve this, even after 42 tries.") == ("I tried 42 ways.", True)
    assert without_refusals("I could not find a shorter way. It is 42.") == ("It is 42.", False)
    text = "We can't have less than none. It is 42."
    assert without_refusals(text) == (text, False)


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (r"\boxed{2} or \boxed{3}", "2, 3"),
        (r"\boxed{2,3}", "2,3"),
        ("6 * 3 = 18\n#### 18", "18"),
        (" 18 ", "18"),
    ],
)
def test_a_reference_answer_without_what_is_around_it(gold: str, expected: str) -> None:
    assert bare_gold(gold) == expected


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        ('["4", "four"]', ["4", "four"]),
        ('["4", 4.0, "four", "4"]', ["4", "4.0", "four"]),
        ("[1, 2]", ["[1, 2]"]),
        ("[1, 2)", ["[1, 2)"]),
        ('["a", ["b"]]', ['["a", ["b"]]']),
        ("[true]", ["[true]"]),
        ("[" * 10_000 + "]" * 10_000, ["[" * 10_000 + "]" * 10_000]),
    ],
)
def test_answers_of_which_each_is_right(gold: str, expected: list[str]) -> None:
    assert accepted_answers(gold) == expected
