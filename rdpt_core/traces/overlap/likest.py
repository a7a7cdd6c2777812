"""Which training sentence is most like a sentence that none of them repeats.

Compared with every one of them, ten million sentences would take years. So only a few are: the one in which the longest
shared stretch begins, and the first ones that hold its rarest three words in a row. The likest of these has the largest
share of characters that both have in the same order, which counts two for each, of the characters of both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz, process

from rdpt_core.arrays import Ints
from rdpt_core.traces.overlap.stretches import FEWEST, Stretches
from rdpt_core.traces.overlap.training import TrainingTexts

RARE = 3
"""Sentences with the rarest three words that are compared."""

MOST_CHARACTERS = 1_000
"""Characters of a sentence that are compared, from its beginning."""

_AT_ONCE = 200_000


def likest(training: TrainingTexts, texts: pa.StringArray, found: Stretches, places: Ints) -> Ints:
    """(n,), the distinct training sentence most like each text; -1 where none shares three words in a row.

    Args:
        texts: (n,), sentences.
        found: of the same sentences.
        places: (n,), for each where its rarest three words begin in `training.words.starts`; -1 for none.
    """
    candidates = _candidates(training, found, places)
    result = np.full(len(texts), -1, np.int64)
    for first in range(0, len(texts), _AT_ONCE):
        piece = slice(first, first + _AT_ONCE)
        result[piece] = _best(training, texts[piece], candidates[piece])
    return result


def _candidates(training: TrainingTexts, found: Stretches, places: Ints) -> Ints:
    """(n, 1 + RARE), distinct sentences; -1 for none."""
    starts, words = training.words.starts, training.words.places
    result = np.full((len(places), 1 + RARE), -1, np.int64)
    has = np.flatnonzero(found.n_words >= FEWEST)
    result[has, 0] = training.distinct[training.sentence[found.place[has]]]
    known = np.flatnonzero(places >= 0)
    for number in range(RARE):
        at = places[known] + number
        is_same = at < len(starts)
        is_same[is_same] = starts[at[is_same]] == starts[places[known[is_same]]]
        rows = known[is_same]
        result[rows, 1 + number] = training.distinct[training.sentence[words[at[is_same]]]]
    return result


def _best(training: TrainingTexts, texts: pa.StringArray, candidates: Ints) -> Ints:
    # A candidate that stands beside itself is compared once.
    is_first = np.ones(candidates.shape, bool)
    for column in range(1, candidates.shape[1]):
        is_first[:, column] = ~(candidates[:, :column] == candidates[:, column : column + 1]).any(axis=1)
    row, column = np.nonzero((candidates >= 0) & is_first)
    others = candidates[row, column]
    score = _alike(_cut(texts.take(pa.array(row))), _cut(training.texts.take(pa.array(others))))
    # By row, then the likest, then the one that comes first in the training texts.
    order = np.lexsort((others, -score, row))
    best = order[np.unique(row[order], return_index=True)[1]]
    result = np.full(len(texts), -1, np.int64)
    result[row[best]] = others[best]
    return result


def _cut(texts: pa.StringArray) -> list[str]:
    return [text[:MOST_CHARACTERS] for text in texts.to_pylist()]


def _alike(texts: Sequence[str], others: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    if not texts:
        return np.empty(0, np.float32)
    scores: np.ndarray[tuple[int], np.dtype[np.float32]] = process.cpdist(
        texts, others, scorer=fuzz.ratio, dtype=np.float32
    )
    return scores
