"""How long the pages Ratios, Thresholds and Runs wait for their numbers, on a file of any size.

    python tests/benchmarks/make_large.py large.duckdb
    python tests/benchmarks/bench_charts.py large.duckdb

Prints medians of wall and CPU time per question that a page asks, with a file that the system has cached.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.run import ranking, run_agreement
from rdpt_core.analysis.run.gaps import gap_plane
from rdpt_core.analysis.run.gaps.gap_arrays import exact_gaps, load_gaps
from rdpt_core.analysis.run.sensitivity import suggested_beta, thresholds
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope, load_choices
from rdpt_core.store.reader import Reader, Run, open_reader


def questions(reader: Reader, run: Run, rule: LabelRule) -> list[tuple[str, Callable[[], Any]]]:
    """What each page asks, by page."""
    every = Scope()
    frame = gap_plane.load_range(reader, run, rule, Space.DIFFERENCE, every)
    assert frame is not None, "the file holds no scored sentence"
    order = ranking.Order.TEACHER
    gaps, traces = load_gaps(reader, run, rule.unit, rule.space), load_trace_table(reader, run, every)
    rows = np.searchsorted(gaps.trace_no, traces.trace_no)
    exact = partial(exact_gaps, reader, run, rule.unit, rule.space)
    found: list[tuple[str, Callable[[], Any]]] = [
        ("filters: choices", lambda: load_choices(reader, run)),
        ("ratios: frame (once)", lambda: gap_plane.load_range(reader, run, rule, Space.DIFFERENCE, every)),
        ("ratios: cells", lambda: gap_plane.load_cells(reader, run, rule, Space.DIFFERENCE, every, frame)),
        ("ratios: ranking", lambda: ranking.load_ranked(reader, run, rule, every, order, 1, None)),
        ("ratios: order of traces (once)", lambda: ranking.load_trace_order(reader, run, rule, every)),
        ("ratios: strip", lambda: ranking.load_strip(reader, run, rule, tuple(range(ranking.STRIP_ROWS)))),
        ("gaps in memory (once)", lambda: load_gaps(reader, run, rule.unit, rule.space)),
        ("thresholds: map", lambda: thresholds.count_map(gaps, rows, rule, exact)),
        ("thresholds: suggested β (once)", lambda: suggested_beta.find_beta(gaps, rows, traces, exact)),
        ("thresholds: curves along β", lambda: thresholds.beta_curves(gaps, rows, traces, rule, exact)),
        ("thresholds: margins", lambda: thresholds.count_margins(gaps, rows, rule, exact)),
        ("thresholds: other units", lambda: thresholds.load_alternatives(reader, run, rule, every)),
    ]
    for other in reader.runs():
        if other.run_no != run.run_no:
            found += [
                ("runs: comparison", partial(run_agreement.load_agreement, reader, run, other, rule, every)),
                ("runs: moved", partial(run_agreement.load_moved, reader, run, other, rule, every, None)),
            ]
            break
    return found


def main() -> None:
    """Time everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with open_reader(arguments.file) as reader:
        run = reader.run(None)
        for name, ask in questions(reader, run, LabelRule.make()):
            walls, processors = [], []
            for _ in range(arguments.repeats):
                wall, processor = time.perf_counter(), time.process_time()
                ask()
                walls.append(time.perf_counter() - wall)
                processors.append(time.process_time() - processor)
            print(
                f"{name:32} {statistics.median(walls):7.3f} s wall {statistics.median(processors):7.3f} s CPU",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
