"""The whole of `score`, from files to a finished run, in the order in which it happens.

    resolve the models → check the traces (and recordings) → claim the run → role by role: score, commit → finish
    → add up variants → companion by companion: score, commit, finish

Tokenisation and database run beside the model. One model is in memory at a time, so the last role is the one that
completes traces: with its batches go the sentences. Companions come after it and fill in columns of their own. A model
whose base is the model before goes on with it.
"""

from __future__ import annotations

import functools
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rdpt_core.config.same_models import joined_identity, same_model_notes
from rdpt_core.errors import UsageError
from rdpt_core.records import MarksPolicy, RunClaim, RunKey, Trace
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.commits import OnUnscored
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions
from rdpt_core.scoring.jobs.identity import (
    NOTES,
    SERVED,
    check_served,
    make_claim,
    make_companion_claims,
    make_variant_claims,
    read_again,
    survey_traces,
)
from rdpt_core.scoring.jobs.recorded_check import RecordedCheck, check_recorded, with_checks
from rdpt_core.scoring.jobs.turns import OnStages, Turns, in_turn
from rdpt_core.scoring.request import RunStore, ScoreRequest
from rdpt_core.traces import Splitter, get_splitter
from rdpt_core.traces.respelling import has_marks

_LOGGER = logging.getLogger(__name__)


def score_run(
    request: ScoreRequest,
    read_traces: Callable[[], Iterable[Trace]],
    store: RunStore,
    *,
    backends: Sequence[Backend] | None = None,
    on_stages: OnStages | None = None,
    on_claim: Callable[[RunKey], None] | None = None,
    on_unscored: OnUnscored | None = None,
    distributed: DistributedOptions | None = None,
) -> tuple[RunClaim, RunKey]:
    """Score every trace under every model and store the result, going on where an earlier process stopped.

    Args:
        read_traces: gives the traces from the beginning; called several times, so that they need not fit in
            memory; all passes must give the same.
        backends: those of the request's models, in their order, where their numbers are there already.
        on_stages: called after each model that was scored, with where its time went.
        on_claim: called once the run has its name and its traces are stored, before anything is scored.
        on_unscored: called for each trace of which it is known in words why a model could not score it.
        distributed: workers of Ray score, instead of this process.

    Returns:
        The finished run, and what names it in the store.

    Raises:
        ServerGoneError: a server stopped answering; what was scored is stored, and the same call goes on from there.
        StoreError: the database was replaced meanwhile.
        UsageError: the run has another companion of one of the names.
        InputError: the traces of a later pass are not those of the first, or recordings do not pass their check.
        ModelError: a model's files changed since the run was named by them, or its server answers otherwise.
        RdptError: whatever makes the run impossible, before the first model is loaded.
    """
    check_engine(request, distributed)
    backends = make_backends(request) if backends is None else backends
    splitter = get_splitter(request.splitter)
    survey = survey_traces(read_traces(), request.template_policy)
    if request.marks_policy is MarksPolicy.OWN and not any(has_marks(trace.response) for trace in read_traces()):
        _LOGGER.warning("no response has a mark of thinking that is known, so there is none to replace")
    checks: list[RecordedCheck] = []
    if request.check_recorded:
        checks = check_recorded(request, backends, read_again(read_traces, survey), survey.n_traces, splitter)
    n_roles = len(request.models.roles)
    claim = make_claim(request, backends[:n_roles], survey, splitter)
    own = [check for check in checks if check.role in request.models.roles]
    claim = replace(claim, environment=with_checks(claim.environment, own))
    companions = claims_with_checks(make_companion_claims(request, backends[n_roles:], survey, claim.run_id), checks)
    companions += make_variant_claims(request.at_temperatures, claim.models, claim.identity, claim.environment)
    for note in notes_of(claim, companions):
        _LOGGER.warning("%s", note)
    counted = _with_sentence_counts(read_again(read_traces, survey), splitter)
    check = None
    if SERVED in claim.environment:
        check = functools.partial(check_served, claim.environment, f"run {claim.run_id}")
    run = store.claim(claim, counted, check)
    if companions:
        store.claim_companions(run, companions)
    if on_claim is not None:
        on_claim(run)
    known = request, request.keys, claim.n_traces, run, splitter, store
    turns = Turns(*known, on_stages, on_unscored, distributed)
    with closing(in_turn(backends)) as waiting:
        for backend in itertools.islice(waiting, n_roles):
            turns.score(backend)
        # A run that calls itself complete is complete: every trace has every role.
        turns.check_complete(*request.models.roles)
        store.finish(run)
        turns.finish_variants()
        for backend in waiting:
            turns.score(backend)
    return claim, run


def check_engine(request: ScoreRequest, distributed: DistributedOptions | None) -> None:
    """See that the engine does what is asked for.

    Raises:
        UsageError: it does not.
    """
    if distributed is not None and request.with_ranks:
        raise UsageError(
            "workers of Ray store no ranks",
            where="--ranks with --engine ray",
            expected="one of the two",
            hint="The same command without --engine adds the ranks to a run that Ray scored.",
        )
    if distributed is not None and request.variants:
        raise UsageError(
            "workers of Ray score no variants of the models",
            where="--controls with --engine ray",
            expected="one of the two",
            hint="The same command without --engine adds the controls to a run that Ray scored.",
        )


def claims_with_checks(claims: Sequence[CompanionClaim], checks: Sequence[RecordedCheck]) -> list[CompanionClaim]:
    """Companions' claims with what was found of each one's recordings."""
    return [
        claim._replace(
            environment=with_checks(claim.environment, [check for check in checks if check.role == claim.model.role])
        )
        for claim in claims
    ]


def notes_of(claim: RunClaim, companions: Sequence[CompanionClaim]) -> list[str]:
    """What a user should know before anything is scored, a sentence or two each."""
    models = [*claim.models, *(companion.model for companion in companions)]
    identity = joined_identity(claim.identity, {companion.model.role: companion.identity for companion in companions})
    environments = [claim.environment, *(companion.environment for companion in companions)]
    found = [note for environment in environments for note in environment.get(NOTES, ())]
    return [*same_model_notes(models, identity), *found]


def _with_sentence_counts(traces: Iterable[Trace], splitter: Splitter) -> Iterator[tuple[Trace, int]]:
    for trace in traces:
        yield trace, len(splitter.split(trace.response))


def default_name(files: Sequence[Path]) -> str:
    """A run's name when the user gives none: the file names of its traces."""
    names = [file.stem for file in files]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
