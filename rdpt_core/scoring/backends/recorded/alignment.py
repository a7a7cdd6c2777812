"""From the bytes of recorded tokens to characters of the response, exactly.

The tokens must spell the response byte for byte, from its first to its last. Three differences are known and allowed,
since they come from how tokens are written down and not from what was scored:

    a token that lacks its leading space           "is"  where the response has " is"       (sentencepiece, shown alone)
    a first token with a space too many            " So" where the response begins "So"     (sentencepiece)
    pieces of one character, each unreadable       "�" "�" where the response has "数"      (decoded one by one)

Two more come from what servers do to a text:

    marks of thinking that are written otherwise   `matching.seams`: at the start, at a seam, beside special tokens
    a text cut inside its last token               "wor" where the last token is " working" (a stop string)

llama.cpp drops the tokens of a stop string, of which a part may stand in the text: then tokens end shortly before the
response does.

Tokens before the response are its prompt, tokens after it (an end-of-text) are not of it; neither is used. An empty
token is a space where one is missing, and otherwise belongs to the character that comes next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from rdpt_core.arrays import SmallInts
from rdpt_core.records import Span
from rdpt_core.scoring.backends.recorded.matching.seams import Seam, is_marked, near, seam_from, seams_of, shared
from rdpt_core.scoring.backends.recorded.spelling import Spelled

_SHOWN_CHARACTERS = 40
MOST_LEFT_BYTES = 64
"""How much of a response may have no tokens: a stop string is a few words. Recordings of other responses that begin
alike leave more."""
_UNREADABLE = b"\xff"
"""Stands for a token of which the bytes are unknown: no mark and no blank space has it."""


class _Placed(NamedTuple):
    """A token and the bytes of the response that are its."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """Tokens `number` of the recording are the response's. Shapes: (n_tokens,). Offsets: code points.

    Attributes:
        shared: places of several characters that several unreadable tokens share, none of which knows its own.
        n_seams: how many seams hold a mark, or blank space beside one, that the other text has not.
        is_cut: the response ends inside its last token, so that the logprob is of more than stands there.
    """

    number: SmallInts
    char_start: SmallInts
    char_end: SmallInts
    shared: tuple[Span, ...] = ()
    n_seams: int = 0
    is_cut: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether the tokens spell the response and nothing else."""
        return not self.n_seams and not self.is_cut


@dataclass(frozen=True, slots=True)
class Misaligned:
    """Where the tokens stop spelling the response.

    Attributes:
        char: how far they came, in code points.
        short: the tokens as far as they came, if there are no others and little of the response is left.
    """

    char: int
    detail: str
    short: Aligned | None = None


class ResponseBytes:
    """A response as bytes that know their characters."""

    def __init__(self, response: str) -> None:
        self.text = response
        self.data = response.encode("utf-8", "surrogatepass")
        widths = [len(sign.encode("utf-8", "surrogatepass")) for sign in response]
        self.char_of = np.repeat(np.arange(len(response), dtype=np.int32), widths)
        self.starts = set(np.cumsum([0, *widths]).tolist())

    @cached_property
    def seams(self) -> list[Seam]:
        """Where the response has marks."""
        return seams_of(self.data)


def align(response: ResponseBytes, tokens: Spelled, first: int, seams: Sequence[int] = ()) -> Aligned | Misaligned:
    """Lay the tokens from number `first` on over the whole response.

    Args:
        seams: numbers of the tokens before which something was left out.
    """
    data = response.data
    placed: list[_Placed] = []
    groups: list[Span] = []
    passing = _Passing(response, tokens, first, seams)
    start, number, is_cut = 0, first, False
    while start < len(data):
        token = tokens[number] if number < len(tokens) else None
        if token is not None:
            end = _end_of(data, token, start) if token else _end_of_empty(data, tokens, number, start)
            if end is not None:
                placed.append(_Placed(number, start, end))
                start, number = end, number + 1
                continue
            what = f"token {number} is {_shown(token)}"
        elif number < len(tokens):
            end, after = _unreadable(response, tokens, start, number)
            if end is not None:
                placed += _of_group(start, end, number, after)
                if end - start != after - number:
                    groups.append(Span(int(response.char_of[start]), int(response.char_of[end - 1]) + 1))
                start, number = end, after
                continue
            what = f"token {number} is unreadable and spells nothing that fits here"
        else:
            what = f"the recording ends after {number} tokens"
        passed = passing.over(placed, start, number)
        if passed is not None:
            start, number = passed
        elif token and _ends_inside(data, token, start):
            placed.append(_Placed(number, start, len(data)))
            start, is_cut = len(data), True
        else:
            is_over = number == len(tokens) and bool(placed) and tokens[-1] != b""
            is_short = is_over and len(response.data) - start <= MOST_LEFT_BYTES
            n_seams = passing.n_passed
            short = _in_characters(response, placed, tuple(groups), n_seams, False) if is_short else None
            return _misaligned(response, start, what, short)
    return _in_characters(response, placed, tuple(groups), passing.n_passed, is_cut)


