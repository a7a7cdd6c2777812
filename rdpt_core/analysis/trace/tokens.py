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
    found = {}
    for role in run.roles:
        stored = reader.tokens(run.run_no, Role(role), [view.trace_no]).get(view.trace_no)
        if stored is not None:
            tokens = stored[0]
            sentence = assign_tokens(view.trace.response, spans, tokens).sentence_index
            found[role] = SentenceTokens(tokens.char_start, tokens.char_end, tokens.logprob, sentence)
    return found


def strip_of(tokens: dict[str, SentenceTokens], char_start: int, char_end: int, index: int) -> Strip:
    """The tokens that belong to a sentence. One that reaches over its edge is cut there; its logprob is whole."""
    strip: Strip = {}
    for role, found in tokens.items():
        chosen = np.flatnonzero(found.sentence_index == index)
        length = char_end - char_start
        start = np.clip(found.char_start[chosen] - char_start, 0, length)
        end = np.clip(found.char_end[chosen] - char_start, 0, length)
        strip[role] = [
            (int(a), int(b), round(float(p), 4) if math.isfinite(p) else None)
            for a, b, p in zip(start, end, found.logprob[chosen], strict=True)
        ]
    return strip
