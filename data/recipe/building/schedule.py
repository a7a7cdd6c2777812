"""Runs stages in processes, each as soon as what it needs is there."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

from data.recipe.progress import report, silence_progress_bars
from data.recipe.reproducible import reproducible_torch


@dataclass(frozen=True)
class Stage:
    """One piece of work, which reads files and writes files.

    Attributes:
        name: Shown with the progress, and what other stages call it by.
        work: Takes nothing and returns nothing; it must survive pickling.
        needs: Names of stages that come before. A stage may only need stages listed before it.
    """

    name: str
    work: Callable[[], None]
    needs: tuple[str, ...] = ()


def run_stages(stages: Sequence[Stage], n_processes: int) -> dict[str, float]:
    """Runs all stages; earlier ones are preferred where there is a choice.

    Args:
        stages: In an order in which they could run one after another.
        n_processes: How many run at once; 1 runs everything in this process.

    Returns:
        Seconds by name of stage, in the order in which they ended.

    Raises:
        ValueError: if a stage needs one that does not stand before it.
    """
    names: set[str] = set()
    for stage in stages:
        if not names.issuperset(stage.needs):
            raise ValueError(f"stage {stage.name!r} needs {stage.needs}, but only {sorted(names)} stand before it")
        names.add(stage.name)
    if n_processes == 1:
        return {stage.name: _timed(stage) for stage in stages}
    seconds: dict[str, float] = {}
    waiting, running = list(stages), dict[Future[float], str]()
    # Spawned and not forked: a copy of a process that has used torch's threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_processes, mp_context=context, initializer=silence_progress_bars) as pool:
        while waiting or running:
            ready = [stage for stage in waiting if seconds.keys() >= set(stage.needs)]
            for stage in ready[: n_processes - len(running)]:
                waiting.remove(stage)
                running[pool.submit(partial(_timed, stage))] = stage.name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                seconds[running.pop(future)] = future.result()
    return seconds


def _timed(stage: Stage) -> float:
    started = time.monotonic()
    report(f"{stage.name}: started")
    with reproducible_torch():
        stage.work()
    seconds = time.monotonic() - started
    report(f"{stage.name}: done in {seconds:.0f} s")
    return seconds
