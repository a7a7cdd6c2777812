"""From the folder in which results wait to a run: the student, the model as it became, and the checkpoints between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rdpt_core.config import ModelSet
from rdpt_core.errors import UsageError
from rdpt_core.records import ModelReference, Role, RunClaim, RunKey, ScoredModel, Trace
from rdpt_core.records.companions import is_companion
from rdpt_core.scoring.pipeline import score_run
from rdpt_core.scoring.request import RunStore, ScoreRequest
from rdpt_core.scoring.training.waiting import HeldBackend, WaitingResults


def settle_final(waiting: WaitingResults, n_traces: int) -> None:
    """See that there is a distilled model: if the training never ended, the last checkpoint is taken for it.

    Raises:
        UsageError: there is no student, or nothing beside it.
    """
    models = waiting.models()
    checkpoints = [role for role in models if is_companion(role)]
    if Role.STUDENT not in models or (Role.DISTILLED not in models and not checkpoints):
        raise UsageError(
            "nothing of a training waits here that would make a run",
            where=str(waiting.folder),
            expected="the student and at least one checkpoint",
            got=", ".join(models) or "nothing",
        )
    if Role.DISTILLED not in models:
        become_final(waiting, checkpoints[-1], n_traces)


def become_final(waiting: WaitingResults, role: str, n_traces: int) -> None:
    """A checkpoint becomes the distilled model."""
    model = waiting.models()[role]
    waiting.put(replace(model, role=Role.DISTILLED, name=None), waiting.results(role, n_traces))
    waiting.drop(role)


def make_run(
    waiting: WaitingResults,
    request: ScoreRequest,
    read_traces: Callable[[], Iterable[Trace]],
    store: RunStore,
    n_traces: int,
) -> tuple[RunClaim, RunKey]:
    """Store everything that waits as one finished run.

    Args:
        request: how the traces are read; its models are those that wait.

    Raises:
        RdptError: as `score_run`; what waits is then still there.
    """
    settle_final(waiting, n_traces)
    models = waiting.models()
    ordered = [models[role] for role in Role if role in models] + [
        model for role, model in models.items() if is_companion(role)
    ]
    given = replace(request, models=_model_set(ordered))
    backends = [HeldBackend(model, waiting.results(model.role, n_traces)) for model in ordered]
    return score_run(given, read_traces, store, backends=backends)


def _model_set(models: Iterable[ScoredModel]) -> ModelSet:
    references = {model.role: ModelReference(model=model.model) for model in models}
    return ModelSet(
        {Role(role): reference for role, reference in references.items() if not is_companion(role)},
        {role: reference for role, reference in references.items() if is_companion(role)},
    )
