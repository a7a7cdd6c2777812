"""Coarser splitters, for readers who count in lines, paragraphs or steps. They look at line breaks only."""

from __future__ import annotations

import re

from rdpt_core.records import Span
from rdpt_core.traces.splitters.base import tile
from rdpt_core.traces.splitters.scan import FENCE

_LINE_BREAK = re.compile(r"\n\s*+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n\s*+")


class LineSplitter:
    """Lines. Empty lines belong to the line before them, so that no span is white space alone."""

    name = "line"
    version = "1"

    def split(self, text: str) -> list[Span]:
        """The lines of `text`, which tile it."""
        return tile(_starts_after(_LINE_BREAK, text), len(text))


class StepSplitter:
    """Blocks between blank lines, the usual "steps" of process rewards: nothing joins what a blank line parts."""

    name = "step"
    version = "1"

    def split(self, text: str) -> list[Span]:
        """The steps of `text`, which tile it."""
        return tile(_starts_after(_BLANK_LINE, text), len(text))


class ParagraphSplitter:
    """Blocks between blank lines, except that blank lines inside a fenced block of code part nothing."""

    name = "paragraph"
    version = "1"

    def split(self, text: str) -> list[Span]:
        """The paragraphs of `text`, which tile it."""
        starts = _starts_after(_BLANK_LINE, text)
        fences = [(match.start(), match.end()) for match in FENCE.finditer(text)]
        return tile(_outside(starts, fences), len(text))


def _starts_after(separator: re.Pattern[str], text: str) -> list[int]:
    first = len(text) - len(text.lstrip())
    ends = (match.end() for match in separator.finditer(text, first))
    return [0, *(end for end in ends if end < len(text))]


def _outside(starts: list[int], regions: list[tuple[int, int]]) -> list[int]:
    """The starts that are not inside one of the regions; both are in order."""
    kept = []
    index = 0
    for start in starts:
        while index < len(regions) and regions[index][1] <= start:
            index += 1
        if index == len(regions) or start <= regions[index][0]:
            kept.append(start)
    return kept
