"""Grades without mathematics: the reason where there is no verdict."""

from __future__ import annotations

import pytest

from rdpt_core.traces.grading.rules import Grade, grade_choice, grade_text, same_text


def test_no_choice_is_no_verdict() -> None:
    assert grade_choice("Nobody knows.", "B", {}) == Grade(None, "choice", reason="no choice was found")
    assert grade_choice(r"\boxed{banana}", "B", {"A": "x", "B": "y"}).correct is None
    assert grade_choice(r"\boxed{99}", "B", {"A": "1", "B": "2"}).correct is False


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        (r"\boxed{10\,000}", "10000", True),
        ("42", "42.", True),
        ("The answer is 42.", "42", True),
        (r"\boxed{1/0}", "1/0", True),
        ("I found 42.", "42", None),
        (r"\boxed{43}", "42", None),
        ("", "", None),
    ],
)
def test_what_is_spelt_alike_is_right(answer: str, gold: str, expected: bool | None) -> None:
    grade = same_text(answer, gold)
    assert (grade.correct if grade is not None else None) is expected


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("Answer: the bathtub", "bathtub", True),
        ("Answer: Tue", "Tuesday", True),
        ("Answer: Thu", "Tuesday", False),
        ("答案：北京", "北京", True),
        ("Answer: a cellar or so", "cellar", None),
        ("Answer: C++", "c++", True),
        ("Answer: C#", "C++", None),
        ("Answer: Well-known!", "well known", True),
        ("Answer: ...", "!", False),
        ("<answer>_ Q\nQ _</answer>", "_ Q\nQ _", True),
        ("<answer>Q _\n_ Q</answer>", "_ Q\nQ _", None),
        ("Q _\n_ Q", "_ Q\nQ _", None),
        ('<answer>{"n": 2}</answer>', '{"n":  2}', True),
    ],
)
def test_words(answer: str, gold: str, expected: bool | None) -> None:
    assert grade_text(answer, gold).correct is expected
