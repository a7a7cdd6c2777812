"""Marks of thinking and of turns, where a response and its recording may differ.

Servers cut the thinking out of a text, and `import` puts it back with the marks of the model's family. So a mark may
stand in the response where the tokens have another one, or none; and the blank space beside it may be another, since
servers strip it. What stands between marks never differs.

    response   <think>\\n  A. B.  \\n</think>\\n\\n                                    C.
    tokens                A. B.  <|end|><|start|>assistant<|channel|>final<|message|>  C.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rdpt_core.traces.splitters.scan import HEADER_NAMES, HEADER_TOKENS
from rdpt_core.traces.thinking import SPELLINGS, TAGS

_BLANK = b" \t\n\r\f\v"
_SAME_MARK, _OTHER_MARK, _SAME_BLANK = 1000, 10, 1
_MOST_COMPARED = 4096
"""Pairs of atoms. A seam has some ten atoms on either side; only long rows of blank space have more."""


def _marks() -> str:
    parts = [part for spelling in SPELLINGS for part in (spelling.open, spelling.close, spelling.end)]
    known = {tag.strip() for tag in [*parts, *(tag for pair in TAGS for tag in pair)]} - {""}
    # The longest first, since one may begin like another.
    tags = [r"\s*".join(map(re.escape, tag.split())) for tag in sorted(known, key=lambda tag: (-len(tag), tag))]
    header = rf"<\|(?:{HEADER_TOKENS})\|>\s*(?:{HEADER_NAMES})(?: to=[A-Za-z0-9_.-]{{1,60}})?(?=\s*<\|)"
    return "|".join([*tags, header, r"<\|[A-Za-z_][A-Za-z0-9_ ]{0,38}\|>", r"<｜[^｜<>\n]{1,40}｜>"])


MARK = re.compile(_marks())
"""A mark of thinking of any family, or a special token with the name that belongs to it."""
_MARK = re.compile(_marks().encode())
_ATOM = re.compile(rb"\s|[<\[][^>\]\s<\[]*[>\]]|[^\s<\[]+|[<\[]")


class Seam(NamedTuple):
    """Half-open range of bytes: marks and the blank space around them, which may be all of it."""

    start: int
    end: int
    has_mark: bool
    is_anchored: bool


def seams_of(data: bytes, anchors: Sequence[int] = ()) -> list[Seam]:
    """The seams of a text, in order. `anchors` are places that are seams whatever stands there."""
    spans = [(*match.span(), True) for match in _MARK.finditer(data)]
    spans = sorted([*spans, *((anchor, anchor, False) for anchor in anchors)])
    seams: list[Seam] = []
    for first, last, has_mark in spans:
        start, end = first, last
        floor = seams[-1].end if seams else 0
        while start > floor and data[start - 1] in _BLANK:
            start -= 1
        while end < len(data) and data[end] in _BLANK:
            end += 1
        if seams and start <= seams[-1].end:
            before = seams.pop()
            start, end, has_mark = before.start, max(before.end, end), has_mark or before.has_mark
            seams.append(Seam(start, end, has_mark, before.is_anchored or first == last))
        else:
            seams.append(Seam(start, end, has_mark, first == last))
    return seams


def near(seams: Sequence[Seam], first: int, last: int) -> list[Seam]:
    """Those of a text's seams that touch any of these bytes, both included."""
    index = bisect_left(seams, first, key=lambda seam: seam.end)
    found: list[Seam] = []
    while index < len(seams) and seams[index].start <= last:
        found.append(seams[index])
        index += 1
    return found


def is_marked(token: bytes) -> bool:
    """Whether a token begins with a mark."""
    return _MARK.match(token) is not None


def seam_from(data: bytes, start: int) -> Seam:
    """The blank space from a byte on, as a seam."""
    end = start
    while end < len(data) and data[end] in _BLANK:
        end += 1
    return Seam(start, end, False, False)


@dataclass(frozen=True, slots=True)
class _Atom:
    start: int
    end: int
    data: bytes

    @property
    def is_blank(self) -> bool:
        return self.data in _BLANK and self.data != b""


def shared(response: bytes, theirs: Seam, tokens: bytes, ours: Seam, anchors: Sequence[int]) -> list[tuple[int, int]]:
    """Bytes of a seam that stand in both texts: pairs (byte of the tokens, byte of the response), in order.

    A mark counts only whole. Blank space after a mark that the tokens do not spell is that mark's, so it has none.

    Args:
        anchors: bytes of the tokens at which something was left out; it is marks that stand there.
    """
    there = [_Atom(*match.span(), match.group()) for match in _ATOM.finditer(response, theirs.start, theirs.end)]
    here = [_Atom(*match.span(), match.group()) for match in _ATOM.finditer(tokens, ours.start, ours.end)]
    for anchor in anchors:
        if ours.start <= anchor <= ours.end:
            # An atom without bytes: it stands for marks, and is none itself.
            here.insert(bisect_left([atom.start for atom in here], anchor), _Atom(anchor, anchor, b""))
    partner = _pairs(here, there)
    pairs: list[tuple[int, int]] = []
    number, is_spelled = 0, True
    while number < len(there):
        after = number + 1
        if not there[number].is_blank:
            while after < len(there) and not there[after].is_blank:
                after += 1
            is_spelled = all(index in partner for index in range(number, after))
        for index in range(number, after):
            if is_spelled and index in partner:
                mine, other = here[partner[index]], there[index]
                pairs += [(mine.start + byte, other.start + byte) for byte in range(len(other.data))]
        number = after
    return pairs


def _pairs(here: Sequence[_Atom], there: Sequence[_Atom]) -> dict[int, int]:
    """For each atom of the response that the tokens have as well, its number among theirs."""
    found: dict[int, int] = {}
    first = 0
    while first < min(len(here), len(there)) and here[first].data == there[first].data:
        found[first] = first
        first += 1
    n_here, n_there = len(here), len(there)
    while min(n_here, n_there) > first and here[n_here - 1].data == there[n_there - 1].data:
        n_here, n_there = n_here - 1, n_there - 1
        found[n_there] = n_here
    rows, columns = n_here - first, n_there - first
    if rows * columns > _MOST_COMPARED:
        return found
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            worth = _worth(here[first + i], there[first + j])
            joined = best[i + 1][j + 1] + worth if worth else 0
            best[i][j] = max(joined, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows and j < columns:
        worth = _worth(here[first + i], there[first + j])
        if worth and best[i][j] == best[i + 1][j + 1] + worth:
            if worth != _OTHER_MARK:
                found[first + j] = first + i
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _worth(mine: _Atom, other: _Atom) -> int:
    if mine.data == other.data:
        return _SAME_BLANK if other.is_blank else _SAME_MARK
    return 0 if mine.is_blank or other.is_blank else _OTHER_MARK
