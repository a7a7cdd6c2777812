"""Which sentence of one trace stands beside which sentence of another.

One response under two runs is paired **by characters**: a sentence belongs beside the one that holds its first
character. Two different responses are paired **by words**: of all pairings that keep both orders, the one with the
greatest sum of `likeness − LEAST_LIKENESS`, where likeness is the cosine of the sentences' word counts, each word
weighed by its rarity in the two traces (global alignment after Needleman and Wunsch, J. Mol. Biol. 48, 1970). A pair
below `LEAST_LIKENESS` can only lower that sum, so such sentences stay alone.

Very long traces are first cut at sentences that both hold exactly once, in the longest order that both keep. A stretch
between two cuts that is still too long for the table of all pairs is paired **by position**.
"""

from __future__ import annotations

import enum
import math
import re
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Floats

LEAST_LIKENESS = 0.35
"""Two sentences less alike than this are not put beside each other."""

MOST_CELLS = 4_000_000
"""Size of the largest table of all pairs: 2,000 by 2,000 sentences, 16 MB, about 0.1 s."""

# Words are told apart by a hash, so that a table of 10,000 sentences takes 40 MB whatever their vocabulary is.
_N_WORDS = 1024
_WORD = re.compile(r"\w+|[^\w\s]")


class Rule(enum.StrEnum):
    """How the sentences of two traces were paired; `MIXED` is by words with stretches by position."""

    CHARACTERS = "characters"
    WORDS = "words"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence of each trace side by side, or one alone. `likeness` is between 0 and 1; 0 for one alone."""

    left: int | None
    right: int | None
    likeness: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Every sentence of both traces exactly once, in an order that is that of both."""

    rule: Rule
    rows: tuple[Row, ...]


def align(left: Sequence[str], right: Sequence[str]) -> Alignment:
    """Pair the sentences of two traces; each is given as the texts that its response consists of, in order."""
    if "".join(left) == "".join(right):
        return Alignment(Rule.CHARACTERS, tuple(_by_characters(left, right)))
    vectors = _vectors([*left, *right])
    ours, theirs = vectors[: len(left)], vectors[len(left) :]
    rows: list[Row] = []
    rule = Rule.WORDS
    for (i, j), (i_end, j_end) in _stretches(left, right):
        if (i_end - i) * (j_end - j) <= MOST_CELLS:
            rows += [_shift(row, i, j) for row in _by_words(ours[i:i_end], theirs[j:j_end])]
        else:
            rule = Rule.MIXED
            rows += _by_position(ours, theirs, (i, i_end), (j, j_end))
    return Alignment(rule, tuple(rows))


def _by_characters(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    starts = np.cumsum([0, *map(len, right)]).tolist()
    position, nxt = 0, 0
    for i, text in enumerate(left):
        j = min(bisect_right(starts, position) - 1, len(right) - 1)
        position += len(text)
        # Its first character lies in a sentence that is taken, or it has none.
        if j < nxt or not text:
            yield Row(i, None, 0.0)
            continue
        yield from (Row(None, k, 0.0) for k in range(nxt, j))
        yield Row(i, j, 1.0 if text == right[j] else len(text) / max(len(text), len(right[j])))
        nxt = j + 1
    yield from (Row(None, k, 0.0) for k in range(nxt, len(right)))


def _vectors(texts: Sequence[str]) -> Floats:
    """One unit vector a sentence. Shape: (n, _N_WORDS); a sentence without words is all zeros."""
    column_of: dict[str, int] = {}
    counts = []
    for text in texts:
        words = Counter(_WORD.findall(text.lower()))
        for word in words:
            if word not in column_of:
                column_of[word] = zlib.crc32(word.encode("utf-8", "surrogatepass")) % _N_WORDS
        counts.append(words)
    holding = Counter(word for words in counts for word in words)
    rarity = {word: math.log(1 + len(texts) / n) for word, n in holding.items()}
    vectors = np.zeros((len(texts), _N_WORDS), dtype=np.float32)
    for vector, words in zip(vectors, counts, strict=True):
        for word, n in words.items():
            vector[column_of[word]] += n * rarity[word]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def _by_words(left: Floats, right: Floats) -> list[Row]:
    """The best pairing that keeps both orders."""
    n, m = len(left), len(right)
    likeness = np.clip(left @ right.T, 0, 1)
    # best[i, j]: the greatest sum with the first i and the first j sentences.
    best = np.zeros((n + 1, m + 1), dtype=np.float32)
    for i in range(n):
        paired = best[i, :-1] + (likeness[i] - np.float32(LEAST_LIKENESS))
        best[i + 1, 1:] = np.maximum.accumulate(np.maximum(best[i, 1:], paired))
    rows = []
    i, j = n, m
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
            rows.append(Row(i, None, 0.0))
        elif best[i, j] == best[i, j - 1]:
            j -= 1
            rows.append(Row(None, j, 0.0))
        else:
            i, j = i - 1, j - 1
            rows.append(Row(i, j, float(likeness[i, j])))
    rows += [Row(k, None, 0.0) for k in range(i - 1, -1, -1)]
    rows += [Row(None, k, 0.0) for k in range(j - 1, -1, -1)]
    return rows[::-1]


def _by_position(left: Floats, right: Floats, ours: tuple[int, int], theirs: tuple[int, int]) -> Iterator[Row]:
    n, m = ours[1] - ours[0], theirs[1] - theirs[0]
    for k in range(max(n, m)):
        i, j = ours[0] + k if k < n else None, theirs[0] + k if k < m else None
        likeness = 0.0 if i is None or j is None else float(np.clip(left[i] @ right[j], 0, 1))
        yield Row(i, j, likeness)


def _shift(row: Row, i: int, j: int) -> Row:
    return Row(None if row.left is None else row.left + i, None if row.right is None else row.right + j, row.likeness)


def _stretches(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where to cut: ((i, j), (i_end, j_end)), one stretch after the other; the whole if its table fits."""
    n, m = len(left), len(right)
    if n * m <= MOST_CELLS:
        yield (0, 0), (n, m)
        return
    before = (0, 0)
    for cut in [*_common_once(left, right), (n, m)]:
        yield before, cut
        before = cut


def _common_once(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Indices of sentences that both traces hold exactly once, thinned to the longest order that both keep."""
    once = [
        {text: i for i, text in enumerate(texts) if counts[text] == 1}
        for texts in (left, right)
        for counts in (Counter(texts),)
    ]
    pairs = [(i, once[1][text]) for text, i in once[0].items() if text in once[1] and text.strip()]
    # Longest increasing subsequence of the right indices: `tails[k]` ends the best one of length k + 1.
    tails: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for index, (_, j) in enumerate(pairs):
        k = bisect_left(tails, j)
        before.append(last[k - 1] if k else None)
        if k == len(tails):
            tails.append(j)
            last.append(index)
        else:
            tails[k], last[k] = j, index
    longest = []
    link = last[-1] if last else None
    while link is not None:
        longest.append(pairs[link])
        link = before[link]
    return longest[::-1]
