"""Reasoning that a source gives apart is put back as the model wrote it.

Servers cut the thinking out of the text and hand it over in a field of its own. The trace must hold what the model
wrote, so the tags of its family are put around it again. Line breaks at the seams are added only where the source
has none: some servers strip them, others leave them in.

A closing tag is put back only where something follows the reasoning. Where nothing does, the response was cut inside
the thinking, or the model stopped there: servers call everything reasoning if they see no closing tag, and say the
same if they see one with nothing behind it. So the tag may never have been written, and it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rdpt_core.traces.formats.base import Origin, Response
from rdpt_core.traces.thinking import spelling_for

CUT, NOT_KNOWN, TOOL_CALL = "cut", "not known", "a tool call follows"
"""Why the last reasoning of a response has no closing tag, in `meta.import.reasoning.closing`."""


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
        texts: list[tuple[str, Origin]] = [(text, "source") for _, text in parts]
        return Response(tuple(texts) or (("", "source"),)), ({"redacted": redacted} if redacted else None)
    spelling, known = spelling_for(model)
    pieces: list[tuple[str, Origin]] = []
    for index, (kind, text) in enumerate(parts):
        following = parts[index + 1][1] if index + 1 < len(parts) else ""
        if kind == "reasoning":
            pieces += [(_open(spelling.open, text), "added"), (text, "source")]
            if following:
                pieces.append((_close(spelling.close, text, following), "added"))
        else:
            pieces.append((text, "source"))
            if spelling.end and not following:
                pieces.append((spelling.end, "added"))
    response = Response(tuple(pieces))
    meta: dict[str, Any] = {
        "given": "apart",
        "spelling": spelling.family,
        "family_known": known,
        "added": _added(response),
    }
    if parts[-1][0] == "reasoning":
        meta["closing"] = NOT_KNOWN
    if redacted:
        meta["redacted"] = redacted
    return response, meta


def as_cut(response: Response, meta: Mapping[str, Any] | None) -> tuple[Response, Mapping[str, Any] | None]:
    """What `put_back` gave, for a response that was cut off: without the mark that families write after the answer."""
    if meta is None or "added" not in meta:
        return response, meta
    if "closing" in meta:
        return response, {**meta, "closing": CUT}
    if response.pieces[-1][1] == "added":
        response = Response(response.pieces[:-1])
    return response, {**meta, "added": _added(response)}


def continuing(
    response: Response, meta: Mapping[str, Any] | None, beginning: str, is_thinking: bool
) -> tuple[Response, Mapping[str, Any] | None]:
    """What `put_back` gave, behind the beginning that the model was given to continue.

    Args:
        beginning: the text that the model was given.
        is_thinking: the beginning opens the thinking and does not close it, so that it is not opened again.
    """
    rest = response.pieces
    if is_thinking and rest[0][1] == "added":
        rest = rest[1:]
    joined = Response(((beginning, "prefilled"), *rest))
    if meta is not None and "added" in meta:
        meta = {**meta, "added": _added(joined)}
    return joined, meta


def _added(response: Response) -> list[str]:
    return [text for text, origin in response.pieces if origin == "added"]


def _open(tag: str, inside: str) -> str:
    return tag.rstrip("\n") if inside.startswith("\n") else tag


def _close(tag: str, inside: str, after: str) -> str:
    if inside.endswith("\n"):
        tag = tag.lstrip("\n")
    return tag.rstrip("\n") if after.startswith("\n") else tag
