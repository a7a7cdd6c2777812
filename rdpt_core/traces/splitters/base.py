"""What every splitter is, and how starts become spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rdpt_core.records import Span


@runtime_checkable
class Splitter(Protocol):
    """Cuts a response into sentences.

    Invariant: the spans tile the text. The first starts at 0, each starts where the one before ends, the last ends at
    `len(text)`, none is empty, and an empty text has none. So their texts concatenate to the response.

    Attributes:
        name: how the user asks for it; part of a run's identity.
        version: changes whenever any boundary of any text changes; part of a run's identity.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def split(self, text: str) -> list[Span]:
        """The spans of `text`, in order. Units: code points."""
        ...


@dataclass(frozen=True, slots=True)
class SplitReport:
    """A split, and what a reader should know about how it came about.

    Attributes:
        spans: the sentences.
        n_capped: how many of the boundaries were forced because a sentence grew longer than the cap.
    """

    spans: list[Span]
    n_capped: int = 0


def tile(starts: Sequence[int], length: int) -> list[Span]:
    """Spans from strictly increasing start positions (the first is 0), each ending where the next one starts.

    >>> tile([0, 3], 5)
    [Span(char_start=0, char_end=3), Span(char_start=3, char_end=5)]
    """
    if length == 0:
        return []
    return list(map(Span, starts, [*starts[1:], length]))
