"""The tokens of one trace under every model, and the ones of a single sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.arrays import Floats, SmallInts
from rdpt_core.records import Role, Span
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_token_ends
from rdpt_core.traces.token_spans import assign_tokens

Strip: TypeAlias = dict[str, list[tuple[int, int, float | None]]]
"""Role → (start, end, logprob) of every token, half-open in code points of the sentence; nats, None where missing."""


@dataclass(frozen=True, slots=True)
class SentenceTokens:
    """One role's tokens of a trace. Shapes: every array is (n_tokens,); offsets in code points of the response."""

    char_start: SmallInts
    char_end: SmallInts
    logprob: Floats
    sentence_index: SmallInts


def load_trace_tokens(reader: Reader, run: Run, view: TraceView) -> dict[str, SentenceTokens]:
    """Role → tokens, for the roles that have scored the trace; nothing for a trace without sentences."""
    if not view.is_scored:
        return {}
    starts, ends = view.column("char_start"), view.column("char_end")
    spans = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    by_role = {}
    for role in run.roles:
        stored = reader.tokens(run.run_no, Role(role), [view.trace_no]).get(view.trace_no)
        if stored is not None:
            tokens = stored[0]
            check_token_ends(tokens, len(view.trace.response), view.trace_no)
            sentence_index = assign_tokens(view.trace.response, spans, tokens).sentence_index
            by_role[role] = SentenceTokens(tokens.char_start, tokens.char_end, tokens.logprob, sentence_index)
    return by_role


def strip_of(by_role: dict[str, SentenceTokens], char_start: int, char_end: int, index: int) -> Strip:
    """The tokens that belong to a sentence. One that reaches over its edge is cut there; its logprob is whole.

    Args:
        by_role: role → tokens of the trace.
        char_start, char_end: the sentence's span in code points of the response, half-open.
        index: the sentence's index.
    """
    strip: Strip = {}
    for role, tokens in by_role.items():
        mask = tokens.sentence_index == index
        length = char_end - char_start
        start = np.clip(tokens.char_start[mask] - char_start, 0, length)
        end = np.clip(tokens.char_end[mask] - char_start, 0, length)
        strip[role] = [
            (int(token_start), int(token_end), round(float(logprob), 4) if math.isfinite(logprob) else None)
            for token_start, token_end, logprob in zip(start, end, tokens.logprob[mask], strict=True)
        ]
    return strip
