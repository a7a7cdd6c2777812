"""Controls that need no further model: those of the triple at other temperatures, or asked another question.

A label that says the same once a model knows nothing of the question, or is flatter or sharper than it is, does not
tell what one takes it to tell. Two further controls are not here, since they need no number that is not stored: no
teacher at all (the distilled model in its place), and the student as its own teacher.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from rdpt_core.config import ModelSet
from rdpt_core.config.named import check_distinct
from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionKind, CompanionRole, Role
from rdpt_core.records.companions import Variant, is_companion, order_of

_LOGGER = logging.getLogger(__name__)

TEMPERATURES = (2 / 3, 3 / 2)
"""What logits are divided by: sharper and flatter by the same factor."""

VARIANT = "variant"
"""Key of the identity of a companion's model: how it differs from the model of the triple."""

_OTHER_QUESTION_VERSION = 1
"""Part of the identity: another rule for which question is asked is another control."""


class Control(enum.StrEnum):
    """What `--controls` takes."""

    TEMPERATURE = "temperature"
    OTHER_QUESTION = "other-question"


ALL_CONTROLS = "all"


def parse_controls(given: str | Iterable[str] | None) -> tuple[Control, ...]:
    """Controls by their names, separated by commas or one by one, in the order of `Control`.

    Raises:
        UsageError: one has no such name.
    """
    texts = [] if given is None else [given] if isinstance(given, str) else list(given)
    names = [name.strip() for text in texts for name in str(text).split(",") if name.strip()]
    unknown = [name for name in names if name not in (*Control, ALL_CONTROLS)]
    if unknown or (texts and not names):
        raise UsageError(
            "there is no such control",
            where="--controls",
            expected=", ".join((*Control, ALL_CONTROLS)),
            got=", ".join(unknown)[:80] or "no name",
            hint="A model that taught nothing is named with --control NAME=REF."
            if any("=" in name for name in unknown)
            else None,
        )
    return tuple(control for control in Control if control in names or ALL_CONTROLS in names)


def variants_of(controls: Collection[Control], backends: Mapping[str, str]) -> tuple[Variant, ...]:
    """The variants that some controls ask for; which of them are left out, and why, is said.

    Args:
        backends: of each role of the run, the name of its backend.

    Raises:
        UsageError: controls are asked for, and no model of the run can give one.
    """
    found: list[Variant] = []
    left_out: list[str] = []
    if Control.TEMPERATURE in controls:
        for role in (Role.TEACHER, Role.STUDENT):
            if backends.get(role) == "transformers":
                found += [Variant(role, temperature) for temperature in TEMPERATURES]
            elif role in backends:
                what = f"no other temperature of the {role}"
                left_out.append(f"{what}, which is {_told(backends[role])}: its logits are not known here")
    if Control.OTHER_QUESTION in controls:
        backend = backends.get(Role.TEACHER)
        if backend is None:
            left_out.append("no other question, since the run has no teacher to be asked it")
        elif backend == "recorded":
            left_out.append("no other question to the teacher, which is recorded: it cannot be asked again")
        else:
            found.append(Variant(Role.TEACHER, other_question=True))
    if controls and not found:
        raise UsageError(
            "no model of this run can give these controls",
            where=f"--controls {','.join(controls)}",
            expected="models that run here; for another question also a teacher that is served",
            got="; ".join(left_out),
            hint="Leave out --controls.",
        )
    for note in left_out:
        _LOGGER.warning("%s", note)
    return tuple(found)


def _told(backend: str) -> str:
    return "served" if backend == "openai" else backend


def with_variants(models: ModelSet, variants: Collection[Variant]) -> ModelSet:
    """The models with those that are asked another question, each the same model as its role once more.

    Raises:
        UsageError: a further model is called as a variant is.
    """
    named = [(key, name) for key in models.keys if (name := models.name_of(key)) is not None]
    check_distinct([*(("--controls", CompanionRole.parse(variant.key).name) for variant in variants), *named])
    asked = {variant.key: models.references[Role(variant.role)] for variant in variants if variant.other_question}
    companions = {**models.companions, **asked}
    return replace(models, companions=dict(sorted(companions.items(), key=lambda item: order_of(item[0]))))


def base_of(key: str) -> str | None:
    """The role of the triple that a role is, or whose model a variant is; None for every other companion."""
    if not is_companion(key):
        return key
    return Variant.parse(key).role if CompanionRole.parse(key).kind is CompanionKind.VARIANT else None


def is_other_question(key: str) -> bool:
    """Whether a companion is a model of the triple that is asked another question."""
    return CompanionRole.parse(key).kind is CompanionKind.VARIANT and Variant.parse(key).other_question


def variant_identity(variant: Variant) -> dict[str, Any]:
    """How it differs from the model of its role; the temperature is exact, which the name is not."""
    if variant.other_question:
        return {"of": variant.role, "other_question": _OTHER_QUESTION_VERSION}
    return {"of": variant.role, "temperature": variant.temperature}
