"""Groups of traces: what is counted, which intervals, and differences paired by question."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.run.group_shares import CrossTable, RunCounts, cross_table_rows, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.intervals import bootstrap_shares

KINDS = ("Teacher", "Shared", "Student")


def part(name: str = "one", n_questions: int = 24, seed: int = 0, shift: float = 0.0) -> RunCounts:
    """Two benchmarks, two traces a question, one of them correct."""
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(n_questions), 2)
    benchmark = (question >= n_questions // 2).astype(np.int64)
    correct = np.tile([1, 0], n_questions).astype(np.int8)
    lean = np.random.default_rng(99).beta(2, 3, n_questions)[question]
    teacher = rng.binomial(20, np.clip(lean + shift * correct, 0, 1))
    counts = np.column_stack([teacher, 20 - teacher, np.zeros(len(teacher), int)]).astype(float)
    facts = TraceTable(
        trace_no=np.arange(len(question), dtype=np.int32),
        question=question,
        question_keys=tuple(("ab"[int(q >= n_questions // 2)], f"q{q}") for q in range(n_questions)),
        codes={"benchmark": benchmark, "correctness": 1 - correct.astype(np.int64)},
        names={"benchmark": ("a", "b"), "correctness": ("correct", "incorrect")},
        correct=correct,
    )
    return RunCounts(name, facts, counts, counts.sum(axis=1).astype(np.int64))


def named(cells: CrossTable) -> list[tuple[str, str]]:
    return [(cell.row, cell.column) for cell in cells.cells]


def test_shares_and_counts_by_hand() -> None:
    one = part()
    cells = cross_tabulate([one], KINDS, "benchmark", "correctness")
    assert named(cells) == [("a", "correct"), ("a", "incorrect"), ("b", "correct"), ("b", "incorrect")]
    first = cells.cells[0]
    mine = one.counts[:24:2]
    assert first.intervals.share == pytest.approx(mine.sum(axis=0) / mine.sum())
    assert (first.intervals.n_questions, first.intervals.n_traces, first.n_sentences) == (12, 12, 240)
    assert first.members[0].tolist() == list(range(0, 24, 2))


def test_a_benchmark_has_the_interval_that_it_has_alone() -> None:
    one = part()
    cells = cross_tabulate([one], KINDS, "benchmark", None)
    alone = bootstrap_shares(one.counts[:24].astype(np.int64), one.facts.question[:24])
    # Other draws of the same distribution: equal but for the noise of 2,000 resamples.
    width = (alone.high - alone.low)[:2]
    assert np.all(np.abs(cells.cells[0].intervals.low - alone.low)[:2] < 0.15 * width)
    assert np.all(np.abs(cells.cells[0].intervals.high - alone.high)[:2] < 0.15 * width)


def test_the_same_questions_pair_and_others_do_not() -> None:
    one = part(shift=0.1)
    by_grade = difference(cross_tabulate([one], KINDS, "correctness", None), 0, 1)
    assert by_grade.is_paired and by_grade.n_shared == 24
    by_benchmark = difference(cross_tabulate([one], KINDS, "benchmark", None), 0, 1)
    assert by_benchmark.n_shared == 0 and not by_benchmark.is_paired
    # Questions differ much and grades little: pairing must make the interval far narrower.
    paired = (by_grade.high - by_grade.low)[0]
    assert paired < 0.6 * (by_benchmark.high - by_benchmark.low)[0]
    assert by_grade.low[0] < 0.1 < by_grade.high[0] and by_grade.low[0] > 0


def test_runs_over_the_same_questions_are_paired() -> None:
    cells = cross_tabulate([part("one"), part("two", seed=5)], KINDS, "run", "benchmark")
    assert named(cells) == [("one", "a"), ("one", "b"), ("two", "a"), ("two", "b")]
    assert difference(cells, 0, 2).is_paired
    assert cells.cells[2].members[0].size == 0 and cells.cells[2].members[1].size == 24


def test_few_questions_are_refused_and_said() -> None:
    cells = cross_tabulate([part(n_questions=12)], KINDS, "benchmark", None)
    found = cells.cells[0].intervals
    assert found.refused is not None and np.all(np.isnan(found.low)) and not np.any(np.isnan(found.share))
    gap = difference(cells, 0, 1)
    assert gap.refused is not None and np.all(np.isnan(gap.low)) and np.isfinite(gap.value).all()
    rows = cross_table_rows(cells, "sentences").to_pylist()
    assert rows[0]["low"] is None and "only 6 questions" in rows[0]["no_interval_because"]


def test_nothing_counted_gives_no_cells() -> None:
    one = part()
    nothing = RunCounts("one", one.facts, np.zeros_like(one.counts), np.zeros(len(one.counts), np.int64))
    assert cross_tabulate([nothing], KINDS, "benchmark", None).cells == ()
