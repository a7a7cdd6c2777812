"""Whose marks a model knows: those that its chat template writes, that its vocabulary holds, or that its name tells."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionKind, CompanionRole, ModelReference, Role, TemplatePolicy
from rdpt_core.records.companions import is_companion
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces.thinking import SPELLINGS, Spelling, spelling_for, tags_of

_LOGGER = logging.getLogger(__name__)

_BRACKETED = re.compile(r"<[^<>]+>|\[[^\[\]]+\]")


class KnownMarks(NamedTuple):
    """The marks of a model, and what told them: its chat template, its vocabulary, or its name."""

    spelling: Spelling
    source: str


def check_own_marks(request: ScoreRequest) -> None:
    """See that every role can be shown marks of its own.

    Raises:
        UsageError: prompts or responses are as somebody wrote or recorded them.
    """
    if request.template_policy is TemplatePolicy.RAW:
        raise UsageError(
            "a prompt that is used as it stands holds the marks of whoever wrote it",
            where="--marks own with --template raw",
            expected="one of the two",
            hint="Score with `--template own`.",
        )
    for role in request.models.keys:
        if request.models.reference(role).backend == "recorded":
            raise UsageError(
                "recorded logprobs are those of the text that was recorded, with its marks",
                where="--marks own",
                expected="models that run here or are served, for every role",
                got=f"{role}: recorded",
                hint="Score with `--marks writer`.",
            )


def own_marks(role: str, reference: ModelReference, tokenizer: RoleTokenizer) -> Spelling | None:
    """The marks that a role sees in place of the writer's, told to the user; None if the writer's stay.

    Raises:
        ModelError: the model has several chat templates, and none is the one to take.
    """
    if role == Role.DISTILLED:
        _LOGGER.warning("the distilled model wrote the responses, so it sees their marks as they are")
        return None
    if is_companion(role) and CompanionRole.parse(role).kind is CompanionKind.CHECKPOINT:
        # It is looked at in the place of the distilled model, and so must see what that one sees.
        _LOGGER.warning("the %s sees the marks that the distilled model wrote, as it does itself", role)
        return None
    known = marks_of(tokenizer, reference.model or tokenizer.name)
    if known is None:
        _LOGGER.warning("nothing tells the marks of the %s, so it sees those of the writer", role)
        return None
    family, source = known.spelling.family, known.source
    _LOGGER.warning("the %s sees the marks of the family `%s`, which its %s tells", role, family, source)
    return known.spelling


def marks_of(tokenizer: RoleTokenizer, name: str) -> KnownMarks | None:
    """The marks of a model; None if nothing tells its family.

    Args:
        name: as the user named it. Of a path, the last part counts, so that no folder above it gives a hint.

    Raises:
        ModelError: it has several chat templates, and none is the one to take.
    """
    template = tokenizer.chat_template
    spelling = _in_template(template.source) if template is not None else None
    if spelling is not None:
        return KnownMarks(spelling, "chat template")
    spelling = _in_vocabulary(set(tokenizer.token_texts().values()))
    if spelling is not None:
        return KnownMarks(spelling, "vocabulary")
    spelling, is_known = spelling_for(Path(name).expanduser().absolute().name)
    return KnownMarks(spelling, "name") if is_known else None


def _in_template(source: str) -> Spelling | None:
    """The family whose tags stand in it most often, one with both tags before one with either."""
    counts = {spelling: [source.count(tag) for tag in tags_of(spelling)] for spelling in SPELLINGS}
    best = max(SPELLINGS, key=lambda spelling: (all(counts[spelling]), sum(counts[spelling])))
    return best if any(counts[best]) else None


def _in_vocabulary(tokens: Collection[str]) -> Spelling | None:
    """The first family of whose tags each bracketed part is one token."""
    for spelling in SPELLINGS:
        parts = [part for tag in tags_of(spelling) for part in _BRACKETED.findall(tag)]
        if parts and all(part in tokens for part in parts):
            return spelling
    return None
