"""The models of a scored run, to be used once more: found where they were, and known to be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rdpt_core.config import ModelSet
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import ModelReference, Role, RunClaim, ScoredModel, TemplateSettings
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.models.stored import stored_reference


def models_again(source: RunClaim, given: Mapping[str, ModelReference]) -> ModelSet:
    """References to the models of a run's triple, with the dtypes and templates that they were used with.

    Args:
        given: by role, where a model is now; the others are where they were.

    Raises:
        UsageError: the run has no teacher or no student, or a model that does not run on this machine.
        ModelError: a model is no longer where it was.
    """
    roles = {model.role for model in source.models}
    missing = [role for role in (Role.TEACHER, Role.STUDENT) if role not in roles]
    if missing:
        raise UsageError(
            f"this run has no {missing[0]}, so that no text can be known as the {missing[0]}'s",
            where=f"run {source.run_id}",
            expected="a run with a teacher and a student",
            got=", ".join(sorted(roles)),
        )
    references = {}
    for model in source.models:
        if model.backend != "transformers":
            raise UsageError(
                "what a model of another program writes cannot be scored by the models of this run again",
                where=f"{model.role} {model.model}, run {source.run_id}",
                expected="a run whose models were all loaded on this machine",
                got=f"backend {model.backend}",
                hint="Score the traces with local models for this, or the known text yourself, under the same triple.",
            )
        reference = given.get(model.role) or _as_named(model)
        template = TemplateSettings.of(source.identity, model.role)
        references[model.role] = replace(reference, dtype=model.dtype, template=template)
    teacher = next(model for model in source.models if model.role == Role.TEACHER)
    return ModelSet(references, teacher_name=teacher.name)


def _as_named(model: ScoredModel) -> ModelReference:
    """Under the name that the run gives it, if it is still found by that."""
    found = stored_reference(model)
    given = Path(model.model).expanduser()
    return replace(found, model=model.model) if found.model == str(given.absolute()) else found


def check_same(source: RunClaim, backends: Sequence[Backend]) -> None:
    """Refuse models that are not those of the run.

    Raises:
        ModelError: one is another model, or is used otherwise.
    """
    known = {model.role: model for model in source.models}
    for backend in backends:
        now, then = backend.model, known[backend.model.role]
        if (now.revision, now.tokenizer_hash, now.dtype) != (then.revision, then.tokenizer_hash, then.dtype):
            raise ModelError(
                "this is not the model that scored the run",
                where=now.model,
                expected=f"{then.role} {then.model} {then.revision}, {then.dtype}",
                got=f"{now.revision}, {now.dtype}",
                hint=f"Name it with --{then.role} REF.",
            )
