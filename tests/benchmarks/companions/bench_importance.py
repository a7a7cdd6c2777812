"""What importance costs beside scoring the same traces: the bundled ones, until so many sentences stand before answers.

    python tests/benchmarks/companions/bench_importance.py [--sentences 2000] [--repeats 5] [--naive]

Each repeat runs everything once, in turns, and each ratio is the median of the repeats' own ratios. The commands load
their models and write a database; what Python imports is loaded before. The engine is the distilled model alone, loaded
and probed before. With `--naive` every sentence also takes a pass of its own over the whole trace, once, in the same
engine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.records import ROLES, Role
from rdpt_core.scoring.engine.branches import Branch, BranchedSequence, score_branches
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence
from rdpt_core.store.reader import open_reader

MODELS: dict[str, Any] = {str(role): bundled.DATA / role for role in ROLES}
TRACES = bundled.DATA / "traces.jsonl"


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def n_traces_with(n_sentences: int) -> int:
    """The first so many traces have these sentences before their answers, or all of them have fewer."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "all.duckdb"
        rdpt.score(TRACES, database, quiet=True, **MODELS)
        rdpt.importance(database, quiet=True)
        with open_reader(database) as reader:
            counts = reader.query(
                "SELECT len(list_filter(logprob_drop, lambda drop: drop IS NOT NULL)) AS n FROM importance "
                "ORDER BY trace_no"
            )
    total = 0
    for number, n in enumerate(counts.column("n").to_pylist(), start=1):
        total += n
        if total >= n_sentences:
            return number
    return int(counts.num_rows)


def commands(folder: Path, n_traces: int) -> tuple[float, float]:
    """Seconds of `score` under the triple, and of `importance` after it."""
    database = folder / "run.duckdb"
    database.unlink(missing_ok=True)
    scored_s = seconds(lambda: rdpt.score(TRACES, database, limit=n_traces, quiet=True, **MODELS))
    return scored_s, seconds(lambda: rdpt.importance(database, quiet=True))


def sequences_of(database: Path) -> list[tuple[TokenSequence, BranchedSequence]]:
    """Every trace for the engine: whole, and with its branches."""
    from rdpt_core.scoring.importance import job

    caught: list[tuple[TokenSequence, BranchedSequence]] = []
    real = job._Meter.measure

    def measure(meter: Any, cuts: Any) -> Any:
        for cut in cuts:
            branches = tuple(Branch(int(cut.bounds[number]), cut.after(number)) for number in cut.measured)
            whole = TokenSequence(cut.ids[: cut.n_prompt].tolist(), cut.ids[cut.n_prompt :])
            caught.append((whole, BranchedSequence(cut.ids, cut.n_answer, branches)))
        return real(meter, cuts)

    job._Meter.measure = measure  # type: ignore[method-assign, assignment]
    try:
        rdpt.importance(database, again=True, quiet=True)
    finally:
        job._Meter.measure = real  # type: ignore[method-assign]
    return caught


def load_kernel() -> CausalKernel:
    """The distilled model, probed."""
    import torch
    from transformers import AutoModelForCausalLM

    return CausalKernel(AutoModelForCausalLM.from_pretrained(bundled.DATA / Role.DISTILLED, dtype=torch.float32))


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--naive", action="store_true")
    arguments = parser.parse_args()
    n_traces = n_traces_with(arguments.sentences)
    with tempfile.TemporaryDirectory() as folder:
        commands(Path(folder), n_traces)
        sequences = sequences_of(Path(folder) / "run.duckdb")
        whole, branched = [one for one, _ in sequences], [one for _, one in sequences]
        kernel = load_kernel()
        pairs = []
        for _ in range(arguments.repeats):
            engine = seconds(lambda: kernel.score(whole)), seconds(lambda: score_branches(kernel, branched))
            pairs.append((commands(Path(folder), n_traces), engine))
    n_sentences = sum(len(one.branches) for one in branched)
    rows = sum(map(len, whole)), sum(len(one.ids) + sum(len(b.ids) for b in one.branches) for one in branched)
    print(f"{n_traces:,} traces, {n_sentences:,} sentences before answers, {rows[0]:,} and {rows[1]:,} tokens")
    for name, number in (("commands, triple", 0), ("engine, distilled", 1)):
        scored, measured = zip(*(pair[number] for pair in pairs), strict=True)
        ratio = statistics.median(b / a for a, b in zip(scored, measured, strict=True))
        print(
            f"{name:<18} scoring {statistics.median(scored):6.2f} s, importance {statistics.median(measured):6.2f} s, "
            f"ratio {ratio:.2f}"
        )
    if arguments.naive:
        everything = [one.whole(number) for one in branched for number in range(-1, len(one.branches))]
        print(f"a pass a sentence  {seconds(lambda: kernel.score(everything)):6.2f} s")


if __name__ == "__main__":
    main()
