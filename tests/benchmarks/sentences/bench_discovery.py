"""How long discovery takes on many sentences, by stage, without a database.

    .venv/bin/python -m tests.benchmarks.sentences.bench_discovery --sentences 10000000

Wordings are drawn with frequencies that fall as their rank, most of them once; a sentence has one wording and one
opening, three templates of parts of speech, and one lens in two. It prints seconds, and the memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from rdpt_core.analysis.behaviours.discovery.chance import chance
from rdpt_core.analysis.behaviours.discovery.examples import examples
from rdpt_core.analysis.behaviours.discovery.pairs import Grid, chunks_of, halves
from rdpt_core.analysis.behaviours.discovery.report import report
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, tally, totals
from rdpt_core.analysis.behaviours.discovery.testing import find_kinds
from rdpt_core.analysis.behaviours.families import LENS, OPENING, PARTS_OF_SPEECH, WORDING, KindFamily
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Ints

T = TypeVar("T")

_PER_TRACE, _SAMPLES = 100, 4


def family_of(name: str, kind: Ints, place: Ints) -> KindFamily:
    """A family from the kind of each membership."""
    order = np.argsort(kind, kind="stable")
    n_kinds = int(kind.max()) + 1
    start = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=n_kinds))])
    return KindFamily(name, tuple(map(str, range(n_kinds))), start, place[order].astype(np.int32))


def families(n: int, rng: np.random.Generator) -> tuple[KindFamily, ...]:
    """Four families over n sentences."""
    place = np.arange(n)

    def by_rank(n_kinds: int, size: int) -> Ints:
        return np.minimum(np.exp(rng.random(size) * np.log(n_kinds)).astype(np.int64) - 1, n_kinds - 1)

    return (
        family_of(WORDING, by_rank(n // 3 + 1, n), place),
        family_of(OPENING, by_rank(5_000, n), place),
        family_of(PARTS_OF_SPEECH, by_rank(50_000, 3 * n), np.repeat(place, 3)),
        family_of(LENS, rng.integers(0, 8, n // 2), np.sort(rng.choice(n, n // 2, replace=False))),
    )


def timed(name: str, work: Callable[[], T]) -> T:
    """Do something, and print how long it took."""
    begin = time.perf_counter()
    result = work()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{name:<10} {time.perf_counter() - begin:8.2f} s   {memory:6.1f} GiB at most so far", flush=True)
    return result


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    n_traces = max(1, arguments.sentences // _PER_TRACE)
    n = n_traces * _PER_TRACE
    start = np.arange(0, n + 1, _PER_TRACE)
    question = np.arange(n_traces, dtype=np.int32) // _SAMPLES
    names = [((f"{number:x}",),) for number in range(int(question[-1]) + 1)]
    trace_of = np.repeat(np.arange(n_traces, dtype=np.int32), _PER_TRACE)
    correct = rng.integers(-1, 2, n_traces).astype(np.int32)
    kinds = families(n, rng)
    labelled = Labelled(
        np.ones(n, bool), rng.random(n) < 0.4, (rng.random(n) < 0.3).astype(np.uint8),
        rng.integers(0, 6, n).astype(np.uint8), 5, None, rng.standard_normal(n, np.float32),
    )  # fmt: skip
    print(f"{n:,} sentences, {sum(len(family.members) for family in kinds):,} memberships")
    grid = timed("grid", lambda: Grid(start, trace_of, question, halves(names, 0), correct))
    chunks = timed("chunks", lambda: chunks_of(kinds, grid))
    counted = timed("totals", lambda: totals(grid, labelled))
    tallies = timed("tallies", lambda: in_parallel(lambda chunk: tally(chunk, labelled, counted), chunks))
    timed("tests", lambda: find_kinds(chunks, tallies, grid))
    found = timed("chance", lambda: chance(chunks, tallies, grid, labelled, 0))
    timed("report", lambda: report(chunks, tallies, grid, labelled, counted, ~grid.is_finding))
    timed("examples", lambda: examples(chunks, tallies, grid, labelled, 0))
    print(f"{sum(chunk.n_kinds for chunk in chunks):,} kinds tested, {len(found.largest)} draws by {found.how}")


if __name__ == "__main__":
    main()
