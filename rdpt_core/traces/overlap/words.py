"""Texts to sentences and words, many at a time: arrays in place of strings, for a gigabyte holds 200 million words.

A word is a run of letters, digits and marks that go with letters. Scripts that put no space between words have none
that could be found, so each of their characters is one. Every other sign stands for itself, and white space only
parts words. So words are compared with the signs between them, and without the spaces.

A word is known by a hash of 64 bits. With h(c) a random number for each character and B odd, it is a mix of

    h(c₀)·B⁰ + h(c₁)·B¹ + …   modulo 2⁶⁴,

which one running sum over all characters gives for all words: B has an inverse, by which a word's place cancels.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import Bools, Codes, Hashes, Ints, SmallInts

_SPACE, _RUN, _ALONE, _SIGN = range(4)
# Han, kana, Thai, Lao, Myanmar and Khmer, which write words without a space between them.
_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_WHITE_SPACE = r"[\s\v\x1c-\x1f\x{85}\p{Z}]+"
# Characters that are hashed at once.
_WINDOW = 1 << 20
_KEPT_POWERS = 1 << 21

BASE = 0x9E3779B97F4A7C15 | 1
_INVERSE = pow(BASE, -1, 1 << 64)
U64 = np.uint64
CodePoints: TypeAlias = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class CutTexts:
    """The sentences and words of some texts, one text after another.

    Attributes:
        sentences: (n_sentences,), with white space folded and none at the ends.
        char_start: (n_sentences,), where each begins, in characters of all texts joined.
        start, end: (n_words,), of each word or sign, likewise.
        is_word: (n_words,), False for a sign.
        hash: (n_words,).
        sentence: (n_words,), ascending, the sentence that each stands in.
    """

    sentences: pa.StringArray
    char_start: Ints
    start: Ints
    end: Ints
    is_word: Bools
    hash: Hashes
    sentence: SmallInts

    def first_words(self) -> Ints:
        """(n_sentences + 1,): the words of sentence i are `first[i] : first[i + 1]`."""
        return np.searchsorted(self.sentence, np.arange(len(self.sentences) + 1))


def cut_texts(texts: Sequence[str], starts: Sequence[Ints]) -> CutTexts:
    """Cut texts into sentences and words. Memory: 40 bytes a character while it works.

    Args:
        starts: for each text, where its sentences begin; the first at 0, an empty text has none.
    """
    lengths = np.array([len(text) for text in texts], np.int64)
    before = np.cumsum(lengths) - lengths
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    char_start = np.concatenate(
        [np.empty(0, np.int64), *(at + first for at, first in zip(starts, before, strict=True))]
    )
    kind = _kinds()[codes]
    start, end = _bounds(kind, char_start)
    return CutTexts(
        _folded(_strings(joined, codes, char_start), _is_odd(kind, codes, char_start)),
        char_start,
        start,
        end,
        kind[start] != _SIGN,
        _hashes(codes, start, end),
        (np.searchsorted(char_start, start, side="right") - 1).astype(np.int32),
    )


def _folded(texts: pa.StringArray, is_odd: Bools) -> pa.StringArray:
    """Each text with single spaces for all white space, and none at the ends. Only odd ones are searched for it."""
    trimmed = pc.ascii_trim(texts, " \n")
    if not is_odd.any():
        return trimmed
    odd = pc.replace_substring_regex(trimmed.filter(pa.array(is_odd)), _WHITE_SPACE, " ")
    return pc.replace_with_mask(trimmed, pa.array(is_odd), pc.ascii_trim(odd, " "))


def _is_odd(kind: Codes, codes: CodePoints, char_start: Ints) -> Bools:
    """Which sentences hold white space other than single spaces, but for spaces and line ends behind everything."""
    is_space = kind == _SPACE
    # What the next character is decides whether white space ends its sentence.
    is_odd = is_space & (codes != ord(" "))
    is_odd[:-1] |= is_space[:-1] & is_space[1:]
    places = np.flatnonzero(is_odd)
    result = np.zeros(len(char_start), bool)
    sentence = np.searchsorted(char_start, places, side="right") - 1
    last = np.full(len(char_start), -1)
    text = np.flatnonzero(~is_space)
    ends = np.searchsorted(text, np.append(char_start, len(codes))[1:])
    last[ends > 0] = text[ends[ends > 0] - 1]
    is_trimmed = (codes[places] == ord(" ")) | (codes[places] == ord("\n"))
    result[sentence[~is_trimmed | (places < last[sentence])]] = True
    return result


def _bounds(kind: Codes, breaks: Ints) -> tuple[Ints, Ints]:
    """Where words and signs begin and end; no word goes on beyond the beginning of a sentence."""
    is_run = kind == _RUN
    goes_on = np.zeros(len(kind) + 1, bool)  # from the character before
    goes_on[1:-1] = is_run[1:] & is_run[:-1]
    goes_on[breaks] = False
    is_text = kind != _SPACE
    return np.flatnonzero(is_text & ~goes_on[:-1]), np.flatnonzero(is_text & ~goes_on[1:]) + 1


def _strings(joined: str, codes: CodePoints, char_start: Ints) -> pa.StringArray:
    offsets = np.append(char_start, len(codes))
    if not joined.isascii():
        n_bytes = np.ones(len(codes), np.uint8)
        for limit in (0x80, 0x800, 0x10000):
            n_bytes += codes >= limit
        offsets = np.append(0, np.cumsum(n_bytes, dtype=np.int64))[offsets]
    data = pa.py_buffer(joined.encode("utf-8"))
    return pa.StringArray.from_buffers(len(char_start), pa.py_buffer(offsets.astype(np.int32)), data)


def _hashes(codes: CodePoints, start: Ints, end: Ints) -> Hashes:
    hashes = np.empty(len(start), U64)
    first = 0
    while first < len(start):
        origin = int(start[first])
        last = max(int(np.searchsorted(start, origin + _WINDOW)), first + 1)
        values = _values()[codes[origin : int(end[last - 1])]]
        sums = Sums.of(values)
        hashes[first:last] = mixed(sums.between(start[first:last] - origin, end[first:last] - origin))
        first = last
    return hashes


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Running sums by which the hash of any stretch of a row of numbers is known at once."""

    sums: Hashes
    inverse: Hashes

    @classmethod
    def of(cls, values: Hashes) -> Sums:
        """Memory: 16 bytes a number that stay."""
        sums = np.zeros(len(values) + 1, U64)
        np.cumsum(values * powers(BASE, len(values)), out=sums[1:])
        return cls(sums, powers(_INVERSE, len(values) + 1))

    def between(self, start: Ints, end: Ints) -> Hashes:
        """The hash of each stretch `start : end`; equal stretches have equal ones wherever they stand."""
        return (self.sums[end] - self.sums[start]) * self.inverse[start]


