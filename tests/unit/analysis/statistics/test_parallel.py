"""Work in threads: the same results, in the same order, whatever the number of processors."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, label_order
from rdpt_core.analysis.run.gaps import exact_counts, gap_arrays
from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.positions import tables
from rdpt_core.analysis.run.sensitivity.thresholds import count_map
from rdpt_core.analysis.statistics import parallel

ROLES = ("teacher", "student", "distilled")
CPUS = (1, 2, 3)


def gaps_and_rows(rng: np.random.Generator) -> tuple[Gaps, np.ndarray]:
    """Traces of unequal length, some sentences unscored, with two of three traces in scope."""
    length = rng.integers(1, 40, 600)
    start = np.concatenate([[0], np.cumsum(length)])
    gap = rng.normal(0, 0.2, start[-1]).astype(np.float32)
    max_gap = (np.abs(gap) + rng.exponential(0.05, len(gap))).astype(np.float32)
    max_gap[rng.random(len(gap)) < 0.05] = np.nan
    rows = np.flatnonzero(np.arange(len(length)) % 3)
    return Gaps(ROLES, np.arange(len(length), dtype=np.int32), start, gap, max_gap), rows


def use(monkeypatch: pytest.MonkeyPatch, n_cpus: int) -> None:
    monkeypatch.setattr(parallel, "n_usable_cpus", lambda: n_cpus)


@pytest.mark.parametrize("n_cpus", CPUS)
def test_results_come_in_the_order_of_the_pieces(monkeypatch: pytest.MonkeyPatch, n_cpus: int) -> None:
    use(monkeypatch, n_cpus)

    def work(piece: int) -> int:
        time.sleep(0.001 * (piece % 3))
        return piece**2

    assert parallel.in_parallel(work, range(20)) == [piece**2 for piece in range(20)]
    assert parallel.in_parallel(work, []) == []


@pytest.mark.parametrize("n_cpus", [*CPUS, 100])
def test_as_many_threads_work_as_there_are_processors_and_no_more(monkeypatch: pytest.MonkeyPatch, n_cpus: int) -> None:
    use(monkeypatch, n_cpus)
    n_expected = min(n_cpus, parallel.MAX_THREADS)
    # Nobody passes before all have come: fewer threads would wait in vain, and end with `BrokenBarrierError`.
    barrier = threading.Barrier(n_expected, timeout=10)

    def work(_: int) -> int:
        barrier.wait()
        return threading.get_ident()

    assert len(set(parallel.in_parallel(work, range(n_expected)))) == n_expected


@pytest.mark.parametrize("n_cpus", CPUS)
def test_an_error_of_a_piece_is_raised(monkeypatch: pytest.MonkeyPatch, n_cpus: int) -> None:
    use(monkeypatch, n_cpus)
    with pytest.raises(ZeroDivisionError):
        parallel.in_parallel(lambda piece: 1 // (piece - 3), range(6))


def test_the_processors_are_those_that_this_process_may_use() -> None:
    assert parallel.n_usable_cpus() >= 1


def test_labels_counts_and_positions_do_not_depend_on_the_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    # Passes of a few sentences, so that there are many more pieces than threads.
    for module, name, size in (
        (gap_arrays, "_PASS", 500),
        (exact_counts, "_PASS", 700),
        (tables, "_PASS_TRACES", 7),
    ):
        monkeypatch.setattr(module, name, size)
    gaps, rows = gaps_and_rows(np.random.default_rng(0))
    rule = LabelRule.make()

    def exact(trace_nos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert gaps.max_gap is not None
        index = np.concatenate([np.arange(gaps.start[t], gaps.start[t + 1]) for t in trace_nos])
        return gaps.gap[index].astype(np.float64), gaps.max_gap[index].astype(np.float64)

    def answers() -> list[np.ndarray]:
        codes = gap_arrays.label_codes(gaps, rule, lambda _: pytest.fail("no gap equals a threshold"))
        counts = count_map(gaps, rows, rule, exact)
        absolute = tables.absolute_table(gaps, codes, rows, 30)
        relative = tables.relative_table(gaps, codes, rows)
        return [
            codes,
            counts.counts,
            counts.flips,
            absolute.amount,
            absolute.reaches,
            relative.amount,
            relative.reaches,
        ]

    by_cpus = []
    for n_cpus in CPUS:
        use(monkeypatch, n_cpus)
        by_cpus.append(answers())
    assert by_cpus[0][1].shape[0] == len(label_order(ROLES))
    for answered in by_cpus[1:]:
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(by_cpus[0], answered, strict=True))
