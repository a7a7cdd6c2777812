"""A response with its thinking marked as another family marks it, and where its characters stand in the response.

    response   <think>\\n  A. B.  \\n</think>\\n\\n  C.       marks at [0, 8) and [13, 24)
    respelled  [THINK]   A. B.  [/THINK]         C.       the same at [0, 7) and [12, 20)

A mark is a tag with the line breaks after it, and with those before it too if it closes something. What stands between
marks is the same in both texts, character for character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.traces.thinking import SPELLINGS, TAGS, Spelling, starts_inside_thinking, tags_of

_Part: TypeAlias = Literal["open", "close", "end"]

_LINE_BREAKS = "\r\n"
_BEYOND = np.iinfo(np.int64).max


class _Mark(NamedTuple):
    """Half-open ranges of code points: of a mark in the response, of the text in its place in the respelled one, and of
    that text without its line breaks."""

    start: int
    end: int
    own_start: int
    own_end: int
    tag_start: int
    tag_end: int


@dataclass(frozen=True, slots=True)
class Respelled:
    """Attributes: `marks` are those that were replaced, in order. Shape: (n_marks, the fields of `_Mark`)."""

    text: str
    marks: Ints

    def in_response(self, char_start: SmallInts, char_end: SmallInts) -> tuple[SmallInts, SmallInts]:
        """Ranges of the respelled text as ranges of the response.

        What lies in a mark becomes the whole mark. What reaches into one with no more than its line breaks ends, or
        begins, beside it.

        Shapes: all arrays are (n_tokens,).
        """
        if not len(self.marks):
            return char_start, char_end
        shift = np.concatenate([[0], self.marks[:, 1] - self.marks[:, 3]])
        # A mark that no token reaches stands at the end, so that every search finds one.
        beyond = np.full((1, self.marks.shape[1]), _BEYOND)
        start, end, own_start, own_end, tag_start, tag_end = np.vstack([self.marks, beyond]).T

        at = np.searchsorted(own_end, char_start, side="right")
        is_past_tag = (char_start >= tag_end[at]) & (char_end > own_end[at])
        in_mark = np.where(is_past_tag, end[at], start[at])
        first = np.where(own_start[at] <= char_start, in_mark, char_start + shift[at])
        # Line breaks of two marks with nothing between them are the first one's.
        first_of_both = np.minimum(start[at], first)

        at = np.searchsorted(own_end, char_end, side="left")
        is_before_tag = (char_end <= tag_start[at]) & (char_start < own_start[at])
        in_mark = np.where(is_before_tag, start[at], end[at])
        last = np.where(own_start[at] < char_end, in_mark, char_end + shift[at])
        return np.where(first < last, first, first_of_both).astype(np.int32), last.astype(np.int32)


def respell(response: str, spelling: Spelling) -> Respelled:
    """The response with the marks of other families spelled as this one spells them; its own stay as they are, and so
    do those that it has no word for."""
    own = _tags_of(spelling)
    pieces: list[str] = []
    marks: list[_Mark] = []
    done = length = 0
    for match in _TAG.finditer(response):
        tag, part = _TAGS[(match.lastindex or 1) - 1]
        text: str = getattr(spelling, part)
        if tag in own or not text:
            continue
        start, end = match.span()
        while part != "open" and start > done and response[start - 1] in _LINE_BREAKS:
            start -= 1
        while end < len(response) and response[end] in _LINE_BREAKS:
            end += 1
        pieces += (response[done:start], text)
        own_start = length + start - done
        tag_start = own_start + len(text) - len(text.lstrip())
        length = own_start + len(text)
        marks.append(_Mark(start, end, own_start, length, tag_start, own_start + len(text.rstrip())))
        done = end
    pieces.append(response[done:])
    return Respelled("".join(pieces), np.array(marks, dtype=np.int64).reshape(-1, len(_Mark._fields)))


def opened(response: str, spelling: Spelling) -> str:
    """A respelled response from the opening of its thinking on, wherever that stands."""
    text = respell(response, spelling).text
    return spelling.open + text if starts_inside_thinking(text) else text


def has_marks(response: str) -> bool:
    """Whether a response has a mark of any family."""
    return _TAG.search(response) is not None


def opened_once(prompt: str, response: str, spelling: Spelling) -> str:
    """The prompt before a response that is respelled: the thinking is opened once, as this family opens it.

    The response opens it; or else the prompt does at its end, if the response closes what it did not open, or if the
    prompt ended in an opening of any family.
    """
    ending = _OPENED.search(prompt)
    before = prompt[: ending.start()] if ending else prompt
    if _OPENING.match(response):
        return before
    if ending and ending[1] in _tags_of(spelling):
        return prompt
    return before + spelling.open if ending or starts_inside_thinking(response) else prompt


@cache
def _tags_of(spelling: Spelling) -> dict[str, _Part]:
    """What of a family's marks is no line break: as they are spelled, and as `TAGS` has them."""
    opening, closing = tags_of(spelling)
    tags: dict[str, _Part] = {opening: "open", closing: "close", spelling.close.strip(): "close"}
    if spelling.end:
        tags[spelling.end.strip()] = "end"
    return tags


def _all_tags() -> list[tuple[str, _Part]]:
    """Of every family, the longest first, since one may begin like another."""
    tags: dict[str, _Part] = {}
    for opening, closing in TAGS:
        tags |= {opening: "open", closing: "close"}
    for spelling in SPELLINGS:
        tags |= _tags_of(spelling)
    return sorted(tags.items(), key=lambda item: -len(item[0]))


def _expression(tag: str) -> str:
    """A tag of several parts may have other white space between them."""
    return r"\s*".join(map(re.escape, tag.split()))


_TAGS = _all_tags()
_TAG = re.compile("|".join(f"({_expression(tag)})" for tag, _ in _TAGS))
_ANY_OPENING = "|".join(_expression(tag) for tag, part in _TAGS if part == "open")
_OPENING = re.compile(rf"\s*(?:{_ANY_OPENING})")
_OPENED = re.compile(rf"({_ANY_OPENING})\s*\Z")
