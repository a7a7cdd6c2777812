"""Recordings as servers of several kinds would write them, from logits that are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from rdpt_core.arrays import Doubles
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording


def log_softmax(logits: Doubles) -> Doubles:
    """Row by row. Shapes: (n_tokens, n_vocabulary)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def sampled_from(logits: Doubles, temperature: float = 1.0, top_p: float = 1.0, top_k: int | None = None) -> Doubles:
    """Logprobs of the distribution that a server samples from. Shapes: (n_tokens, n_vocabulary)."""
    logprob = log_softmax(logits / temperature)
    order = np.argsort(-logprob, axis=1)
    p = np.exp(np.take_along_axis(logprob, order, axis=1))
    # A sum that rounding makes 1 cuts nothing off.
    kept = (np.cumsum(p, axis=1) - p < top_p) | (top_p >= 1)
    if top_k is not None:
        kept &= np.arange(p.shape[1]) < top_k
    is_kept = np.zeros_like(kept)
    np.put_along_axis(is_kept, order, kept, axis=1)
    cut = np.where(is_kept, logprob, -np.inf)
    return np.asarray(cut - np.log(np.exp(cut).sum(axis=1, keepdims=True)))


def recording_of(
    logprob: Doubles,
    ids: list[int],
    n_alternatives: int | None,
    *,
    n_decimals: int | None = None,
    with_zeros: bool = True,
    source: str = "r.jsonl:1",
    **more: Any,
) -> Recording:
    """One stream, as a server writes it that has these logprobs.

    Args:
        n_alternatives: the likeliest, and the written token if it is not among them; None for none at all.
        with_zeros: alternatives of probability 0 are written down.
    """
    shown = logprob if n_decimals is None else np.round(logprob, n_decimals)
    written = shown[np.arange(len(ids)), ids]
    alternatives = None
    if n_alternatives is not None:
        lists = []
        for row, token_id in zip(shown, ids, strict=True):
            listed = np.union1d(np.argsort(-row, kind="stable")[:n_alternatives], [token_id])
            lists.append(row[listed] if with_zeros else row[listed][np.isfinite(row[listed])])
        start = np.cumsum([0, *map(len, lists)])
        alternatives = Alternatives(start, np.concatenate(lists).astype(np.float32))
    return Recording(
        source,
        (),
        np.array(ids, dtype=np.int32),
        np.where(np.isfinite(written), written, np.nan).astype(np.float32),
        n_impossible=int(np.isneginf(written).sum()),
        alternatives=alternatives,
        **more,
    )