class _Passing:
    """The seams of a recording, at which its tokens and the response may have other marks."""

    def __init__(self, response: ResponseBytes, tokens: Spelled, first: int, seams: Sequence[int]) -> None:
        self._response = response
        self._tokens = tokens
        self._first = first
        self._seams = seams
        self._done: set[int] = set()
        self.n_passed = 0

    @cached_property
    def _data(self) -> bytes:
        return b"".join(_UNREADABLE if token is None else token for token in self._tokens[self._first :])

    @cached_property
    def _offsets(self) -> list[int]:
        """Where each token begins in the data, and where the last one ends. Shape: (n_tokens - first + 1,)."""
        widths = (1 if token is None else len(token) for token in self._tokens[self._first :])
        return list(accumulate(widths, initial=0))

    @cached_property
    def _anchors(self) -> list[int]:
        """The start, the seams that the recording names, and the end."""
        numbers = [number - self._first for number in self._seams if self._first < number < len(self._tokens)]
        return sorted({0, len(self._data), *(self._offsets[number] for number in numbers)})

    @cached_property
    def _own_seams(self) -> list[Seam]:
        return seams_of(self._data, self._anchors)

    def over(self, placed: list[_Placed], start: int, number: int) -> tuple[int, int] | None:
        """Where response (byte) and tokens (number) go on behind the seam at which they differ; None if it is none.

        Tokens that were laid over the seam before the difference showed are laid anew.
        """
        theirs = next(iter(near(self._response.seams, start, start)), None)
        kept = len(placed)
        if theirs is not None:
            while kept and placed[kept - 1].end > theirs.start:
                kept -= 1
                start, number = placed[kept].start, placed[kept].number
        for ours in self._seams_at(number):
            passed = self._over(placed, kept, start, ours)
            if passed is not None:
                self._done.add(ours.start)
                self.n_passed += 1
                return passed
        return None

    def _over(self, placed: list[_Placed], kept: int, start: int, ours: Seam) -> tuple[int, int] | None:
        data = self._response.data
        number = bisect_right(self._offsets, ours.start) - 1 + self._first
        while kept and placed[kept - 1].number >= number:
            kept -= 1
            start = placed[kept].start
        n_head = ours.start - self._offsets[number - self._first]
        begin = start if not n_head else _end_of(data, (self._tokens[number] or b"")[:n_head], start)
        if begin is None:
            return None
        theirs = next((seam for seam in near(self._response.seams, begin, begin) if seam.start == begin), None)
        if theirs is None and ours.is_anchored and ours.end < len(self._data):
            theirs = seam_from(data, begin)
        if theirs is None or theirs.start == theirs.end and ours.start == ours.end:
            return None
        laid = self._lay(theirs, ours, number, n_head, start)
        if laid is None:
            return None
        placed[kept:] = laid
        after = bisect_right(self._offsets, ours.end) - 1
        if after < len(self._offsets) - 1 and self._offsets[after] < ours.end:
            return laid[-1].end, after + 1 + self._first
        return theirs.end, after + self._first

    def _seams_at(self, number: int) -> list[Seam]:
        """The seams that hold the beginning of a token, or begin inside it, and were not passed yet."""
        index = number - self._first
        begin, end = self._offsets[index], self._offsets[min(index + 1, len(self._offsets) - 1)]
        seams = near(self._own_seams, begin, max(begin, end - 1))
        return [seam for seam in seams if seam.start not in self._done]

    def _lay(self, theirs: Seam, ours: Seam, number: int, n_head: int, start: int) -> list[_Placed] | None:
        """The tokens of a seam, over what of it they spell; one that also has text before or behind it, over that."""
        data = self._response.data
        spelled = dict(shared(data, theirs, self._data, ours, self._anchors))
        laid: list[_Placed] = []
        for index in range(number - self._first, len(self._offsets) - 1):
            begin, end = self._offsets[index], self._offsets[index + 1]
            if begin >= ours.end and index > number - self._first:
                break
            has_head, has_tail = begin < ours.start, begin < ours.end < end
            if has_head and has_tail:
                return None
            inside = [spelled[byte] for byte in range(max(begin, ours.start), min(end, ours.end)) if byte in spelled]
            if has_head:
                stop = theirs.start
                while inside and inside[0] == stop:
                    stop = inside.pop(0) + 1
                laid.append(_Placed(index + self._first, start, stop))
            elif has_tail:
                rest = self._data[ours.end : end]
                if not data.startswith(rest, theirs.end):
                    return None
                begin_at = theirs.end
                while inside and inside[-1] == begin_at - 1:
                    begin_at = inside.pop()
                laid.append(_Placed(index + self._first, begin_at, theirs.end + len(rest)))
            elif inside:
                n = 1
                while n < len(inside) and inside[n] == inside[n - 1] + 1:
                    n += 1
                laid.append(_Placed(index + self._first, inside[0], inside[0] + n))
        return laid


