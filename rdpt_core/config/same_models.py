"""Roles of a run that one model plays, of which a reader must know."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rdpt_core.records import ROLES, Role, ScoredModel, TemplateSettings


def same_model_notes(models: Sequence[ScoredModel], identity: Mapping[str, Any]) -> list[str]:
    """A sentence for each two roles in which one model sees the same.

    Served models are left out: what stands behind two addresses is known by its name only.

    Args:
        identity: of the run, which tells settings of templates and marks; with companions, see `joined_identity`.
    """
    marks = identity.get("own_marks") or {}
    has_teacher = any(model.role is Role.TEACHER for model in models)
    upper, labels = (Role.TEACHER, "Teacher or Student") if has_teacher else (Role.DISTILLED, "Gained or Lost")

    def seen(model: ScoredModel) -> tuple[object, ...]:
        return (
            replace(model, role=ROLES[0], model="", name=None),
            TemplateSettings.of(identity, model.role),
            _variant_of(identity, model.role),
            marks.get(model.role),
        )

    notes = []
    for one, other in itertools.combinations([model for model in models if model.backend != "openai"], 2):
        if seen(one) == seen(other):
            are_judged = {one.role, other.role} == {upper, Role.STUDENT}
            without = f", and no sentence can be labelled {labels}" if are_judged else ""
            notes.append(f"{one.role} and {other.role} are the same model, so every gap between them is 0{without}")
    return notes


def _variant_of(identity: Mapping[str, Any], role: str) -> object:
    """How a model differs from the one that it was made of; None for a model as it is."""
    models = identity.get("models")
    known = models.get(role) if isinstance(models, Mapping) else None
    return known.get("variant") if isinstance(known, Mapping) else None


def joined_identity(identity: Mapping[str, Any], companions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The identity of a run as if its companions were roles of its triple.

    Args:
        companions: the identity of each, by its key.
    """
    models, marks = dict(identity.get("models") or {}), dict(identity.get("own_marks") or {})
    for key, companion in companions.items():
        models[key] = companion.get("model")
        marks[key] = companion.get("own_marks")
    return {**identity, "models": models, "own_marks": marks}
