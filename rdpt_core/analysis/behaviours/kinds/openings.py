"""First words as kinds: one word, two, three, as far as each adds something to the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from rdpt_core.analysis.behaviours.families import OPENING, KindFamily
from rdpt_core.analysis.behaviours.kinds.grouping import MIN_SENTENCES, MOST_KINDS, family_of, grouped
from rdpt_core.analysis.behaviours.kinds.reading import Numbered, opening_of
from rdpt_core.arrays import Ints, SmallInts

NEARLY_ALL = 0.95
"""An opening adds nothing if so much of it is one longer opening, or one wording."""


def openings(found: Sequence[Numbered], templates: Numbered, leader: Ints, question: Ints | SmallInts) -> KindFamily:
    """The openings of a run.

    Args:
        found: openings of one word, of two, …
        templates: whole templates; `leader` as `merging.leaders` gives it for them.
        question: (n_sentences,), the question of every sentence.
    """
    n_of = [dict(zip(own.texts, own.n.tolist(), strict=True)) for own in found]
    names: list[str] = []
    places, kinds = [], []
    for k, own in enumerate(found):
        largest = _largest_wording(templates, leader, k + 1, n_of[k])
        if k + 1 < len(found):
            for longer, n in n_of[k + 1].items():
                shorter = opening_of(longer, k + 1)
                largest[shorter] = max(largest[shorter], n)
        kept = [
            number
            for number, (text, n) in enumerate(zip(own.texts, own.n.tolist(), strict=True))
            if n >= MIN_SENTENCES and largest[text] < NEARLY_ALL * n
        ]
        kept = sorted(kept, key=lambda number: -int(own.n[number]))[: 2 * MOST_KINDS]
        kind_of = np.full(len(own.texts) + 1, -1, np.int32)
        kind_of[kept] = np.arange(len(kept)) + len(names)
        kind = kind_of[own.number]
        has_kind = np.flatnonzero(kind >= 0)
        places.append(has_kind.astype(np.int32))
        kinds.append(kind[has_kind])
        names += [own.texts[number] for number in kept]
    start, members = grouped(np.concatenate(places), np.concatenate(kinds), len(names))
    return family_of(OPENING, names, start, members, question)


def _largest_wording(
    templates: Numbered, leader: Ints, n_words: int, known: Mapping[str, int]
) -> defaultdict[str, int]:
    """How many sentences of each opening have one wording, the one that most have."""
    n_of: dict[tuple[str, int], int] = defaultdict(int)
    for text, n, leads in zip(templates.texts, templates.n.tolist(), leader.tolist(), strict=True):
        opening = opening_of(text, n_words)
        if opening in known:
            n_of[opening, leads] += n
    largest: defaultdict[str, int] = defaultdict(int)
    for (opening, _), n in n_of.items():
        largest[opening] = max(largest[opening], n)
    return largest
