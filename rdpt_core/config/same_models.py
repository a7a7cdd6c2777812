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
        identity: of the run, which tells settings of templates and marks.
    """
    marks = identity.get("own_marks") or {}
    has_teacher = any(model.role is Role.TEACHER for model in models)
    upper, labels = (Role.TEACHER, "Teacher or Student") if has_teacher else (Role.DISTILLED, "Gained or Lost")

    def seen(model: ScoredModel) -> tuple[object, ...]:
        return replace(model, role=ROLES[0], model=""), TemplateSettings.of(identity, model.role), marks.get(model.role)

    notes = []
    for one, other in itertools.combinations([model for model in models if model.backend != "openai"], 2):
        if seen(one) == seen(other):
            are_judged = {one.role, other.role} == {upper, Role.STUDENT}
            without = f", and no sentence can be labelled {labels}" if are_judged else ""
            notes.append(f"{one.role} and {other.role} are the same model, so every gap between them is 0{without}")
    return notes
