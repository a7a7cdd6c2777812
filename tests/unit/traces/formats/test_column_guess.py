"""Which columns are taken for question, response and reference answer, and that such a map reads the records."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.column_guess import Guess, guess_columns
from rdpt_core.traces.importing.pipeline import parse_column_map

THOUGHT = "<think>\nI add.\n</think>\n\nIt is 4."


def guessed(*values: Any) -> Guess | None:
    return guess_columns([Record(number, value, "") for number, value in enumerate(values, 1)])


@pytest.mark.parametrize(
    ("value", "columns", "is_certain"),
    [
        # By name.
        ({"ask": "2+2", "reply": "It is 4."}, {"question": "ask", "response": "reply"}, True),
        (
            {
                "problem": "2+2",
                "generated_solution": "It is 4.",
                "generation_model": "long " * 9,
                "expected_answer": "4",
            },
            {"question": "problem", "response": "generated_solution", "gold": "expected_answer"},
            True,
        ),
        (
            {
                "doc": {"query": "2+2?", "choices": ["4"]},
                "model_response": {"text": ["It is 4.", "5"], "in": "2+2?"},
            },
            {"question": "doc.query", "response": "model_response.text"},
            True,
        ),
        # `answer` is the model's beside a gold answer, or if it thinks, and the gold answer otherwise.
        (
            {"problem": "2+2", "answer": "It is 4.", "gold_answer": "4"},
            {"question": "problem", "response": "answer", "gold": "gold_answer"},
            False,
        ),
        ({"problem": "2+2", "answer": THOUGHT}, {"question": "problem", "response": "answer"}, True),
        # By content.
        (
            {"a": "What is 2+2?", "b": "I add, and it is 4.", "c": "4"},
            {"question": "a", "response": "b"},
            False,
        ),
        ({"u": "What is 2+2?", "x": "note " * 20, "y": THOUGHT}, {"question": "u", "response": "y"}, True),
        (
            {"log": {"turns": [{"role": "user", "content": "2+2"}]}, "sampled": "It is 4."},
            {"question": "log.turns", "response": "sampled"},
            True,
        ),
        ({"data.ask": "2+2", "data.reply": "4"}, {"question": "data.ask", "response": "data.reply"}, True),
    ],
)
def test_columns_are_found(value: Any, columns: dict[str, str], is_certain: bool) -> None:
    guess = guessed(value)
    assert guess is not None
    assert (dict(guess.columns), guess.is_certain) == (columns, is_certain)
    assert parse_column_map(guess.flag().removeprefix("--map ").strip("'")) == columns


@pytest.mark.parametrize(
    "value",
    [
        {"problem": "2+2?", "answer": "4"},
        {"problem": "2+2?", "solution": "We add two and two, which is four.", "answer": "4"},
        {"question": "2+2?", "target": "A long reference text about four.", "label": "4"},
        {"question": "2+2?", "output_type": "text", "model": "R1"},
        {"title": "Rain", "body": "It rained all day."},
        {"question": "2+2?", "output": ""},
        {"question": "2+2?", "output": 4},
        {"question": "2+2?", "a,b": "It is 4.", "c=d": "It is 4."},
        {"messages": [{"role": "user", "content": "2+2"}, {"role": "assistant", "content": "4"}], "reply": "5"},
        [],
        "text",
        {},
    ],
)
def test_nothing_is_guessed_that_is_none_or_would_not_be_read(value: Any) -> None:
    assert guessed(value) is None


def test_later_records_count_too() -> None:
    first = {"ask": "2+2", "one": "It is four.", "two": "x"}
    guess = guessed(first, {**first, "two": THOUGHT}, {**first, "two": THOUGHT})
    assert guess is not None and guess.columns["response"] == "two"


def test_a_name_that_a_shell_would_read_is_quoted() -> None:
    guess = guessed({"the question": "2+2", "reply; rm": "4"})
    assert guess is not None
    assert guess.flag() == "--map 'question=the question,response=reply; rm'"


def test_hostile_records_cost_little() -> None:
    def wide(depth: int) -> Any:
        return {f"k{number}": wide(depth - 1) if depth else "x" * 50 for number in range(60)}

    value = {"ask": "2+2", "reply": "4", "wide": wide(2), "many": ["x"] * 200_000}
    begin = time.perf_counter()
    guess = guessed(*[value] * 3)
    assert guess is not None and guess.columns["question"] == "ask"
    assert time.perf_counter() - begin < 10
