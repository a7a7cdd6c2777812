"""The whole of `score`, from files to a finished run, in the order in which it happens.

    resolve the models → check the traces (and recordings) → claim the run → role by role: score, commit → finish

Tokenisation and database run beside the model. One model is in memory at a time, so the last role is the one that
completes traces: with its batches go the sentences. A role whose base is the model of the role before goes on with it.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rdpt_core.config.same_models import same_model_notes
from rdpt_core.errors import ServerGoneError, StoreError, UsageError
from rdpt_core.records import MarksPolicy, RunClaim, RunKey, Trace
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.commits import OnUnscored, RoleCommits
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions
from rdpt_core.scoring.jobs.identity import NOTES, SERVED, check_served, make_claim, read_again, survey_traces
from rdpt_core.scoring.jobs.recorded_check import RecordedCheck, check_recorded, with_checks
from rdpt_core.scoring.jobs.role_job import RoleJob
from rdpt_core.scoring.jobs.timing import StageSeconds
from rdpt_core.scoring.request import RunStore, ScoreRequest
from rdpt_core.traces import Splitter, get_splitter
from rdpt_core.traces.respelling import has_marks

_LOGGER = logging.getLogger(__name__)

_EXIT_PARTIAL = 3


def score_run(
    request: ScoreRequest,
    read_traces: Callable[[], Iterable[Trace]],
    store: RunStore,
    *,
    on_stages: Callable[[str, StageSeconds], None] | None = None,
    on_claim: Callable[[RunKey], None] | None = None,
    on_unscored: OnUnscored | None = None,
    distributed: DistributedOptions | None = None,
) -> tuple[RunClaim, RunKey]:
    """Score every trace under every role and store the result, going on where an earlier process stopped.

    Args:
        read_traces: gives the traces from the beginning; called several times, so that they need not fit in
            memory; all passes must give the same.
        on_stages: called after each role that was scored, with where its time went.
        on_claim: called once the run has its name and its traces are stored, before anything is scored.
        on_unscored: called for each trace of which it is known in words why a role could not score it.
        distributed: workers of Ray score, instead of this process.

    Returns:
        The finished run, and what names it in the store.

    Raises:
        ServerGoneError: a server stopped answering; what was scored is stored, and the same call goes on from there.
        StoreError: the database was replaced meanwhile.
        InputError: the traces of a later pass are not those of the first, or recordings do not pass their check.
        ModelError: a model's files changed since the run was named by them, or its server answers otherwise.
        RdptError: whatever makes the run impossible, before the first model is loaded.
    """
    if distributed is not None and request.with_ranks:
        raise UsageError(
            "workers of Ray store no ranks",
            where="--ranks with --engine ray",
            expected="one of the two",
            hint="The same command without --engine adds the ranks to a run that Ray scored.",
        )
    backends = make_backends(request)
    splitter = get_splitter(request.splitter)
    survey = survey_traces(read_traces(), request.template_policy)
    if request.marks_policy is MarksPolicy.OWN and not any(has_marks(trace.response) for trace in read_traces()):
        _LOGGER.warning("no response has a mark of thinking that is known, so there is none to replace")
    checks: list[RecordedCheck] = []
    if request.check_recorded:
        checks = check_recorded(request, backends, read_again(read_traces, survey), survey.n_traces, splitter)
    claim = with_checks(make_claim(request, backends, survey, splitter), checks)
    for note in (*same_model_notes(claim.models, claim.identity), *claim.environment.get(NOTES, ())):
        _LOGGER.warning("%s", note)
    counted = _with_sentence_counts(read_again(read_traces, survey), splitter)
    run = store.claim(claim, counted, functools.partial(check_served, claim) if SERVED in claim.environment else None)
    if on_claim is not None:
        on_claim(run)
    with closing(_in_turn(backends)) as turns:
        for backend in turns:
            role = backend.model.role
            commits = RoleCommits.open(role, request.models.roles, run, splitter, store, on_unscored)
            try:
                if distributed is None or backend.model.backend == "recorded":
                    job = RoleJob(backend, claim.n_traces, commits)
                    stages = job.run(quiet=request.quiet, with_ranks=request.with_ranks)
                else:
                    stages = _distributed(request, backend, claim, commits, distributed)
            except ServerGoneError as error:
                raise _with_missing(error, store, run, claim) from error
            if on_stages is not None:
                on_stages(role, stages)
    _check_complete(store, run, claim)
    store.finish(run)
    return claim, run


def _in_turn(backends: Sequence[Backend]) -> Generator[Backend, None, None]:
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


def _distributed(
    request: ScoreRequest, backend: Backend, claim: RunClaim, commits: RoleCommits, options: DistributedOptions
) -> StageSeconds:
    # Ray's workers are needed for this engine only.
    from rdpt_core.scoring.jobs.distributed.job import DistributedJob

    known = backend.model, backend.prompt_hash, backend.served
    job = DistributedJob(request, *known, claim.n_traces, commits, options)
    return job.run(quiet=request.quiet)


def _with_missing(error: ServerGoneError, store: RunStore, run: RunKey, claim: RunClaim) -> ServerGoneError:
    """The same error, which also says what the run still lacks."""
    missing = [
        f"{model.role}: {claim.n_traces - n:,} of {claim.n_traces:,} traces"
        for model in claim.models
        if (n := len(store.scored_trace_nos(run, model.role, with_failed=False))) < claim.n_traces
    ]
    return ServerGoneError(
        error.what,
        where=error.where,
        expected=error.expected,
        got=error.got,
        hint=f"Still missing: {'; '.join(missing)}. What was scored is kept, and the same command goes on from there.",
        exit_status=_EXIT_PARTIAL,
    )


def _check_complete(store: RunStore, run: RunKey, claim: RunClaim) -> None:
    """A run that calls itself complete is complete: every trace has every role."""
    for model in claim.models:
        n_stored = len(store.scored_trace_nos(run, model.role))
        if n_stored != claim.n_traces:
            raise StoreError(
                "the run is not complete after all of it was scored",
                where=f"run {run.run_id}",
                expected=f"{claim.n_traces:,} traces scored by the {model.role}",
                got=f"{n_stored:,}",
                hint="If an earlier copy of the database was put in its place meanwhile, the same command scores again "
                "what is missing.",
            )


def _with_sentence_counts(traces: Iterable[Trace], splitter: Splitter) -> Iterator[tuple[Trace, int]]:
    for trace in traces:
        yield trace, len(splitter.split(trace.response))


def default_name(files: Sequence[Path]) -> str:
    """A run's name when the user gives none: the file names of its traces."""
    names = [file.stem for file in files]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
