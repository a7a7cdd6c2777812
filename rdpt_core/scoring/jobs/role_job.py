"""One role of one run: every window of traces through its backend, batch by batch, into the store."""

from __future__ import annotations

import functools
import time
from contextlib import closing
from dataclasses import dataclass

from rdpt_core import interrupts
from rdpt_core.errors import RdptError
from rdpt_core.records import RoleResult
from rdpt_core.scoring.backends.base import Backend, Batch, ScoringItem
from rdpt_core.scoring.concurrency import OneAtATime, ahead
from rdpt_core.scoring.jobs.commits import Commits
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.jobs.timing import StageSeconds, Stopwatch
from rdpt_core.scoring.jobs.windows import windows

_COMMIT_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class RoleJob:
    """Scores the traces of one role that are not stored yet, or lack one of the variants that come from its pass."""

    backend: Backend
    n_traces: int
    commits: Commits

    def run(self, *, quiet: bool, with_ranks: bool = False) -> StageSeconds:
        """Score what is not stored yet. While the model works on a batch, the one before it is being stored and the
        next window is being tokenised; a killed process loses what was not committed, and nothing else.

        Raises:
            RdptError: after everything that was scored is stored.
        """
        role = self.backend.model.role
        stages = StageSeconds()
        commits = self.commits
        done = set.intersection(
            *(
                commits.store.scored_trace_nos(commits.run, key, with_failed=False, ranked=with_ranks)
                for key in commits.keys
            )
        )
        if len(done) == self.n_traces:
            return stages
        bar = RoleProgressBar(role, self.n_traces, len(done), quiet=quiet)
        self.backend.load()
        with OneAtATime("store") as database:
            waiting = [window for window in windows(self.n_traces) if not done.issuperset(window)]
            watch = Stopwatch()
            with closing(ahead(waiting, lambda window: self._prepare(window, done, database))) as prepared:
                for batches in prepared:
                    stages.preparing += watch.lap()
                    self._score_window(batches, database, bar, stages)
                    watch.lap()
            database.wait()
            stages.storing += watch.lap()
        bar.close()
        return stages

    def _score_window(
        self, batches: list[Batch], database: OneAtATime, bar: RoleProgressBar, stages: StageSeconds
    ) -> None:
        items = {prepared.item.trace_no: prepared.item for batch in batches for prepared in batch}
        pending: list[tuple[ScoringItem, RoleResult]] = []
        last_commit_s = time.monotonic()
        watch = Stopwatch()
        try:
            for results in self.backend.score(batches):
                interrupts.check()
                stages.model += watch.lap()
                pending.extend((items[result.trace_no], result) for result in results)
                bar.advance(len(results), sum(len(result.tokens) for result in results))
                if time.monotonic() - last_commit_s > _COMMIT_INTERVAL_S:
                    database.start(functools.partial(self.commits.commit, pending))
                    pending, last_commit_s = [], time.monotonic()
                stages.storing += watch.lap()
        except RdptError:
            database.start(functools.partial(self.commits.commit, pending))
            database.wait()
            raise
        database.start(functools.partial(self.commits.commit, pending))
        stages.storing += watch.lap()

    def _prepare(self, window: range, done: set[int], database: OneAtATime) -> list[Batch]:
        """The batches of a window, of traces that are not stored yet."""
        commits = self.commits
        traces = database.call(lambda: commits.store.traces(commits.run, window.start, window.stop))
        return self.backend.prepare(
            [
                commits.item(trace_no, trace)
                for trace_no, trace in zip(window, traces, strict=True)
                if trace_no not in done
            ]
        )
