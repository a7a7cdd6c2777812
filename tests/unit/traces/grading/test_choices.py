"""Options, and the letter that is chosen: by itself, by the option's text, in several languages, or not at all."""

from __future__ import annotations

import pytest

from rdpt_core.traces.grading.choices import choice_of_gold, chosen, is_no_option, options_of, same_letters

OPTIONS = {"A": "mass", "B": "charge", "C": "spin", "D": "colour"}


@pytest.mark.parametrize(
    ("question", "letters"),
    [
        ("Which?\nA. red\nB) blue\n(C) green", "ABC"),
        ("Which? (A) red (B) blue (C) green", "ABC"),
        ("哪个？\nA．红\nB．蓝", "AB"),
        ("Какой?\nА) красный\nБ) синий", "АБ"),
        ("A. Einstein was born when?", ""),
        ("What is 2 + 2?", ""),
    ],
)
def test_options_of_a_question(question: str, letters: str) -> None:
    assert "".join(options_of(question, ())) == letters


def test_options_that_the_source_gives() -> None:
    assert options_of("A. other\nB. things", ["red", "blue"]) == {"A": "red", "B": "blue"}


@pytest.mark.parametrize(
    ("gold", "expected"),
    [("B", "B"), ("(b)", None), ("charge", "B"), ("B. charge", "B"), ("AC", "AC"), ("C, A", "AC"), ("AX", None),
     ("E", None), ("42", None)],
)  # fmt: skip
def test_the_right_choice(gold: str, expected: str | None) -> None:
    assert choice_of_gold(gold, OPTIONS) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The answer is B, not option C.", "B"),
        ("The answer is not C but B.", "B"),
        (r"\boxed{\text{charge}}", "B"),
        (r"\boxed{C. charge}", None),
        ("The answer is charge.", "B"),
        ("答案：B", "B"),
        ("故选B", "B"),
        ("正确答案是（B）", "B"),
        ("Antwort: B", "B"),
        ("Réponse : B", "B"),
        ("Respuesta: B", "B"),
        ("Ответ: Б", "B"),
        ("Ответ: В", None),  # the third letter there, or a Latin B
        (r"\boxed{C, A}", "AC"),
        ("Answer: B or C", "BC"),
        ("The answer is bad.", None),
        ("The answer is a force.", None),
        ("The answer is A force.", None),
        ("Option B is heavy and option C is light.", None),
        ("Nobody knows.", None),
    ],
)
def test_what_is_chosen(answer: str, expected: str | None) -> None:
    assert chosen(answer, OPTIONS) == expected


def test_letters_of_the_options_own_alphabet() -> None:
    cyrillic = {"А": "масса", "Б": "заряд", "В": "спин"}
    assert chosen("Ответ: В", cyrillic) == "В"
    assert chosen("Ответ: A", cyrillic) == "А"
    assert chosen("Ответ: B", cyrillic) is None


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [("A, C", "AC", True), ("AC", "C, A", True), ("A, C", "A", False), ("AC", "ac", False), ("A", "A", False)],
)
def test_lists_of_letters_without_options(gold: str, answer: str, expected: bool) -> None:
    assert same_letters(gold, answer) is expected


def test_a_number_that_is_no_option() -> None:
    numbers = {"A": "12", "B": "15"}
    assert is_no_option(r"\boxed{99}", numbers)
    assert not is_no_option(r"\boxed{15.0}", numbers)
    assert not is_no_option(r"\boxed{x}", numbers)
