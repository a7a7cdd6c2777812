"""Where the thinking of a response ends and its answer begins, in sentences."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.traces.thinking import split_thinking


@dataclass(frozen=True, slots=True)
class TracePart:
    """A stretch of sentences, from `first` up to the next part or the end; marks of format are not counted."""

    kind: Literal["thinking", "answer"]
    first: int
    n_sentences: int


def parts_of(view: TraceView) -> tuple[TracePart, ...]:
    """Thinking and answer; nothing if the response has no thinking block. The tags belong to the thinking."""
    response = view.trace.response
    thinking, answer = split_thinking(response, view.trace.prompt)
    if thinking is None or not view.is_scored:
        return ()
    is_mark = view.column("is_mark")
    n = len(is_mark)
    first = n if answer is None else bisect_left(view.column("char_start"), len(response) - len(answer))
    parts: tuple[tuple[Literal["thinking", "answer"], int, int], ...] = (("thinking", 0, first), ("answer", first, n))
    return tuple(TracePart(kind, start, is_mark[start:end].count(False)) for kind, start, end in parts if start < end)
