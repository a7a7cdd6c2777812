"""Published data sets under their own column names: what is the response, what the reference, and whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rdpt_core.records import Trace
from rdpt_core.traces.formats import datasets
from tests.support.imports.imported import read

THOUGHT = "<think>\ntwo and two\n</think>\n\n4"


def one(row: dict[str, Any]) -> Trace:
    (trace,), rejects = read((row,))
    assert rejects == []
    assert trace.meta["import"]["format"] == "datasets"
    return trace


OPEN_MATH = {
    "expected_answer": "4",
    "problem_type": "has_answer_extracted",
    "problem_source": "aops_c4_high_school_math",
    "generation_model": "DeepSeek-R1",
    "pass_rate_72b_tir": "0.90625",
    "problem": "2+2?",
    "generated_solution": THOUGHT,
    "inference_mode": "cot",
}


def test_open_math_reasoning_takes_the_solution_and_not_the_answer() -> None:
    trace = one(OPEN_MATH)
    assert (trace.response, trace.gold, trace.model) == (THOUGHT, "4", "DeepSeek-R1")
    assert (trace.benchmark, trace.domain) == ("aops_c4_high_school_math", None)
    assert trace.meta["source"]["pass_rate_72b_tir"] == "0.90625"
    assert trace.meta["source"]["problem_type"] == "has_answer_extracted"


def test_tool_use_in_a_solution_comes_through_as_it_is() -> None:
    solution = "<think>\n<tool_call>\nprint(2+2)\n</tool_call>\n```output\n4\n```\n</think>\n\\boxed{4}"
    assert one({**OPEN_MATH, "generated_solution": solution, "inference_mode": "tir"}).response == solution


def test_a_problem_without_a_solution_is_rejected_and_stops_no_other() -> None:
    bare = {**OPEN_MATH, "generated_solution": "n/a", "generation_model": "n/a"}
    traces, rejects = read((OPEN_MATH, bare, OPEN_MATH))
    assert len(traces) == 2
    assert "without a response" in rejects[0].reason


GENERAL_THOUGHT = {
    "question_id": 297467,
    "question_url": "https://gr.inc/question/2",
    "question": "2+2?",
    "reference_answer": "4",
    "prev_messages": None,
    "model_name": "DeepSeek/DeepSeek-R1",
    "model_answer": "4",
    "model_reasoning": "two and two",
    "task": "Add",
    "question_license": "MIT",
    "question_source": "Sums",
    "community_answer_score": 0,
    "community_question_score": 0,
    "verifier_score": 1.0,
}


def test_general_thought_puts_the_reasoning_back() -> None:
    trace = one(GENERAL_THOUGHT)
    assert (trace.response, trace.gold, trace.correct) == (THOUGHT, "4", True)
    assert (trace.benchmark, trace.domain, trace.meta["import"]["verdict"]) == ("Sums", "Add", "verifier_score")


def test_general_thought_keeps_earlier_messages_and_answers_without_reasoning() -> None:
    before = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    trace = one({**GENERAL_THOUGHT, "prev_messages": before, "model_reasoning": None, "verifier_score": 0.5})
    assert [message.content for message in trace.messages] == ["Hi", "Hello", "2+2?"]
    assert (trace.response, trace.correct) == ("4", None)
    assert trace.meta["import"]["verdict"] == "verifier_score = 0.5 (part mark)"


def test_deep_math_holds_three_samples() -> None:
    row = {
        "question": "2+2?",
        "final_answer": "4",
        "difficulty": 4.5,
        "topic": "Algebra",
        "r1_solution_1": "a </think> 4",
        "r1_solution_2": "b </think> 4",
        "r1_solution_3": "c </think> 5",
    }
    traces, _ = read((row,))
    assert [(trace.response[0], trace.sample, trace.gold, trace.difficulty) for trace in traces] == [
        ("a", 0, "4", "4.5"),
        ("b", 1, "4", "4.5"),
        ("c", 2, "4", "4.5"),
    ]
    assert len({trace.question_id for trace in traces}) == 1


SYNTHETIC = {
    "response_id": "r_1",
    "problem_id": "vfm_1",
    "source": "numina",
    "task_type": "verifiable_math",
    "prompt": "2+2?",
    "gold_standard_solution": "We add. So \\boxed{4}",
    "llm_response": THOUGHT,
    "score": 1.0,
    "verification_info": json.dumps({"ground_truth": "4"}),
}


def test_synthetic_takes_the_verifiers_ground_truth() -> None:
    trace = one(SYNTHETIC)
    assert (trace.trace_id, trace.response, trace.gold, trace.correct) == ("r_1", THOUGHT, "4", True)
    assert trace.meta["source"]["gold_standard_solution"] == "We add. So \\boxed{4}"


@pytest.mark.parametrize("info", ["{'ground_truth': '4'}", "[" * 3000, '{"test_cases": []}', "", 5, None])
def test_a_ground_truth_that_cannot_be_read_is_none(info: Any) -> None:
    assert one({**SYNTHETIC, "verification_info": info}).gold is None


S1K = {
    "solution": "We add and get 4.",
    "question": "2+2?",
    "cot_type": "math",
    "source_type": "sums",
    "metadata": "{}",
    "gemini_thinking_trajectory": "G thinks",
    "gemini_attempt": "5",
    "deepseek_thinking_trajectory": "D thinks",
    "deepseek_attempt": "4",
    "gemini_grade": "No",
    "gemini_grade_reason": "It is 4.",
    "deepseek_grade": "Yes",
    "deepseek_grade_reason": "Right.",
}


def test_s1k_holds_a_trace_of_each_model() -> None:
    traces, _ = read((S1K,))
    assert [(trace.model, trace.response, trace.correct, trace.sample, trace.gold) for trace in traces] == [
        ("deepseek", "<think>\nD thinks\n</think>\n\n4", True, 0, "We add and get 4."),
        ("gemini", "<think>\nG thinks\n</think>\n\n5", False, 0, "We add and get 4."),
    ]
    assert all("thinks" not in str(trace.meta["source"]) for trace in traces)


def test_a_worked_solution_without_a_verdict_is_not_graded_against() -> None:
    old = {
        "solution": "We add and get 4.",
        "question": "2+2?",
        "cot_type": "math",
        "source_type": "sums",
        "cot": None,
        "thinking_trajectories": ["two and two"],
        "attempt": "4",
    }
    trace = one(old)
    assert (trace.response, trace.gold, trace.correct) == (THOUGHT, None, None)
    assert trace.meta["source"].get("thinking_trajectories") is None


DOLPHIN = {
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}],
    "reasoning": "two and two",
    "answer": "4",
    "model": "deepseek-reasoner",
}


def test_dolphin_keeps_its_answer_and_reasoning_beside_the_messages() -> None:
    trace = one(DOLPHIN)
    assert (trace.response, trace.gold) == (THOUGHT, None)
    assert [message.role for message in trace.messages] == ["system", "user"]


@pytest.mark.parametrize("reasoning", ["on", True, None, ""])
def test_an_answer_beside_a_switch_may_be_the_reference_and_is_not_taken(reasoning: Any) -> None:
    traces, rejects = read(({**DOLPHIN, "reasoning": reasoning},), format="datasets")
    assert traces == []
    assert len(rejects) == 1


MATH_ARENA = {
    "problem_idx": "3",
    "problem": "2+2?",
    "model_name": "R1",
    "model_config": "x",
    "idx_answer": 2,
    "all_messages": [[{"role": "user", "content": "2+2? Box it."}]],
    "user_message": "2+2? Box it.",
    "answer": THOUGHT,
    "input_tokens": 1,
    "output_tokens": 2,
    "cost": 0.0,
    "gold_answer": "4",
    "parsed_answer": "4",
    "correct": True,
}


def test_math_arena_answers_what_the_user_message_asked() -> None:
    trace = one(MATH_ARENA)
    assert (trace.response, trace.gold, trace.correct, trace.sample, trace.model) == (THOUGHT, "4", True, 2, "R1")
    assert trace.messages[0].content == "2+2? Box it."


MMLU_PRO = {
    "question_id": 70,
    "question": "2+2?",
    "options": ["3", "4"],
    "answer": "B",
    "answer_index": 1,
    "cot_content": "",
    "category": "math",
    "src": "x",
    "pred": "B",
    "model_outputs": "The answer is (B).",
}


def test_mmlu_pro_asks_with_its_options() -> None:
    trace = one(MMLU_PRO)
    assert (trace.response, trace.gold, trace.domain) == ("The answer is (B).", "B", "math")
    assert trace.messages[0].content == "2+2?\nA. 3\nB. 4"
    assert trace.meta["source"]["options"] == ["3", "4"]


def test_mmlu_pro_may_hold_several_samples() -> None:
    traces, _ = read(({**MMLU_PRO, "model_outputs": ["(A)", "(B)"]},))
    assert [(trace.response, trace.sample) for trace in traces] == [("(A)", 0), ("(B)", 1)]


@pytest.mark.parametrize(
    "row",
    [
        {"problem": "2+2?", "answer": "4", "gold_answer": "4"},
        {"question": "2+2?", "options": ["3", "4"], "answer": "B"},
        {
            "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
            "reasoning": "hm",
            "answer": "4",
        },
        {**OPEN_MATH, "generated_solution": None},
        {"question": "2+2?", "final_answer": "4", "r1_solution_1": 3},
        {"messages": [3], "reasoning": "hm", "answer": "4"},
    ],
)
def test_rows_without_the_columns_of_a_set_are_not_claimed(row: dict[str, Any]) -> None:
    assert datasets.FORMAT.detect(row) is False


def test_one_grade_for_several_texts_is_no_verdict_and_a_column_without_a_name_none_at_all() -> None:
    row = {"problem": "2+2?", "answer": ["4", "5"], "gold_answer": "4", "idx_answer": 0, "correct": True}
    traces, _ = read((row,))
    assert [(trace.response, trace.correct) for trace in traces] == [("4", None), ("5", None)]
    assert one({**row, "answer": "4"}).correct is True
    assert one({**OPEN_MATH, "": 0}).correct is None
