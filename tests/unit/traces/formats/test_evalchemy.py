"""evalchemy: the examples of every benchmark of a document."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read

REPEATED = {"id": 3, "problem": "2+2?", "expected_answer": "4", "model_outputs": ["so 4", "so 5"],
            "model_answers": ["4", "5"]}  # fmt: skip


def results(**tasks: Any) -> dict[str, Any]:
    return {"results": {name: {"examples": examples, "accuracy": 1} for name, examples in tasks.items()},
            "config": {"model": "vllm", "model_args": "pretrained=org/m,dtype=auto"}}  # fmt: skip


def test_repeats_are_samples() -> None:
    traces, rejects = read(results(AIME24=[REPEATED]))
    assert rejects == []
    assert [(t.response, t.sample, t.correct) for t in traces] == [("so 4", 0, None), ("so 5", 1, None)]
    assert {(t.benchmark, t.model, t.gold, t.messages[0].content) for t in traces} == {("AIME24", "org/m", "4", "2+2?")}
    assert [t.meta["source"]["model_answers"] for t in traces] == ["4", "5"]


def test_a_single_output_and_options_that_are_listed_apart() -> None:
    single = {"problem": "2+2?", "answer": "4", "model_output": "4"}
    choice = {
        "Question": "Which?",
        "multiple_choice_string": "A) x, B) y",
        "answer": "B",
        "model_outputs": ["\\boxed{B}"],
    }
    traces, rejects = read(results(MATH500=[single], GPQADiamond=[choice]))
    assert rejects == []
    assert [(t.benchmark, t.gold) for t in traces] == [("MATH500", "4"), ("GPQADiamond", "B")]
    assert traces[1].messages[0].content == "Which?\nOptions: A) x, B) y"


def test_examples_without_outputs_are_rejected_alone() -> None:
    traces, rejects = read(results(AIME24=[REPEATED], LiveCodeBench=[{"content": ["code"], "correctness": True}]))
    assert len(traces) == 2
    assert rejects[0].reason == "the example holds no model_output, only an object with content, correctness"
