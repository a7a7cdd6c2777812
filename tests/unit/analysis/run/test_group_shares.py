"""Groups of traces: what is counted, which intervals, and differences paired by question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rdpt_core.analysis.run.group_shares import CrossTable, RunCounts, cross_table_rows, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import bootstrap_shares

LABELS = ("Teacher", "Shared", "Student")


def run_counts(name: str = "one", n_questions: int = 24, seed: int = 0, shift: float = 0.0) -> RunCounts:
    """Two benchmarks, two traces a question, one of them correct."""
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(n_questions), 2)
    benchmark = (question >= n_questions // 2).astype(np.int64)
    correct = np.tile([1, 0], n_questions).astype(np.int8)
    lean = np.random.default_rng(99).beta(2, 3, n_questions)[question]
    teacher = rng.binomial(20, np.clip(lean + shift * correct, 0, 1))
    counts = np.column_stack([teacher, 20 - teacher, np.zeros(len(teacher), int)]).astype(float)
    traces = TraceTable(
        trace_no=np.arange(len(question), dtype=np.int32),
        question=question,
        question_keys=tuple(("ab"[int(q >= n_questions // 2)], f"q{q}") for q in range(n_questions)),
        codes={"benchmark": benchmark, "correctness": 1 - correct.astype(np.int64)},
        names={"benchmark": ("a", "b"), "correctness": ("correct", "incorrect")},
        correct=correct,
    )
    return RunCounts(name, traces, counts, counts.sum(axis=1).astype(np.int64))


def named(table: CrossTable) -> list[tuple[str, str]]:
    return [(cell.row, cell.column) for cell in table.cells]


def test_shares_and_counts_by_hand() -> None:
    run = run_counts()
    table = cross_tabulate([run], LABELS, "benchmark", "correctness")
    assert named(table) == [("a", "correct"), ("a", "incorrect"), ("b", "correct"), ("b", "incorrect")]
    first = table.cells[0]
    mine = run.counts[:24:2]
    assert first.intervals.share == pytest.approx(mine.sum(axis=0) / mine.sum())
    assert (first.intervals.n_questions, first.intervals.n_traces, first.n_sentences) == (12, 12, 240)
    assert first.members[0].tolist() == list(range(0, 24, 2))


def test_a_benchmark_has_the_interval_that_it_has_alone() -> None:
    run = run_counts()
    table = cross_tabulate([run], LABELS, "benchmark", None)
    alone = bootstrap_shares(run.counts[:24].astype(np.int64), run.traces.question[:24])
    # Other draws of the same distribution: equal but for the noise of 2,000 resamples.
    width = (alone.high - alone.low)[:2]
    assert np.all(np.abs(table.cells[0].intervals.low - alone.low)[:2] < 0.15 * width)
    assert np.all(np.abs(table.cells[0].intervals.high - alone.high)[:2] < 0.15 * width)


def test_the_same_questions_pair_and_others_do_not() -> None:
    run = run_counts(shift=0.1)
    by_grade = difference(cross_tabulate([run], LABELS, "correctness", None), 0, 1)
    assert by_grade.is_paired and by_grade.n_shared == 24
    by_benchmark = difference(cross_tabulate([run], LABELS, "benchmark", None), 0, 1)
    assert by_benchmark.n_shared == 0 and not by_benchmark.is_paired
    # Questions differ much and grades little: pairing must make the interval far narrower.
    paired = (by_grade.high - by_grade.low)[0]
    assert paired < 0.6 * (by_benchmark.high - by_benchmark.low)[0]
    assert by_grade.low[0] < 0.1 < by_grade.high[0] and by_grade.low[0] > 0


def test_runs_over_the_same_questions_are_paired() -> None:
    table = cross_tabulate([run_counts("one"), run_counts("two", seed=5)], LABELS, "run", "benchmark")
    assert named(table) == [("one", "a"), ("one", "b"), ("two", "a"), ("two", "b")]
    assert difference(table, 0, 2).is_paired
    assert table.cells[2].members[0].size == 0 and table.cells[2].members[1].size == 24


def test_few_questions_are_refused_and_said() -> None:
    table = cross_tabulate([run_counts(n_questions=12)], LABELS, "benchmark", None)
    intervals = table.cells[0].intervals
    assert intervals.refused is not None and np.all(np.isnan(intervals.low)) and not np.any(np.isnan(intervals.share))
    gap = difference(table, 0, 1)
    assert gap.refused is not None and np.all(np.isnan(gap.low)) and np.isfinite(gap.value).all()
    rows = cross_table_rows(table, "sentences").to_pylist()
    assert rows[0]["low"] is None and "only 6 questions" in rows[0]["no_interval_because"]


def test_nothing_counted_gives_no_cells() -> None:
    run = run_counts()
    nothing = RunCounts("one", run.traces, np.zeros_like(run.counts), np.zeros(len(run.counts), np.int64))
    assert cross_tabulate([nothing], LABELS, "benchmark", None).cells == ()


def test_a_label_that_neither_group_has_may_still_differ() -> None:
    table = cross_tabulate([run_counts()], LABELS, "benchmark", None)
    gap = difference(table, 0, 1)
    assert gap.value[2] == 0 and gap.low[2] < -0.2 and gap.high[2] > 0.2


def test_questions_weigh_the_same_within_each_cell() -> None:
    run = run_counts()
    heavy = np.concatenate([np.arange(len(run.counts)), np.zeros(40, np.int64)])
    traces = replace(
        run.traces,
        trace_no=np.arange(len(heavy), dtype=np.int32),
        question=run.traces.question[heavy],
        codes={name: codes[heavy] for name, codes in run.traces.codes.items()},
        correct=run.traces.correct[heavy],
    )
    uneven = RunCounts("one", traces, run.counts[heavy], run.n_sentences[heavy])
    expected = cross_tabulate([run], LABELS, "correctness", None, "questions")
    table = cross_tabulate([uneven], LABELS, "correctness", None, "questions")
    # The same trace 41 times: one question in the cell of correct traces, as before.
    assert table.cells[0].intervals.share == pytest.approx(expected.cells[0].intervals.share)
    assert table.cells[0].intervals.n_effective == pytest.approx(24)
    assert cross_tabulate([uneven], LABELS, "correctness", None).cells[0].intervals.refused is not None
    assert {row["averaged_over"] for row in cross_table_rows(table, "sentences").to_pylist()} == {"questions"}
