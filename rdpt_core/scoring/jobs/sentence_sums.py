"""From one role's token logprobs to its sentences: the sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rdpt_core.arrays import Doubles, Floats, SmallInts
from rdpt_core.records import RANK_CAP, RoleResult, SentenceColumns, Span, UnscoredReason
from rdpt_core.traces.markers import is_mark
from rdpt_core.traces.token_spans import assign_tokens


def sentence_columns(
    trace_no: int, response: str, spans: Sequence[Span], results: Mapping[str, RoleResult]
) -> SentenceColumns:
    """All sentences of one trace under every role of the run.

    A role's p is exp(logprob sum / token count), the geometric mean over the role's own tokens (arXiv 2512.20908).
    A sentence of which one token has no logprob has no sum, no p, and a reason.
    """
    n_tokens: dict[str, SmallInts] = {}
    logprob_sum: dict[str, Doubles] = {}
    first_logprob: dict[str, Floats] = {}
    p: dict[str, Doubles] = {}
    rank_sum: dict[str, SmallInts] = {}
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
        is_mark=np.array([is_mark(response, a, b) for a, b in spans], dtype=bool),
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