def _of_group(start: int, end: int, number: int, after: int) -> list[_Placed]:
    """Unreadable tokens over what they spell together: a byte for each if it comes out even, or else all of it."""
    if end - start == after - number:
        return [_Placed(number + index, start + index, start + index + 1) for index in range(after - number)]
    return [_Placed(index, start, end) for index in range(number, after)]


def _ends_inside(data: bytes, token: bytes, start: int) -> bool:
    """Whether the response ends inside a token that starts at byte `start`."""
    rest = data[start:]
    if rest[:1] == b" " and rest.strip() and not token.startswith(b" "):
        rest = rest[1:]
    return len(rest) < len(token) and token.startswith(rest)


def _end_of(data: bytes, token: bytes, start: int) -> int | None:
    """Where a token that starts at byte `start` ends; None if it does not fit there."""
    if data.startswith(token, start):
        return start + len(token)
    if data[start : start + 1] == b" " and data.startswith(token, start + 1):
        return start + 1 + len(token)
    if start == 0 and token[:1] == b" " and len(token) > 1 and data.startswith(token[1:]):
        return len(token) - 1
    return None


def _end_of_empty(data: bytes, tokens: Spelled, number: int, start: int) -> int:
    """An empty token stands for a lone space (sentencepiece, shown alone), unless the next one brings its own."""
    following = next((token for token in tokens[number + 1 :] if token != b""), None)
    is_space = data[start : start + 1] == b" " and not (following or b"").startswith(b" ")
    return start + 1 if is_space else start


def _unreadable(response: ResponseBytes, tokens: Spelled, start: int, number: int) -> tuple[int | None, int]:
    """Where a row of unreadable tokens ends: at the nearest place where the readable one after it fits.

    What it covers must be characters of several bytes, with a byte at least for each token.
    """
    after = number
    while after < len(tokens) and tokens[after] is None:
        after += 1
    following = tokens[after] if after < len(tokens) else None
    # A mark that the response has not, or has otherwise, comes after the character all the same.
    has_mark = following is not None and is_marked(following)
    end = start
    while end < len(response.data):
        if response.data[end] < 0x80 and end > start and following is not None:
            break
        end += 1
        fits = end == len(response.data) if following is None else response.data.startswith(following, end)
        fits = fits or end == len(response.data)
        if has_mark and not fits:
            fits = any(seam.start == end for seam in near(response.seams, end, end))
        if end in response.starts and end - start >= after - number and fits:
            covered = response.data[start:end].decode("utf-8", "surrogatepass").strip(" ")
            return (end, after) if not any(sign.isascii() for sign in covered) else (None, after)
    return None, after


def _in_characters(
    response: ResponseBytes, placed: list[_Placed], groups: tuple[Span, ...], n_seams: int, is_cut: bool
) -> Aligned:
    n = len(response.char_of)
    numbers, first, last = np.array(placed, dtype=np.int64).reshape(-1, 3).T
    # An empty token shares the character that follows it, and at the very end the last one.
    starts = np.minimum(first, n - 1)
    ends = np.maximum(last, starts + 1)
    return Aligned(
        numbers.astype(np.int32), response.char_of[starts], response.char_of[ends - 1] + 1, groups, n_seams, is_cut
    )


def _misaligned(response: ResponseBytes, byte: int, what: str, short: Aligned | None) -> Misaligned:
    char = int(response.char_of[byte])
    ahead = response.text[char : char + _SHOWN_CHARACTERS]
    return Misaligned(char, f"{what}, where the response has {ahead!r} (character {char})", short)


def _shown(token: bytes) -> str:
    return repr(token.decode("utf-8", "replace")[:_SHOWN_CHARACTERS])
