"""Chat files: conversations as JSON texts, and what the turns of the AM sets say of themselves."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.support.imports.imported import read

USER = {"role": "user", "content": "2+2?"}
ANSWER = {"role": "assistant", "content": "<think>t</think><answer>4</answer>"}


def csv_of(**columns: str) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([list(columns), list(columns.values())])
    return file.getvalue().encode()


@pytest.mark.parametrize(
    "columns",
    [
        {"messages": json.dumps([USER, ANSWER])},
        {
            "conversations": json.dumps(
                [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": ANSWER["content"]}]
            )
        },
        {"prompt": json.dumps([USER]), "completion": json.dumps([ANSWER])},
        {"prompt": json.dumps([USER]), "completion": ANSWER["content"]},
        {"chosen": json.dumps([USER, ANSWER]), "rejected": json.dumps([USER, {**ANSWER, "content": "5"}])},
    ],
)
def test_conversations_may_be_json_texts(columns: dict[str, str]) -> None:
    (trace,), rejects = read(csv_of(**columns, gold="4"))
    assert rejects == []
    assert (trace.response, trace.messages[0].content, trace.gold) == (ANSWER["content"], "2+2?", "4")


def test_a_completion_that_is_json_by_itself_is_what_the_model_wrote() -> None:
    written = json.dumps([USER])
    (trace,), _ = read(({"prompt": "Write a conversation as JSON.", "completion": written},))
    assert trace.response == written


@pytest.mark.parametrize("name", ["messages", "conversations"])
def test_python_notation_is_refused_by_name(name: str) -> None:
    traces, rejects = read(csv_of(**{name: str([USER, ANSWER]), "id": "1"}))
    assert traces == []
    assert rejects[0].reason.startswith(f"{name} is a conversation as Python prints it")


def test_a_turns_switch_is_no_thought_and_a_rows_finish_reason_counts() -> None:
    row = {"messages": [USER, {**ANSWER, "content": "4", "reasoning": "high"}], "finish_reason": "length"}
    (trace,), _ = read((row,))
    assert (trace.response, trace.meta["truncated"]) == ("4", "stopped at the token limit")


def am(**info: Any) -> dict[str, Any]:
    none = {"source": None, "reference_answer": None, "test_case": None, "think_content": None, "answer_content": None}
    return {
        "messages": [
            {**USER, "info": {**none, "source": "sums", "reference_answer": "4", **info}},
            {**ANSWER, "info": {**none, "think_content": "t", "answer_content": "4", "model_name": "r1"}},
        ]
    }


def test_am_rows_have_their_reference_in_the_turns() -> None:
    (trace,), _ = read((am(test_case="assert add(2, 2) == 4"),))
    assert (trace.response, trace.gold, trace.benchmark) == (ANSWER["content"], "4", "sums")
    assert trace.meta["source"] == {"info": {"test_case": "assert add(2, 2) == 4", "model_name": "r1"}}


def test_a_reference_of_the_row_goes_before_that_of_a_turn() -> None:
    (trace,), _ = read(({**am(), "gold": "four", "source": "mine"},))
    assert (trace.gold, trace.benchmark) == ("four", "mine")


@pytest.mark.parametrize(
    "row",
    [
        # Nemotron's second set, OpenThoughts 3, SYNTHETIC-1's training set: switch, level and score are kept.
        {"uuid": "u", "license": "cc", "generator": "R1", "category": "math", "reasoning": "on"},
        {"difficulty": 7, "source": "olympiads", "domain": "math"},
        {"response_id": "r", "problem_id": "p", "task_type": "math", "score": 1.0},
    ],
)
def test_other_columns_become_no_thought(row: dict[str, Any]) -> None:
    (trace,), _ = read(({**row, "messages": [USER, ANSWER]},))
    assert trace.response == ANSWER["content"]
    assert all(trace.meta["source"][name] == value for name, value in row.items() if name in ("reasoning", "score"))
