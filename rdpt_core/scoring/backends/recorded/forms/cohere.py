"""Cohere's chat, version 2, asked with `logprobs`: pieces of text, each with the ids and logprobs of its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, recording
from rdpt_core.scoring.backends.recorded.recording import Recording


def of_pieces(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """A whole reply. Where a piece has several tokens, its text says nothing of where one ends: only ids tell."""
    pieces = mappings(body.get("logprobs"))
    if not pieces or not all(isinstance(piece.get("token_ids"), list) for piece in pieces):
        return
    ids: list[Any] = []
    values: list[Any] = []
    texts: list[str] = []
    fault = None
    for number, piece in enumerate(pieces):
        given = piece.get("logprobs")
        found = given if isinstance(given, list) else []
        n = len(piece["token_ids"])
        if len(found) != n:
            fault = fault or f"piece {number} of the recording has {n} token_ids and {len(found)} logprobs"
            found = [None] * n
        ids += piece["token_ids"]
        values += found
        if n == 1 and isinstance(piece.get("text"), str):
            texts.append(piece["text"])
    yield recording(source, keys, ids, values, texts=texts if len(texts) == len(ids) else None, fault=fault)
