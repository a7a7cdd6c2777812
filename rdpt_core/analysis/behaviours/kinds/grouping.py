"""From numbers of sentences to kinds: the sentences of each, and only kinds that are frequent enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from rdpt_core.analysis.behaviours.families import KindFamily
from rdpt_core.arrays import Ints, SmallInts

MIN_SENTENCES = 20
"""A kind has at least so many sentences, so that its share says something …"""

MIN_QUESTIONS = 10
"""… from at least so many questions, which are what statistics sample."""

MOST_KINDS = 5_000
"""The most frequent kinds of a family are kept: more than anybody reads, and each costs all others power."""


def grouped(places: Ints | SmallInts, kinds: Ints | SmallInts, n_kinds: int) -> tuple[Ints, SmallInts]:
    """Sort places of sentences by kind, ascending within each; `start` and `members` of a `KindFamily`.

    Args:
        places, kinds: (n,), sentence `places[i]` is of kind `kinds[i]`; places ascend for each kind.
    """
    # Counting sort in compiled code: rows of a sparse matrix, whose values are the places.
    ones = np.zeros(len(places), bool)
    columns = np.asarray(places, np.int32)
    rows = np.asarray(kinds, np.int32)
    size = int(columns.max(initial=-1)) + 1
    sorted_rows = csr_array((ones, (rows, columns)), shape=(n_kinds, size)) if len(places) else None
    if sorted_rows is None:
        return np.zeros(n_kinds + 1, np.int64), np.empty(0, np.int32)
    sorted_rows.sort_indices()
    return sorted_rows.indptr.astype(np.int64), sorted_rows.indices.astype(np.int32)


def family_of(
    family: str, names: Sequence[str], start: Ints, members: SmallInts, question: Ints | SmallInts
) -> KindFamily:
    """The kinds that are frequent enough, the most frequent first.

    Args:
        names: (n_kinds,).
        start, members: as in `KindFamily`, of all of them.
        question: (n_sentences,), the question of every sentence.
    """
    n = np.diff(start)
    enough = np.flatnonzero(n >= MIN_SENTENCES).tolist()
    kept: list[int] = []
    for kind in sorted(enough, key=lambda kind: (-n[kind], names[kind])):
        if len(kept) == MOST_KINDS:
            break
        if _n_questions(question[members[start[kind] : start[kind + 1]]]) >= MIN_QUESTIONS:
            kept.append(kind)
    pieces = [members[start[kind] : start[kind + 1]] for kind in kept]
    ends = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces], dtype=np.int64)])
    joined: SmallInts = np.concatenate([np.empty(0, np.int32), *pieces])
    return KindFamily(family, tuple(names[kind] for kind in kept), ends, joined)


def _n_questions(questions: Ints | SmallInts) -> int:
    """How many there are. Of many sentences a few thousand nearly always tell that there are enough."""
    few = len(np.unique(questions[:: max(1, len(questions) // 1000)]))
    return few if few >= MIN_QUESTIONS else len(np.unique(questions))
