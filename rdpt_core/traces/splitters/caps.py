"""Sentences that have grown into walls of text are cut, at the best place there is."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rdpt_core.traces.splitters.scan import FORMULA_OR_CODE

MAX_SENTENCE = 1_000
"""A sentence longer than this many code points, trailing white space apart, is cut."""

MAX_WHOLE = 4_000
"""A formula or a block of code stays whole up to this length, although the sentence then exceeds the cap."""

_SHORTEST = MAX_SENTENCE // 4
_JOINERS = "\u200d\ufe0e\ufe0f"


def cap(text: str, starts: Sequence[int]) -> tuple[list[int], int]:
    """The starts with those added that keep every sentence under the cap, and how many were added.

    Args:
        text: the response.
        starts: where sentences start, strictly increasing.
    """
    capped: list[int] = []
    n_added = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        capped.append(start)
        if end - start > MAX_SENTENCE:
            cuts = _cuts(text, start, end)
            capped += cuts
            n_added += len(cuts)
    return capped, n_added


def _cuts(text: str, start: int, end: int) -> list[int]:
    content_end = start + len(text[start:end].rstrip())
    # Leading white space belongs to the first sentence, so that a sentence is never white space alone.
    start += len(text[start:content_end]) - len(text[start:content_end].lstrip())
    if content_end - start <= MAX_SENTENCE:
        return []
    wholes = [
        (match.start(), match.end())
        for match in FORMULA_OR_CODE.finditer(text, start, content_end)
        if 2 < match.end() - match.start() <= MAX_WHOLE
    ]
    cuts = []
    next_whole = 0
    while content_end - start > MAX_SENTENCE:
        cut = _best_cut(text, start, content_end)
        while next_whole < len(wholes) and wholes[next_whole][1] <= cut:
            next_whole += 1
        if next_whole < len(wholes) and wholes[next_whole][0] < cut:
            whole_start, whole_end = wholes[next_whole]
            cut = whole_start if whole_start - start >= _SHORTEST else _after_space(text, whole_end, content_end)
        if cut >= content_end:
            break
        cuts.append(cut)
        start = cut
    return cuts


def _best_cut(text: str, start: int, end: int) -> int:
    """Where the next part should start, about between `start + _SHORTEST` and `start + MAX_SENTENCE`."""
    low, high = start + _SHORTEST, start + MAX_SENTENCE
    for separator in ("\n", "; ", ", ", " "):
        index = text.rfind(separator, low, high)
        if index >= 0:
            return _after_space(text, index + 1, end)
    for position in range(high, low, -1):
        if text[position - 1].isspace():
            return _after_space(text, position, end)
    return _whole_character(text, low, high)


def _after_space(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _whole_character(text: str, low: int, cut: int) -> int:
    """The cut, moved back out of a number or of a character that several code points make up."""
    position = cut
    while position > low and _inside(text, position):
        position -= 1
    return position if position > low else cut


def _inside(text: str, position: int) -> bool:
    before, after = text[position - 1], text[position]
    if before in _JOINERS[:1] or after in _JOINERS or unicodedata.combining(after):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\udc00" <= after <= "\udfff":
        return True
    return (before.isdigit() or before in ".,") and after.isdigit() or (before.isdigit() and after in ".,")