def powers(base: int, n: int) -> Hashes:
    """`base⁰ … baseⁿ⁻¹`, modulo 2⁶⁴."""
    if n > _KEPT_POWERS:
        return _computed_powers(base, n)
    return _kept_powers(base)[:n]


@cache
def _kept_powers(base: int) -> Hashes:
    return _computed_powers(base, _KEPT_POWERS)


def _computed_powers(base: int, n: int) -> Hashes:
    result = np.full(n, base, U64)
    result[:1] = 1
    return np.cumprod(result, out=result)


def mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit of the number, and no two numbers have the same result."""
    values = (values ^ (values >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> U64(27))) * U64(0x94D049BB133111EB)
    return values ^ (values >> U64(31))


@cache
def _values() -> Hashes:
    """(0x110000,), a number for each character."""
    return mixed(np.arange(1, 0x110001, dtype=U64) * U64(BASE))


@cache
def _kinds() -> Codes:
    """(0x110000,), for each character: white space, part of a word, a word by itself, or a sign."""
    kinds = np.full(0x110000, _SIGN, np.uint8)
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "LNM" or character == "_":
            kinds[code] = _RUN
        elif category[0] == "Z" or character.isspace():
            kinds[code] = _SPACE
    for first, last in _WITHOUT_SPACES:
        piece = kinds[first : last + 1]
        piece[piece == _RUN] = _ALONE
    return kinds
