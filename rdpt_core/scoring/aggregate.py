"""From one role's token logprobs to its sentences: which token belongs where, and the sums.

A token belongs to the sentence that holds its first non-whitespace character; an all-whitespace token to the sentence
that holds its first character:

    response   A  .  \\n \\n B  .          sentences  [0, 4) [4, 6)
    tokens     └A┘└──.\\n\\n──┘└B┘└.┘        sentence    0  0      1  1
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rdpt_core.records import RANK_CAP, Role, RoleResult, SentenceColumns, Span, TokenLogprobs, UnscoredReason

_WHITESPACE = np.array([code for code in range(sys.maxunicode + 1) if chr(code).isspace()], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Shapes: `sentence_index` is (n_tokens,). `n_straddling` tokens have visible characters in two sentences."""

    sentence_index: npt.NDArray[np.int32]
    n_straddling: int


def assign_tokens(response: str, spans: Sequence[Span], tokens: TokenLogprobs) -> Assignment:
    """The sentence of every token. `spans` tile the response; offsets are code points."""
    n_chars = len(response)
    if n_chars == 0 or len(tokens) == 0:
        return Assignment(np.zeros(len(tokens), dtype=np.int32), 0)
    codes = np.frombuffer(response.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    visible = ~np.isin(codes, _WHITESPACE)
    position = np.arange(n_chars)
    # next_visible[i] is the first visible character at or after i, or n_chars; last_visible[i] the last up to i, or −1.
    next_visible = np.minimum.accumulate(np.where(visible, position, n_chars)[::-1])[::-1]
    last_visible = np.maximum.accumulate(np.where(visible, position, -1))

    start = np.clip(tokens.char_start, 0, n_chars - 1)
    last = np.clip(tokens.char_end - 1, 0, n_chars - 1)
    first_seen, last_seen = next_visible[start], last_visible[last]
    has_visible = first_seen <= last
    anchor = np.where(has_visible, first_seen, start)
    starts = np.array([span.char_start for span in spans])
    index = np.searchsorted(starts, anchor, side="right") - 1
    last_index = np.searchsorted(starts, np.where(has_visible, last_seen, anchor), side="right") - 1
    return Assignment(index.astype(np.int32), int(np.count_nonzero(index != last_index)))


def sentence_columns(
    trace_no: int, response: str, spans: Sequence[Span], results: Mapping[Role, RoleResult]
) -> SentenceColumns:
    """All sentences of one trace under every role of the run.

    A role's p is exp(logprob sum / token count), the geometric mean over the role's own tokens (arXiv 2512.20908).
    A sentence of which one token has no logprob has no sum, no p, and a reason.
    """
    n_tokens: dict[Role, npt.NDArray[np.int32]] = {}
    logprob_sum: dict[Role, npt.NDArray[np.float64]] = {}
    first_logprob: dict[Role, npt.NDArray[np.float32]] = {}
    p: dict[Role, npt.NDArray[np.float64]] = {}
    rank_sum: dict[Role, npt.NDArray[np.int32]] = {}
    reasons: list[str | None] = [None] * len(spans)
    for role, result in results.items():
        tokens = result.tokens
        index = assign_tokens(response, spans, tokens).sentence_index
        count = np.bincount(index, minlength=len(spans)).astype(np.int32)
        weighted = np.bincount(index, weights=tokens.logprob.astype(np.float64), minlength=len(spans))
        total = np.where(count > 0, weighted, np.nan)
        first = np.full(len(spans), np.nan, dtype=np.float32)
        # Reversed, so that the earliest token of a sentence is the last to be written.
        first[index[::-1]] = tokens.logprob[::-1]
        mean = total / np.maximum(count, 1)
        probability = np.exp(mean)
        # A mean below −745 nats underflows; a probability that exists is above zero.
        probability[probability == 0.0] = np.nextafter(0.0, 1.0)
        n_tokens[role], logprob_sum[role], first_logprob[role], p[role] = count, total, first, probability
        if tokens.rank is not None:
            capped = np.bincount(index, weights=np.minimum(tokens.rank, RANK_CAP), minlength=len(spans))
            rank_sum[role] = np.where(np.isnan(total), 0, capped).astype(np.int32)
        for sentence in np.flatnonzero(np.isnan(total)):
            if reasons[sentence] is None:
                reasons[sentence] = _reason(int(count[sentence]), result.unscored_reason)
    return SentenceColumns(
        trace_no=trace_no,
        char_start=np.array([span.char_start for span in spans], dtype=np.int32),
        char_end=np.array([span.char_end for span in spans], dtype=np.int32),
        n_bytes=np.array([len(response[a:b].encode()) for a, b in spans], dtype=np.int32),
        n_tokens=n_tokens,
        logprob_sum=logprob_sum,
        first_logprob=first_logprob,
        p=p,
        unscored_reason=reasons,
        rank_sum=rank_sum,
    )


def _reason(n_tokens: int, reason: UnscoredReason | None) -> str:
    if reason is not None:
        return reason
    return UnscoredReason.NO_TOKENS if n_tokens == 0 else UnscoredReason.NON_FINITE
