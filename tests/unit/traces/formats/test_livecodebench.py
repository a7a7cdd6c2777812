"""LiveCodeBench: every output with its own verdict."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.errors import InputError
from tests.support.imports.imported import read

ROW: dict[str, Any] = {
    "question_content": "Add two numbers.", "question_id": "q1", "platform": "leetcode", "difficulty": "easy",
    "starter_code": "", "output_list": ["a", "b"], "code_list": ["x", "y"], "graded_list": [True, False], "pass@1": 0.5,
}  # fmt: skip


def test_outputs_are_traces_with_their_own_verdicts() -> None:
    traces, rejects = read([ROW])
    assert rejects == []
    assert [(t.response, t.correct, t.sample) for t in traces] == [("a", True, 0), ("b", False, 1)]
    assert {(t.benchmark, t.domain, t.difficulty) for t in traces} == {("livecodebench", "leetcode", "easy")}


def test_starter_code_belongs_to_the_question() -> None:
    (trace,), _ = read([{**ROW, "starter_code": "class S:", "output_list": ["a"], "graded_list": None}])
    assert trace.messages[0].content == "Add two numbers.\n\nclass S:"
    assert trace.correct is None


def test_a_grade_that_is_no_plain_verdict_is_quoted() -> None:
    (first, second), _ = read([{**ROW, "graded_list": [0.5, None]}])
    assert (first.correct, first.meta["import"]["verdict"]) == (None, "graded_list = 0.5 (part mark)")
    assert (second.correct, second.meta["import"].get("verdict")) == (None, None)


def test_outputs_that_answer_another_question_are_not_claimed() -> None:
    for other in ({**ROW, "original_code_list": ["x", "y"]}, {k: v for k, v in ROW.items() if k != "code_list"}):
        with pytest.raises(InputError, match="no format"):
            read([other])


def test_an_output_without_text_stops_no_other() -> None:
    traces, rejects = read([{**ROW, "output_list": [None, "b"]}, {**ROW, "output_list": []}])
    assert [(t.response, t.correct) for t in traces] == [("b", False)]
    assert [r.reason for r in rejects] == [
        "output 0 must be a string; got null",
        "output_list is empty: there is no response to this question",
    ]
