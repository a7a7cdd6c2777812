"""Several responses a question, as texts and as objects."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats import candidates
from tests.support.imports.imported import read

NATURAL = {
    "question": "2+2?",
    "reference_answer": "4",
    "responses": [
        {"response_model": "Llama3.3-70B-Instruct", "response": "4"},
        {"response_model": "other", "response": "5"},
    ],
}


def test_natural_reasonings_responses_have_a_model_each() -> None:
    traces, rejects = read((NATURAL,))
    assert rejects == []
    assert [(trace.response, trace.model, trace.gold, trace.sample) for trace in traces] == [
        ("4", "Llama3.3-70B-Instruct", "4", 0),
        ("5", "other", "4", 0),
    ]
    assert traces[0].meta["import"]["format"] == "candidates"
    assert "source" not in traces[0].meta


def test_objects_say_what_is_known_of_each_response() -> None:
    row = {
        "problem": "2+2?",
        "answer": "4",
        "model": "deepseek-r1",
        "level": 3,
        "generations": [
            {"text": "4", "correct": True, "finish_reason": "stop", "reasoning": "t", "tokens": 9},
            {"text": "<think>\nhm", "correct": False, "finish_reason": "length", "reasoning": "on"},
        ],
    }
    first, second = read((row,))[0]
    assert (first.response, first.correct, first.sample, first.difficulty) == (
        "<think>\nt\n</think>\n\n4",
        True,
        0,
        "3",
    )
    assert first.meta["source"] == {
        "model": "deepseek-r1",
        "level": 3,
        "correct": True,
        "finish_reason": "stop",
        "tokens": 9,
    }
    assert first.meta["import"]["verdict"] == "generations.correct"
    assert (second.response, second.correct, second.sample) == ("<think>\nhm", False, 1)
    assert second.meta["truncated"] == "stopped at the token limit"
    assert second.meta["source"]["reasoning"] == "on"


def test_an_object_without_a_text_stops_none_of_the_others() -> None:
    row = {"question": "2+2?", "responses": [{"response": "a"}, {"error": "time"}, {"response": "c"}]}
    traces, rejects = read((row,))
    assert [(trace.response, trace.sample) for trace in traces] == [("a", 0), ("c", 2)]
    assert "a response of responses must be a string" in rejects[0].reason


def test_thoughts_beside_the_texts_are_put_back_each_to_its_own() -> None:
    row = {
        "question": "2+2?",
        "responses": ["4", "5"],
        "reasoning_content": ["a", "b"],
        "model": ["deepseek-r1", "qwq"],
    }
    traces, _ = read((row,))
    assert [(trace.response, trace.model) for trace in traces] == [
        ("<think>\na\n</think>\n\n4", "deepseek-r1"),
        ("<think>\nb\n</think>\n\n5", "qwq"),
    ]


def test_turns_are_responses_as_trainers_log_them() -> None:
    for turns in ([["4"], ["5"]], ["4", "5"]):
        completions: list[Any] = [
            [{"role": "assistant", "content": text} for text in turn]
            if isinstance(turn, list)
            else {"role": "assistant", "content": turn, "reasoning_content": None}
            for turn in turns
        ]
        traces, rejects = read(({"prompt": [{"role": "user", "content": "2+2?"}], "completions": completions},))
        assert rejects == []
        assert [(trace.response, trace.sample) for trace in traces] == [("4", 0), ("5", 1)]


def test_what_is_too_long_of_one_response_is_named() -> None:
    row = {"question": "2+2?", "responses": ["4", "5"], "note": ["x" * 9_000, "short"], "essay": "y" * 9_000}
    first, second = read((row,))[0]
    assert first.meta["source"] == {"left_out": ["essay", "note"]}
    assert second.meta["source"] == {"left_out": ["essay"], "note": "short"}


def test_a_list_of_reference_answers_is_the_gold_of_every_response() -> None:
    traces, _ = read(({"question": "2+2?", "responses": ["4", "5"], "answer": ["4", "four"]},))
    assert [trace.gold for trace in traces] == ['["4", "four"]'] * 2
    assert all("source" not in trace.meta for trace in traces)


def test_a_conversation_may_be_what_was_asked() -> None:
    traces, _ = read(({"prompt": [{"role": "user", "content": "2+2?"}], "responses": ["4", "5"]},))
    assert [(trace.messages[0].content, trace.sample) for trace in traces] == [("2+2?", 0), ("2+2?", 1)]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "2+2?", "completion": [{"role": "assistant", "content": "4"}]},
        {"prompt": "2+2?", "responses": [{"from": "gpt", "value": "4"}]},
        {"question": "2+2?", "responses": []},
        {"question": "2+2?", "responses": [{"response": 4}]},
        {"question": "2+2?", "responses": [{"response": "4"}, 5]},
        {"responses": [{"response": "4"}]},
        {"question": 4, "responses": ["4"]},
        {"query": "2+2?", "candidates": [{"text": "a passage that a search found"}]},
    ],
)
def test_what_holds_no_candidates_is_not_claimed(row: dict[str, Any]) -> None:
    assert candidates.FORMAT.detect(row) is False
