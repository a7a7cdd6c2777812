"""What differs between two traces, and which traces are suggested beside one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.catalog import load_trace_list
from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.schemes import BEFORE_TRAINING, WITHOUT_TEACHER
from rdpt_core.analysis.trace.comparison import Kind, TraceComparison, compare, mixed_questions, suggestions
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.records import Role
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

WORDS = ("alpha beta. ", "gamma delta. ", "epsilon zeta. ", "eta theta. ")


def trace(trace_id: str, *kinds: str, question: str = "q", correct: bool | None = None) -> synthetic.Sketch:
    sentences = list(zip(WORDS, kinds, strict=False))
    return synthetic.Sketch(trace_id, question, sentences, correct=correct, sample=int(trace_id[-1]))


def view(path: Path, trace_id: str, run: str | None = None, rule: LabelRule | None = None) -> TraceView:
    with open_reader(path) as reader:
        chosen = reader.run(run)
        return load_trace_view(reader, chosen, reader.trace_no(chosen, trace_id), rule or LabelRule.make())


def compared(path: Path, rule: LabelRule | None = None) -> TraceComparison:
    return compare(view(path, "t0", rule=rule), view(path, "t1", rule=rule))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a.duckdb"
    synthetic.build(
        path,
        [
            trace("t0", "Teacher", "Shared", "unscored", "Student", correct=True),
            trace("t1", "Student", "Shared", "Teacher", correct=False),
            trace("t2", "Teacher", correct=True),
            trace("u3", "Teacher", question="other", correct=False),
        ],
    )
    return path


def test_labels_and_gaps_of_every_pair(database: Path) -> None:
    comparison = compared(database)
    assert [(row.left, row.right) for row in comparison.alignment.rows] == [(0, 0), (1, 1), (2, 2), (3, None)]
    # Missing is no difference: neither a label nor a gap, and the last has no partner.
    assert comparison.differing == (0,)
    teacher, student = synthetic.PROBABILITIES["Teacher"], synthetic.PROBABILITIES["Student"]
    d_ts = abs((teacher[0] - teacher[1]) - (student[0] - student[1]))
    d_sd = abs((teacher[1] - teacher[2]) - (student[1] - student[2]))
    assert comparison.gaps == (pytest.approx(max(d_ts, d_sd)), 0, None, None)
    assert comparison.by_gap == (0,)


def test_in_ratio_space_the_gap_is_in_nats(database: Path) -> None:
    gap = compared(database, LabelRule.make(space=Space.RATIO)).gaps[0]
    assert gap is not None and gap > 1.5


def test_a_run_before_training_compares_by_what_both_have(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    texts = trace("t0", "Boosted", "Shared", "Teacher")
    synthetic.build(path, [texts], run_id="aaaa", name="before", roles=(Role.TEACHER, Role.STUDENT))
    synthetic.build(path, [texts], run_id="bbbb", name="after")
    comparison = compare(view(path, "t0", "before"), view(path, "t0", "after"))
    assert comparison.scheme is BEFORE_TRAINING
    assert comparison.differing == ()
    assert comparison.gaps == (0, 0, 0)


def test_a_run_without_a_teacher_is_compared_by_what_training_did(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [trace("t0", "Teacher", "Boosted")], run_id="aaaa", name="full")
    other = [trace("t0", "Teacher", "Student")]
    synthetic.build(path, other, run_id="bbbb", name="without", roles=(Role.STUDENT, Role.DISTILLED))
    synthetic.build(path, other, run_id="cccc", name="before", roles=(Role.TEACHER, Role.STUDENT))
    comparison = compare(view(path, "t0", "full"), view(path, "t0", "without"))
    assert comparison.scheme is WITHOUT_TEACHER
    # Boosted is Gained here, and so is Teacher; Student is Kept.
    assert comparison.differing == (1,)
    apart = compare(view(path, "t0", "before"), view(path, "t0", "without"))
    assert apart.scheme is None
    assert apart.differing == () and apart.gaps == (None, None)


def test_suggestions_begin_with_the_opposite_outcome(database: Path) -> None:
    synthetic.build(database, [trace("t0", "Teacher")], run_id="cccc", name="second")
    with open_reader(database) as reader:
        first, second = reader.runs()
        traces, others = load_trace_list(reader, first), [(second, load_trace_list(reader, second))]
    suggested = suggestions(first, traces, 0, others)
    assert [(item.kind, item.row["trace_id"], item.run.name) for item in suggested] == [
        (Kind.OPPOSITE, "t1", "synthetic"),
        (Kind.SAMPLE, "t2", "synthetic"),
        (Kind.RUN, "t0", "second"),
    ]
    assert suggestions(first, traces, 3, []) == ()
    assert [(correct["trace_id"], incorrect["trace_id"]) for correct, incorrect in mixed_questions(traces)] == [
        ("t0", "t1")
    ]
