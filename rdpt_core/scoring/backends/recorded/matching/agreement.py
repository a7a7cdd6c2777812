"""Which of several recordings of one response is used: the first, if they agree.

A text that was sampled twice, or asked for twice, has two recordings. Their numbers differ in the last digits that a
server computes (1e-5 nats in float32), or by how many decimals a program writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rdpt_core.records import TokenLogprobs
from rdpt_core.scoring.backends.recorded.matching.fitting import Fit
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID

AGREEMENT_NATS = 1e-3
"""A token. Numbers that were rounded to three decimals differ by no more, and a p by a thousandth of itself. What was
computed, or written down, in 16 bits differs by up to a hundred times as much: that is another measurement."""
# Decimal numbers that lie exactly so far apart do not do so in float32, of which a unit at 16 nats is 2e-6.
_SLACK_NATS = 1e-5


def likeliest(fits: Sequence[tuple[int, Fit]]) -> list[tuple[int, Fit]]:
    """Those with the least doubt: tokens that spell the response exactly, or else those that are not cut off in it."""
    exact = [pair for pair in fits if pair[1].is_exact]
    return exact or [pair for pair in fits if pair[1].cut is None] or list(fits)


def disagreement(fits: Sequence[Fit]) -> str | None:
    """How far several recordings of one response differ, in words; None if they agree."""
    if all(a is b for a, b in pairwise(fits)):
        return None
    first, *others = (one.tokens for one in fits)
    if not all(_same_tokens(first, other) for other in others):
        return "are cut into other tokens"
    if any(not np.array_equal(np.isnan(first.logprob), np.isnan(other.logprob)) for other in others):
        return "differ in which tokens have a logprob"
    # Of any two, not only from the first: the answer does not depend on which comes first.
    logprobs = np.array([one.tokens.logprob for one in fits], dtype=np.float64)
    spread = np.nan_to_num(logprobs.max(axis=0) - logprobs.min(axis=0))
    token = int(spread.argmax()) if spread.size else 0
    largest = float(spread[token]) if spread.size else 0.0
    if largest <= AGREEMENT_NATS + _SLACK_NATS:
        return None
    return f"differ by up to {largest:.3g} nats (token {token}, character {int(first.char_start[token])})"


def _same_tokens(a: TokenLogprobs, b: TokenLogprobs) -> bool:
    if not (np.array_equal(a.char_start, b.char_start) and np.array_equal(a.char_end, b.char_end)):
        return False
    is_known = (a.token_id != UNKNOWN_ID) & (b.token_id != UNKNOWN_ID)
    return bool((a.token_id == b.token_id)[is_known].all())
