"""Whose marks a model knows: those that its chat template writes, that its vocabulary holds, or that its name tells."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.thinking import SPELLINGS, Spelling, spelling_for, tags_of

_BRACKETED = re.compile(r"<[^<>]+>|\[[^\[\]]+\]")


class KnownMarks(NamedTuple):
    """The marks of a model, and what told them: its chat template, its vocabulary, or its name."""

    spelling: Spelling
    source: str


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
