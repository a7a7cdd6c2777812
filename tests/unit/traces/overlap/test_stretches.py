"""The longest shared stretch of words, against the naive search for the longest common substring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rdpt_core.traces.overlap.stretches import FEWEST, IndexedWords
from rdpt_core.traces.overlap.words import mixed

Found = tuple[int, int, int]
NOTHING: Found = (0, -1, -1)


def hashes_of(numbers: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return mixed(np.array(numbers, dtype=np.uint64) + np.uint64(1))


def row_of(texts: Sequence[Sequence[int]]) -> list[int]:
    """All words in a row, with a number that no word has behind each text."""
    return [word for place, text in enumerate(texts) for word in (*text, 10**9 + place)]


def naive(texts: Sequence[Sequence[int]], sentences: Sequence[Sequence[int]]) -> list[Found]:
    """For each sentence, how long its longest shared stretch is, and the first places where both have it."""
    row, found, before = row_of(texts), [], 0
    for sentence in sentences:
        best = NOTHING
        for place in range(len(sentence)):
            for there in range(len(row)):
                n = 0
                while place + n < len(sentence) and there + n < len(row) and sentence[place + n] == row[there + n]:
                    n += 1
                if n >= FEWEST and n > best[0]:
                    best = (n, before + place, there)
        found.append(best)
        before += len(sentence)
    return found


def fast(texts: Sequence[Sequence[int]], sentences: Sequence[Sequence[int]]) -> list[Found]:
    index = IndexedWords.of(hashes_of(row_of(texts)))
    lengths = [len(sentence) for sentence in sentences]
    of = np.repeat(np.arange(len(sentences), dtype=np.int32), lengths)
    last = np.repeat(np.cumsum(lengths), lengths)
    result = index.longest(hashes_of([word for one in sentences for word in one]), of, last, len(sentences))
    return list(zip(result.n_words.tolist(), result.at.tolist(), result.place.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(30))
def test_random_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_words = int(rng.integers(2, 30))
    texts = [rng.integers(0, n_words, rng.integers(0, 50)).tolist() for _ in range(rng.integers(1, 5))]
    sentences = [rng.integers(0, n_words, rng.integers(0, 30)).tolist() for _ in range(rng.integers(1, 7))]
    if seed % 2:  # some share long stretches, for which the length grows in steps
        sentences += [[99, *text[int(rng.integers(0, 9)) :], 98] for text in texts]
    assert fast(texts, sentences) == naive(texts, sentences)


@pytest.mark.parametrize("length", [2, 3, 4, 15, 16, 17, 31, 32, 33, 47, 100, 101, 250])
def test_every_length(length: int) -> None:
    text = list(range(300))
    assert fast([text], [[500, *text[20 : 20 + length], 501]]) == [(length, 1, 20) if length >= FEWEST else NOTHING]


def test_a_stretch_ends_where_a_text_does() -> None:
    assert fast([[1, 2, 3], [4, 5, 6, 7]], [[1, 2, 3, 4, 5, 6]]) == [(3, 0, 0)]


def test_a_stretch_ends_where_a_sentence_does() -> None:
    assert fast([[1, 2, 3, 4, 5, 6]], [[1, 2, 3], [4, 5, 6, 9]]) == [(3, 0, 0), (3, 3, 3)]


def test_nothing_to_search_in_or_for() -> None:
    assert fast([[1, 2]], [[1, 2]]) == [NOTHING]
    assert fast([[]], [[1, 2, 3]]) == [NOTHING]
    assert fast([[1, 2, 3]], [[], [1]]) == [NOTHING, NOTHING]


def test_one_word_again_and_again() -> None:
    assert fast([[7] * 400], [[7] * 120, [7] * 500]) == [(120, 0, 0), (400, 120, 0)]


def test_the_rarest_three_words() -> None:
    index = IndexedWords.of(hashes_of(row_of([[1, 2, 3, 1, 2, 3, 4, 5, 6]])))
    found = index.longest(hashes_of([1, 2, 3, 9, 4, 5, 6]), np.zeros(7, np.int32), np.full(7, 7), 1)
    assert found.rare_at.tolist() == [4]
    three = index.hashes_of(hashes_of([1, 2, 3, 9, 4, 5, 6]), found.rare_at)
    assert index.places[np.searchsorted(index.starts, three)].tolist() == [6]
