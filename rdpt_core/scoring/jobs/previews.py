"""What the first traces show of every role's prompts and tokens, before anything is scored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from rdpt_core.records import Trace
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.models.tokenizer_files import Difference

PROMPTS = "prompts"
"""Key of the environment: for each role whose prompts are made here, the token that they begin with."""

_LOGGER = logging.getLogger(__name__)

_SHOWN_CHARS = 40
_SHOWN_IDS = 8


def preview_roles(backends: Sequence[Backend], sample: Sequence[Trace]) -> dict[str, dict[str, Any]]:
    """The token that each role's prompts begin with, to be stored; both fields are None if not all begin alike.

    Says of which roles transformers alone would make other tokens than the model's files say.
    """
    begins = {}
    for backend in backends:
        role, preview = backend.model.role, backend.preview(sample)
        if preview is None:
            continue
        begins[str(role)] = {"first_id": preview.first_id, "first_token": preview.first_token}
        if preview.difference is not None:
            _LOGGER.warning("%s: %s", role, _described(preview.difference))
    return begins


def _described(difference: Difference) -> str:
    return (
        "tokens are cut as tokenizer.json says, as by transformers before version 5: "
        f"{difference.text[:_SHOWN_CHARS]!r} is {_shown(difference.ids)}. transformers {version('transformers')} makes "
        f"another tokenizer of these files, to which it is {_shown(difference.transformers_ids)}"
    )


def _shown(ids: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, ids[:_SHOWN_IDS]))}{', …' if len(ids) > _SHOWN_IDS else ''}]"
