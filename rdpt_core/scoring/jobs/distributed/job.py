"""One role of one run on several workers: Ray Data feeds them, one committer stores what they give."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rdpt_core.errors import RdptError, ServerGoneError
from rdpt_core.records import ScoredModel
from rdpt_core.records.companions import column_of
from rdpt_core.scoring.backends.served.greeting import ServedAs
from rdpt_core.scoring.jobs.commits import Commits
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions
from rdpt_core.scoring.jobs.distributed.shards import read_shard, write_traces
from rdpt_core.scoring.jobs.distributed.worker import ScoringWorker, portable
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.jobs.timing import StageSeconds, Stopwatch
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.request import ScoreRequest

TRACES_PER_SHARD = 64


@dataclass(frozen=True, slots=True)
class DistributedJob:
    """Scores the traces of one role that are not stored yet."""

    request: ScoreRequest
    model: ScoredModel
    prompt_hash: str | None
    served: ServedAs | None
    n_traces: int
    commits: Commits
    options: DistributedOptions

    def run(self, *, quiet: bool) -> StageSeconds:
        """Commit what an earlier process left, then score the rest.

        Raises:
            RdptError: after everything that was scored is stored.
        """
        stages = StageSeconds()
        if not self._waiting():
            return stages
        shards, inputs = self._folder / "shards", self._folder / "traces"
        for folder in (shards, inputs):
            folder.mkdir(parents=True, exist_ok=True)
        n_done = self.n_traces - len(self._waiting())
        bar = RoleProgressBar(self.model.role, self.n_traces, n_done, quiet=quiet)
        with closing(bar):
            self._commit_all(shards, bar)
            waiting = self._waiting()
            watch = Stopwatch()
            if waiting:
                self._write_inputs(inputs, waiting)
                stages.preparing += watch.lap()
                try:
                    for shard in self._scored(inputs, shards):
                        stages.model += watch.lap()
                        self._commit(shard, bar)
                        stages.storing += watch.lap()
                except RdptError:
                    self._commit_all(shards, bar)
                    raise
        shutil.rmtree(self._folder)
        return stages

    @property
    def _folder(self) -> Path:
        return self.options.folder.absolute() / self.commits.run.run_id / column_of(self.model.role)

    def _waiting(self) -> set[int]:
        store = self.commits.store
        return set(range(self.n_traces)) - store.scored_trace_nos(
            self.commits.run, self.model.role, with_failed=False, ranked=self.request.with_ranks
        )

    def _write_inputs(self, folder: Path, waiting: set[int]) -> None:
        """Small files, so that the workers share the work evenly; those of an earlier process are replaced."""
        shutil.rmtree(folder)
        folder.mkdir()
        for window in windows(self.n_traces):
            numbers = [trace_no for trace_no in window if trace_no in waiting]
            if not numbers:
                continue
            traces = self.commits.store.traces(self.commits.run, window.start, window.stop)
            for first in range(0, len(numbers), TRACES_PER_SHARD):
                chosen = numbers[first : first + TRACES_PER_SHARD]
                pairs = [(trace_no, traces[trace_no - window.start]) for trace_no in chosen]
                write_traces(folder / f"traces-{chosen[0]:09d}.parquet", pairs)

    def _scored(self, inputs: Path, shards: Path) -> Iterator[Path]:
        """The pipeline: paths of shards, as they are finished, in any order.

        Raises:
            ServerGoneError: after all shards, if a worker's server was gone.
        """
        import ray
        from ray.exceptions import RayError

        options = self.options
        files = [{"traces": str(path)} for path in sorted(inputs.glob("*.parquet"))]
        # A block for each file, which its worker reads: a reader of its own would take a CPU from the workers, and
        # would put small files together, so that one worker had them all.
        scored = ray.data.from_items(files, override_num_blocks=len(files)).map_batches(
            ScoringWorker,
            fn_constructor_args=(
                portable(self.request, self.model.role),
                self.model,
                self.prompt_hash,
                self.served,
                str(shards),
            ),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(options.n_workers, len(files))),
            num_cpus=options.n_cpus,
            num_gpus=options.n_gpus or None,
        )
        gone = ""
        try:
            for row in scored.iter_rows():
                gone = gone or row["gone"]
                if row["shard"]:
                    yield Path(row["shard"])
        except RayError as error:
            raise _own_error(error) from error
        if gone:
            raise ServerGoneError(**json.loads(gone))

    def _commit_all(self, folder: Path, bar: RoleProgressBar) -> None:
        for shard in sorted(folder.glob("shard-*.parquet")):
            self._commit(shard, bar)

    def _commit(self, shard: Path, bar: RoleProgressBar) -> None:
        """Store a shard, then let it go. One that came twice is gone already."""
        if not shard.exists():
            return
        results = read_shard(shard)
        store, run = self.commits.store, self.commits.run
        first, last = results[0].trace_no, results[-1].trace_no
        traces = store.traces(run, first, last + 1)
        items = {
            result.trace_no: self.commits.item(result.trace_no, traces[result.trace_no - first]) for result in results
        }
        self.commits.commit([(items[result.trace_no], result) for result in results])
        bar.advance(len(results), sum(len(result.tokens) for result in results))
        shard.unlink(missing_ok=True)


def _own_error(error: BaseException) -> BaseException:
    """The error that a worker met, out of the wrappings that it came in."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, RdptError) and type(seen).__module__ == "rdpt_core.errors":
            return seen
        seen = getattr(seen, "cause", None) or seen.__cause__
    return error
