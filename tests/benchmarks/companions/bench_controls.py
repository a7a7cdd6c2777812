"""What controls cost in a large run: the two that every triple has, when first asked and when a threshold changes.

    python tests/benchmarks/companions/bench_controls.py FILE [--turns N]

FILE is one of `make_large.py`, which is made if it is not there. Prints medians over turns of seconds of processor
time, each turn with nothing kept, and the most memory of the process. It prints numbers and judges none.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.control_shares import ControlledRun
from rdpt_core.analysis.evidence.controls import NO_TEACHER, STUDENT, Control
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.benchmarks import make_large


def measure(path: Path) -> dict[str, float]:
    """Seconds of processor time of every step."""
    run = rdpt.open(path).run()
    data = run._data()
    controlled = ControlledRun(data, lambda key: run._data(control=key))
    took: dict[str, float] = {}

    def step(name: str, ask: Callable[[], object]) -> None:
        began = time.process_time()
        ask()
        took[name] = time.process_time() - began

    def compare(control: Control, rule: LabelRule) -> Callable[[], object]:
        return lambda: controlled.compare(control, rule, Scope())

    for when, rule in (("first", LabelRule.make()), ("β changes", LabelRule.make(beta=0.2))):
        step(f"shares with the teacher, {when}", lambda rule=rule: data.shares(rule))  # type: ignore[misc]
        for control in (NO_TEACHER, STUDENT):
            step(f"{control.name}, {when}", compare(control, rule))
    return took


def main() -> None:
    """Measure, and print a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.file.exists():
        make_large.make(arguments.file, 10_000_000, 50_000)
    turns = [measure(arguments.file) for _ in range(arguments.turns)]
    for name in turns[0]:
        print(f"{name}: {statistics.median(turn[name] for turn in turns):.2f} s")
    print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
