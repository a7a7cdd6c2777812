"""Reasoning that a source gives apart is put back as the model wrote it.

Servers cut the thinking out of the text and hand it over in a field of its own. The trace must hold what the model
wrote, so the tags of its family are put around it again. Line breaks at the seams are added only where the source
has none: some servers strip them, others leave them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rdpt_core.traces.formats.base import Response
from rdpt_core.traces.thinking import spelling_for


def put_back(
    parts: Sequence[tuple[str, str]], model: str | None, *, redacted: int = 0
) -> tuple[Response, Mapping[str, Any] | None]:
    """A response from its parts, with tags around each part that is reasoning.

    Args:
        parts: (`"reasoning"` or `"text"`, the text), in the order in which the model wrote them.
        model: whose spelling is used.
        redacted: how many reasoning parts the provider withheld.

    Returns:
        The response, and what `meta` says of it: None if nothing was added or withheld.
    """
    parts = [part for part in parts if part[1]]
    if not any(kind == "reasoning" for kind, _ in parts):
        whole = Response(tuple((text, True) for _, text in parts) or (("", True),))
        return whole, ({"redacted": redacted} if redacted else None)
    spelling, known = spelling_for(model)
    pieces: list[tuple[str, bool]] = []
    for index, (kind, text) in enumerate(parts):
        following = parts[index + 1][1] if index + 1 < len(parts) else ""
        if kind == "reasoning":
            pieces += [
                (_open(spelling.open, text), False),
                (text, True),
                (_close(spelling.close, text, following), False),
            ]
        else:
            pieces.append((text, True))
            if spelling.end and index + 1 == len(parts):
                pieces.append((spelling.end, False))
    meta: dict[str, Any] = {
        "given": "apart",
        "spelling": spelling.family,
        "family_known": known,
        "added": [text for text, from_source in pieces if not from_source],
    }
    if redacted:
        meta["redacted"] = redacted
    return Response(tuple(pieces)), meta


def _open(tag: str, inside: str) -> str:
    return tag.rstrip("\n") if inside.startswith("\n") else tag


def _close(tag: str, inside: str, after: str) -> str:
    if inside.endswith("\n"):
        tag = tag.lstrip("\n")
    return tag.rstrip("\n") if after.startswith("\n") else tag
