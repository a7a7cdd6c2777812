"""Where the thinking of a response ends and its answer begins, in sentences."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.traces.thinking import split_thinking


@dataclass(frozen=True, slots=True)
class TracePart:
    """A stretch of sentences, from `first` up to the next part or the end."""

    kind: Literal["thinking", "answer"]
    first: int
    n_sentences: int


def parts_of(view: TraceView) -> tuple[TracePart, ...]:
    """Thinking and answer; nothing if the response has no thinking block. The tags belong to the thinking."""
    response = view.trace.response
    thinking, answer = split_thinking(response, view.trace.prompt)
    if thinking is None or not view.is_scored:
        return ()
    n = view.sentences.num_rows
    first = n if answer is None else bisect_left(view.column("char_start"), len(response) - len(answer))
    parts = (TracePart("thinking", 0, first), TracePart("answer", first, n - first))
    return tuple(part for part in parts if part.n_sentences)
