"""Accuracy of groups, every question weighing the same, and beside the student's own."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.evidence.transfer.accuracy import accuracy_rows
from rdpt_core.analysis.evidence.transfer.levels import from_domains
from tests.unit.analysis.evidence.transfer import worlds


def test_questions_weigh_the_same_and_the_student_is_paired() -> None:
    # Nine questions a benchmark; the first has two traces more, all correct.
    names = [f"a{i}" for i in range(9)] + ["a0", "a0"] + [f"b{i}" for i in range(9)]
    correct = [1, 0, 1, 0, 1, 0, 1, -1, 1, 1, 1] + [0, 0, 1, 0, 0, 0, 0, 0, 1]
    traces = worlds.traces(["a"] * 11 + ["b"] * 9, ["seen"] * 11 + ["unseen"] * 9, names, correct)
    run = worlds.counted(traces, [1] * 20, [0] * 20)
    assignment = from_domains(traces, "benchmark")
    assert assignment is not None
    own = accuracy_rows(run, None, assignment)
    assert [(row.name, row.is_level) for row in own] == [("a", False), ("b", False), ("seen", True), ("unseen", True)]
    assert own[0].distilled.share[0] == pytest.approx(5 / 8)
    assert own[1].distilled.share[0] == pytest.approx(2 / 9)
    assert own[0].student is None and own[0].gain is None
    # The student answered a0 to a8, the seventh of which the run's grade lacks, and got a0 and a1 right.
    text = worlds.traces(["a"] * 9, ["seen"] * 9, names[:9], [1, 1, 0, 0, 0, 0, 0, 1, 0])
    beside = accuracy_rows(run, worlds.counted(text, [0] * 9, [0] * 9), assignment)
    student, gain = beside[0].student, beside[0].gain
    assert student is not None and student.share[0] == pytest.approx(2 / 8)
    assert gain is not None and gain.value == pytest.approx(5 / 8 - 2 / 8)
    assert beside[1].student is None


def test_without_grades_there_is_no_row() -> None:
    traces = worlds.traces(["a", "b"], ["seen", "unseen"])
    assignment = from_domains(traces, "benchmark")
    assert assignment is not None
    assert accuracy_rows(worlds.counted(traces, [1, 1], [0, 0]), None, assignment) == ()
