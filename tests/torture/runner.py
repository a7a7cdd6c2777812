"""Which attempt comes when, on how many workers, and what came of each."""

from __future__ import annotations

import random
import shutil
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from tests.torture.content import Content
from tests.torture.crowd import Crowd
from tests.torture.damaged import Damaged
from tests.torture.kill import Kill
from tests.torture.lab import Lab, Materials
from tests.torture.resources import Resources
from tests.torture.served import Served
from tests.torture.swapped import Swapped
from tests.torture.verdicts import Ground, Trial, Verdict

GROUNDS: tuple[type[Ground], ...] = (Kill, Swapped, Damaged, Content, Resources, Served, Crowd)
NAMES = tuple(ground.name for ground in GROUNDS)


@dataclass(frozen=True)
class Attempt:
    """One attempt, named by what decides all of its choices."""

    seed: int
    ground: str
    index: int

    @property
    def again(self) -> str:
        """The command that does just this one."""
        return f"python -m tests.torture --seed {self.seed} --only {self.ground} --attempt {self.index}"

    def rng(self) -> random.Random:
        return random.Random(f"{self.seed} {self.ground} {self.index}")


@dataclass(frozen=True)
class Result:
    attempt: Attempt
    verdict: Verdict
    seconds: float


@dataclass
class Report:
    """What came of all attempts."""

    results: list[Result] = field(default_factory=list)

    @property
    def failures(self) -> list[Result]:
        return [result for result in self.results if not result.verdict.held]

    def table(self) -> str:
        """One row a ground."""
        lines = [f"{'ground':<10} {'attempts':>8} {'struck':>7} {'held':>6} {'failed':>7} {'seconds':>8}"]
        for name in (*NAMES, "all"):
            own = [result for result in self.results if name in (result.attempt.ground, "all")]
            if own:
                counts = Counter(result.verdict.held for result in own)
                n_struck = sum(result.verdict.is_struck for result in own)
                seconds = sum(result.seconds for result in own)
                lines.append(
                    f"{name:<10} {len(own):>8} {n_struck:>7} {counts[True]:>6} {counts[False]:>7} {seconds:>8.0f}"
                )
        return "\n".join(lines)


def describe(result: Result) -> str:
    """A failure: what was done, what was expected, what was seen, and how to see it again."""
    verdict = result.verdict
    return (
        f"{result.attempt.ground} {result.attempt.index}: {verdict.what}\n"
        f"  expected  {verdict.expected}\n  seen      {verdict.seen}\n  again     {result.attempt.again}"
    )


def plan(seed: int, n_attempts: int, only: str | None = None) -> list[Attempt]:
    """So many attempts, shared out among the grounds, or all on one; the grounds take turns."""
    if only is not None:
        return [Attempt(seed, only, index) for index in range(n_attempts)]
    shares = {ground.name: ground.share for ground in GROUNDS}
    whole = sum(shares.values())
    found: list[Attempt] = []
    given = Counter[str]()
    for n in range(1, n_attempts + 1):
        # Whoever lags behind its share most.
        name = max(NAMES, key=lambda one: n * shares[one] / whole - given[one])
        found.append(Attempt(seed, name, given[name]))
        given[name] += 1
    return found


def run(
    attempts: Sequence[Attempt],
    folder: Path,
    *,
    n_jobs: int = 1,
    keep: bool = False,
    on_result: Callable[[Result], None] | None = None,
) -> Report:
    """Do all attempts.

    Args:
        folder: for everything that is written; it must be empty.
        n_jobs: workers, each with processes of its own.
        keep: leave the files of each attempt where they are.
        on_result: called after each attempt, in whatever order they end.
    """
    waiting: SimpleQueue[Attempt] = SimpleQueue()
    for attempt in attempts:
        waiting.put(attempt)
    materials, report, lock = Materials(folder / "materials"), Report(), threading.Lock()
    materials.folder.mkdir()
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Lab(folder / f"worker-{number}", materials) as lab:
                grounds = {ground.name: ground for ground in (make(lab) for make in GROUNDS)}
                while not errors:
                    try:
                        attempt = waiting.get_nowait()
                    except Empty:
                        return
                    result = _one(attempt, grounds[attempt.ground], folder, keep)
                    with lock:
                        report.results.append(result)
                        if on_result is not None:
                            on_result(result)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(n_jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:
        # Ctrl-C: attempts that have begun clear up behind them.
        errors.append(error)
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    report.results.sort(key=lambda result: (NAMES.index(result.attempt.ground), result.attempt.index))
    return report


def _one(attempt: Attempt, ground: Ground, folder: Path, keep: bool) -> Result:
    scratch = folder / f"{attempt.ground}-{attempt.index}"
    scratch.mkdir()
    start_s = time.monotonic()
    try:
        trial = Trial()
        verdict = trial.verdict(lambda: ground.attempt(attempt.rng(), scratch, trial))
    except Exception as error:
        # A fault of these tests, or of what they call in this process: never taken for a success.
        verdict = Verdict("the attempt itself", False, "an attempt that comes to its end", repr(error))
        traceback.print_exc()
    if not keep:
        shutil.rmtree(scratch, ignore_errors=True)
    return Result(attempt, verdict, time.monotonic() - start_s)
