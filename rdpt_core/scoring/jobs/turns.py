"""One model after another: the triple, then its companions. One is in memory at a time.

Variants at other temperatures come from the passes of their roles, and are finished once the triple is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from rdpt_core.errors import ServerGoneError, StoreError
from rdpt_core.records import RunKey
from rdpt_core.records.companions import is_companion
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.jobs.commits import Commits, CompanionCommits, OnUnscored, RoleCommits, add_sums
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions
from rdpt_core.scoring.jobs.other_questions import OtherQuestions
from rdpt_core.scoring.jobs.role_job import RoleJob
from rdpt_core.scoring.jobs.timing import StageSeconds
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.request import RunStore, ScoreRequest
from rdpt_core.scoring.variants import is_other_question
from rdpt_core.traces import Splitter

OnStages = Callable[[str, StageSeconds], None]
"""Called with every model that was scored, and where its time went."""

_EXIT_PARTIAL = 3


def in_turn(backends: Sequence[Backend]) -> Generator[Backend, None, None]:
    """Each is closed before the next one's turn. If the run breaks off, those that wait are closed, too: the one before
    them may have left a model in memory for them."""
    waiting = deque(backends)
    try:
        while waiting:
            with closing(waiting.popleft()) as backend:
                yield backend
    finally:
        for backend in waiting:
            backend.close()


@dataclass(frozen=True, slots=True)
class Turns:
    """Scores models of one run.

    Attributes:
        keys: the roles of all models that this call scores, for a message if a server is gone.
        keeps_roles: what is stored of the triple stays as it is; its models only give variants.
        distributed: workers of Ray score, instead of this process.
    """

    request: ScoreRequest
    keys: Sequence[str]
    n_traces: int
    run: RunKey
    splitter: Splitter
    store: RunStore
    on_stages: OnStages | None = None
    on_unscored: OnUnscored | None = None
    distributed: DistributedOptions | None = None
    keeps_roles: bool = False

    def score(self, backend: Backend) -> None:
        """Score the traces that this model lacks, and store them; a companion is finished then.

        Raises:
            ServerGoneError: its server stopped answering; what was scored is stored.
            StoreError: the database was replaced meanwhile.
        """
        role = backend.model.role
        try:
            stages = self._job(backend, self._commits(role))
        except ServerGoneError as error:
            raise self._with_missing(error) from error
        if self.on_stages is not None:
            self.on_stages(role, stages)
        if is_companion(role):
            self.check_complete(role)
            self.store.finish_companion(self.run, role)

    def finish_variants(self) -> None:
        """Add up the sentences of variants at other temperatures, whose triple is finished, and finish them.

        Raises:
            StoreError: the database was replaced meanwhile.
        """
        keys = [variant.key for variant in self.request.at_temperatures]
        ranked = self.request.with_ranks
        add_sums(keys, self.n_traces, self.run, self.splitter, self.store, ranked=ranked)
        for key in keys:
            self.check_complete(key)
            self.store.finish_companion(self.run, key)

    def check_complete(self, *roles: str) -> None:
        """Models that are said to be scored are: they have every trace.

        Raises:
            StoreError: they have not.
        """
        if len(self.store.complete_trace_nos(self.run, roles)) == self.n_traces:
            return
        n_stored, role = min((len(self.store.scored_trace_nos(self.run, role)), role) for role in roles)
        raise StoreError(
            "the run is not complete after all of it was scored",
            where=f"run {self.run.run_id}",
            expected=f"{self.n_traces:,} traces scored by the {role}",
            got=f"{n_stored:,}",
            hint="If an earlier copy of the database was put in its place meanwhile, the same command scores again "
            "what is missing.",
        )

    def _commits(self, role: str) -> Commits:
        known = self.run, self.splitter, self.store
        if is_companion(role):
            return CompanionCommits(role, *known, self.on_unscored, self._other_questions(role))
        roles, variants = self.request.models.roles, tuple(self.request.temperatures_of(role))
        if self.keeps_roles:
            return RoleCommits(role, (), *known, frozenset(), variants=variants, kept=None)
        ranked = self.request.with_ranks
        return RoleCommits.open(role, roles, *known, self.on_unscored, variants=variants, ranked=ranked)

    def _other_questions(self, role: str) -> OtherQuestions | None:
        """Those that a variant is asked. Read before the job, which has the database to itself."""
        if not is_other_question(role):
            return None
        traces = (
            trace
            for window in windows(self.n_traces)
            for trace in self.store.traces(self.run, window.start, window.stop)
        )
        return OtherQuestions(traces, self.request.template_policy)

    def _job(self, backend: Backend, commits: Commits) -> StageSeconds:
        if self.distributed is None or backend.model.backend == "recorded":
            job = RoleJob(backend, self.n_traces, commits)
            return job.run(quiet=self.request.quiet, with_ranks=self.request.with_ranks)
        # Ray's workers are needed for this engine only.
        from rdpt_core.scoring.jobs.distributed.job import DistributedJob

        known = backend.model, backend.prompt_hash, backend.served
        options = self.distributed
        return DistributedJob(self.request, *known, self.n_traces, commits, options).run(quiet=self.request.quiet)

    def _with_missing(self, error: ServerGoneError) -> ServerGoneError:
        """The same error, which also says what the run still lacks."""
        missing = [
            f"{key}: {self.n_traces - n:,} of {self.n_traces:,} traces"
            for key in self.keys
            if (n := len(self.store.scored_trace_nos(self.run, key, with_failed=False))) < self.n_traces
        ]
        return ServerGoneError(
            error.what,
            where=error.where,
            expected=error.expected,
            got=error.got,
            hint=f"Still missing: {'; '.join(missing)}. What was scored is kept, and the same command goes on from "
            "there.",
            exit_status=_EXIT_PARTIAL,
        )
