"""From the bytes of recorded tokens to characters of the response, exactly.

The tokens must spell the response byte for byte, from its first to its last. Three differences are known and allowed,
since they come from how tokens are written down and not from what was scored:

    a token that lacks its leading space           "is"  where the response has " is"       (sentencepiece, shown alone)
    a first token with a space too many            " So" where the response begins "So"     (sentencepiece)
    pieces of one character, each unreadable       "�" "�" where the response has "数"      (decoded one by one)

Tokens before the response are its prompt, tokens after it (an end-of-text) are not of it; neither is used. An empty
token is a space where one is missing, and otherwise belongs to the character that comes next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import SmallInts
from rdpt_core.records import Span
from rdpt_core.scoring.backends.recorded.spelling import Spelled

_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Aligned:
    """Tokens `first` ≤ i < `first + len(char_start)` of the recording are the response's. Offsets: code points.

    `shared` are the places of several characters that several unreadable tokens share, none of which knows its own.
    """

    first: int
    char_start: SmallInts
    char_end: SmallInts
    shared: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Misaligned:
    """Where the tokens stop spelling the response. `char`: how far they came, in code points."""

    char: int
    detail: str


class ResponseBytes:
    """A response as bytes that know their characters."""

    def __init__(self, response: str) -> None:
        self.text = response
        self.data = response.encode("utf-8", "surrogatepass")
        widths = [len(sign.encode("utf-8", "surrogatepass")) for sign in response]
        self.char_of = np.repeat(np.arange(len(response), dtype=np.int32), widths)
        self.starts = set(np.cumsum([0, *widths]).tolist())


def align(response: ResponseBytes, tokens: Spelled, first: int) -> Aligned | Misaligned:
    """Lay the tokens from number `first` on over the whole response."""
    data = response.data
    spans: list[tuple[int, int]] = []
    shared: list[Span] = []
    start, number = 0, first
    while start < len(data):
        if number >= len(tokens):
            return _misaligned(response, start, f"the recording ends after {number} tokens")
        token = tokens[number]
        if token is None:
            end, after = _unreadable(response, tokens, start, number)
            if end is None:
                return _misaligned(response, start, f"token {number} is unreadable and spells nothing that fits here")
            if end - start == after - number:
                # A byte for each token.
                spans += [(byte, byte + 1) for byte in range(start, end)]
            else:
                spans += [(start, end)] * (after - number)
                shared.append(Span(int(response.char_of[start]), int(response.char_of[end - 1]) + 1))
            start, number = end, after
            continue
        end = _end_of(data, token, start) if token else _end_of_empty(data, tokens, number, start)
        if end is None:
            return _misaligned(response, start, f"token {number} is {_shown(token)}")
        spans.append((start, end))
        start, number = end, number + 1
    return _in_characters(response, first, spans, tuple(shared))


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
    end = start
    while end < len(response.data):
        if response.data[end] < 0x80 and end > start and following is not None:
            break
        end += 1
        fits = end == len(response.data) if following is None else response.data.startswith(following, end)
        if end in response.starts and end - start >= after - number and (fits or end == len(response.data)):
            covered = response.data[start:end].decode("utf-8", "surrogatepass").strip(" ")
            return (end, after) if not any(sign.isascii() for sign in covered) else (None, after)
    return None, after


def _in_characters(
    response: ResponseBytes, first: int, spans: list[tuple[int, int]], shared: tuple[Span, ...]
) -> Aligned:
    n = len(response.char_of)
    # An empty token shares the character that follows it, and at the very end the last one.
    starts = np.array([min(start, n - 1) for start, _ in spans], dtype=np.int64)
    ends = np.array([max(end, min(start, n - 1) + 1) for start, end in spans], dtype=np.int64)
    return Aligned(first, response.char_of[starts], response.char_of[ends - 1] + 1, shared)


def _misaligned(response: ResponseBytes, byte: int, what: str) -> Misaligned:
    char = int(response.char_of[byte])
    ahead = response.text[char : char + _SHOWN_CHARACTERS]
    return Misaligned(char, f"{what}, where the response has {ahead!r} (character {char})")


def _shown(token: bytes) -> str:
    return repr(token.decode("utf-8", "replace")[:_SHOWN_CHARACTERS])
