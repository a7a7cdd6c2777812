"""Plain columns: Nemotron's switches, ms-swift's results, decoded prompts, numbers, and conversations as JSON texts."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from rdpt_core.records import Trace
from tests.support.imports.imported import read

THOUGHT = "<think>\nt\n</think>\n\n4"
TURNS = [{"role": "user", "content": "2+2?"}]


def one(row: dict[str, Any]) -> Trace:
    (trace,), rejects = read((row,))
    assert rejects == []
    assert trace.meta["import"]["format"] == "pairs"
    return trace


NEMOTRON = {
    "input": TURNS,
    "output": THOUGHT,
    "category": "math",
    "license": "cc-by-4.0",
    "reasoning": "on",
    "generator": "DeepSeek-R1",
    "used_in_training": "Ultra",
    "version": "v1",
    "system_prompt": "detailed thinking on",
}


def test_nemotrons_switch_is_no_thought() -> None:
    trace = one(NEMOTRON)
    assert trace.response == THOUGHT
    assert trace.meta["source"]["reasoning"] == "on"
    assert (trace.model, trace.domain) == ("DeepSeek-R1", "math")
    assert [(message.role, message.content) for message in trace.messages] == [
        ("system", "detailed thinking on"),
        ("user", "2+2?"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reasoning", "off"),
        ("reasoning", "high"),
        ("thinking", True),
        ("thinking", "detailed thinking on"),
        ("thought", 0),
    ],
)
def test_no_column_of_a_switch_becomes_a_thought(name: str, value: Any) -> None:
    trace = one({"question": "2+2?", "response": "4", name: value})
    assert trace.response == "4"
    assert trace.meta["source"] == {name: value}


def test_a_switch_does_not_hide_the_thought_in_another_column() -> None:
    trace = one({"question": "2+2?", "response": "4", "reasoning": "on", "thinking": "t"})
    assert trace.response == THOUGHT
    assert trace.meta["source"] == {"reasoning": "on"}


def test_a_thought_stays_in_meta_where_the_response_brings_its_own() -> None:
    trace = one({"question": "2+2?", "response": "t\n</think>\n\n4", "reasoning": "a summary"})
    assert trace.response == "t\n</think>\n\n4"
    assert trace.meta["source"] == {"reasoning": "a summary"}


def test_a_system_message_that_the_conversation_contradicts_is_kept() -> None:
    trace = one({"messages": [{"role": "system", "content": "Own."}, *TURNS], "response": "4", "system": "Other."})
    assert [message.content for message in trace.messages] == ["Own.", "2+2?"]
    assert trace.meta["source"] == {"system": "Other."}


SWIFT = {
    "response": THOUGHT,
    "labels": "4",
    "logprobs": None,
    "messages": [*TURNS, {"role": "assistant", "content": THOUGHT}],
}


def test_swifts_messages_that_repeat_the_response_are_the_conversation_before_it() -> None:
    trace = one(SWIFT)
    assert [message.content for message in trace.messages] == ["2+2?"]
    assert (trace.response, trace.gold) == (THOUGHT, "4")


def test_swifts_results_of_other_versions_end_with_the_question() -> None:
    trace = one({**SWIFT, "messages": TURNS, "labels": THOUGHT})
    assert [message.content for message in trace.messages] == ["2+2?"]
    assert (trace.gold, trace.meta["source"]) == (None, {"labels": THOUGHT})


def test_an_answer_in_the_conversation_that_is_not_the_response_is_rejected_with_both() -> None:
    traces, rejects = read(({**SWIFT, "messages": [*TURNS, {"role": "assistant", "content": "five"}]},))
    assert traces == []
    assert "'five' beside '<think>" in rejects[0].reason


@pytest.mark.parametrize("name", ["messages", "prompt"])
def test_a_conversation_in_a_csv_column_is_a_conversation(name: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([[name, "response"], [json.dumps(TURNS), "4"]])
    (trace,), _ = read(file.getvalue().encode())
    assert [(message.role, message.content) for message in trace.messages] == [("user", "2+2?")]


def test_a_conversation_in_python_notation_is_rejected_with_the_way_out() -> None:
    traces, rejects = read(({"messages": str(TURNS), "response": "4"},))
    assert traces == []
    assert "json.dumps" in rejects[0].reason


def test_completions_of_a_trainer_keep_the_decoded_prompt() -> None:
    prompt = "user\n2+2?\nassistant\n"
    trace = one({"step": "3", "prompt": prompt, "completion": "4", "accuracy_reward": 1.0, "advantage": 0.5})
    assert (trace.prompt, trace.messages[0].content) == (prompt, "2+2?")
    assert trace.meta["source"] == {"step": "3", "accuracy_reward": 1.0, "advantage": 0.5}
    trace = one({"input": prompt, "output": "4", "reward": 0.3})
    assert (trace.prompt, trace.correct, trace.meta["source"]) == (prompt, None, {"reward": 0.3})


def test_numbers_are_taken_as_their_texts() -> None:
    trace = one({"question": "2+2?", "response": "4", "gold": 4, "id": 7, "level": 5, "model": 1, "benchmark": 2024})
    assert (trace.gold, trace.difficulty, trace.model, trace.benchmark) == ("4", "5", "1", "2024")
    assert trace.question_id == "2024-7"


def test_a_number_that_is_missing_in_a_table_hides_no_other_column() -> None:
    traces, _ = read(b'{"question": "2+2?", "response": "4", "gold": NaN, "answer": "4", "difficulty": NaN}\n')
    assert [(trace.gold, trace.difficulty) for trace in traces] == [("4", None)]


def test_an_instructions_input_follows_it() -> None:
    assert one({"instruction": "Add.", "input": "2 2", "output": "4"}).messages[0].content == "Add.\n2 2"


def test_the_column_of_a_verdict_is_named() -> None:
    row = {"question": "2+2?", "response": "4", "gold": "4"}
    for fields, said in (
        ({"is_correct": True}, "is_correct"),
        ({"acc": 0.5}, "acc = 0.5 (part mark)"),
        ({"Correct": "yes"}, "Correct"),
    ):
        (trace,), _ = read([{**row, **fields}])
        assert trace.meta["import"]["verdict"] == said


def test_one_verdict_for_several_responses_is_that_of_none() -> None:
    row = {"question": "2+2?", "response": ["4", "5"], "correct": True}
    traces, _ = read([row], format="pairs")
    assert [(trace.response, trace.correct) for trace in traces] == [("4", None), ("5", None)]
    (trace,), _ = read([{**row, "response": ["4"]}], format="pairs")
    assert trace.correct is True
