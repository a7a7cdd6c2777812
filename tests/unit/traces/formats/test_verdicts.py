"""A source's word about correctness is a verdict, none on purpose, or a gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.traces.formats.verdicts import no_verdict, verdict_in
from tests.support.imports.import_reports import imported
from tests.support.one_of_each import one_of_each


@pytest.mark.parametrize(
    ("value", "correct", "field"),
    [
        (True, True, "score"),
        (0, False, "score"),
        ("correct", True, "score"),
        (None, None, None),
        ("", None, None),
        (float("nan"), None, None),
        (0.5, None, "score = 0.5 (part mark)"),
        (-1, None, "score = -1 (no plain verdict)"),
        ("unsure", None, "score = unsure (no plain verdict)"),
        ([True, False], None, "score = […] (several values)"),
        ({"a": 1, "b": 0}, None, "score = {a, b, …} (several values)"),
        (10**400, None, "score = a large number (no plain verdict)"),
    ],
)
def test_what_a_field_says(value: Any, correct: bool | None, field: str | None) -> None:
    assert verdict_in("score", value) == (correct, field)


def test_long_values_are_cut() -> None:
    assert len(no_verdict("score", "x" * 10_000)) < 100
    assert no_verdict("score", float("nan")) == "score = NaN (not scored)"


ROW = {"question": "Where is the Louvre?", "response": "Paris", "gold": "Paris"}


@pytest.mark.parametrize(
    ("row", "correct", "verdict"),
    [
        (ROW, True, None),
        ({**ROW, "correct": None}, True, None),
        ({**ROW, "correct": False}, False, "correct"),
        ({**ROW, "correct": 0.5}, None, "correct = 0.5 (part mark)"),
    ],
)
def test_only_a_gap_is_graded(tmp_path: Path, row: dict[str, Any], correct: bool | None, verdict: str | None) -> None:
    (trace,) = imported(tmp_path, (row,)).traces
    assert trace.correct is correct
    assert trace.meta["import"].get("verdict") == verdict
    assert ("grading" in trace.meta) == (verdict is None)


def test_part_marks_of_candidates_are_kept_and_rewards_are_no_marks(tmp_path: Path) -> None:
    row = {"problem": "Where is the Louvre?", "answer": "Paris", "generations": ["Paris", "Rome"]}
    traces = imported(tmp_path, ({**row, "correctness_math_verify": [True, 0.5]},)).traces
    assert [trace.correct for trace in traces] == [True, None]
    traces = imported(tmp_path, ({**row, "scores": [0.25, 3.5]},)).traces
    assert all("grading" in trace.meta for trace in traces)


@pytest.mark.parametrize("format", ["vllm", "sglang", "tgi", "llama-cpp", "ollama", "openai"])
def test_a_verdict_beside_the_answer_of_a_server_counts(tmp_path: Path, format: str) -> None:
    record = {**one_of_each("Paris")[format][0], "gold": "Paris"}
    found = []
    for said in (False, 0.5, None):
        (trace,) = imported(tmp_path, ({**record, "correct": said},)).traces
        found.append((trace.correct, trace.meta["import"].get("verdict")))
    assert found == [(False, "correct"), (None, "correct = 0.5 (part mark)"), (True, None)]
