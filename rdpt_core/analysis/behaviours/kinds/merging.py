"""Which templates are near-duplicates: one leads, and those that are nearly alike join it.

The more frequent one leads, and only leaders are joined, so that there are no chains in which the last has little in
common with the first. Only templates that begin with the same word, and say "not" equally often, are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from rdpt_core.analysis.behaviours.kinds.hashing import PUNCTUATION
from rdpt_core.arrays import Ints

LEAST_ALIKE = 0.82
"""At least so much for a near-duplicate: 1 − (words inserted, deleted or exchanged) / (words of the longer one). So
of six words one may differ, of five none."""

MOST_TEMPLATES = 20_000
"""So many templates, the most frequent ones, are compared; rarer ones stand alone."""

_MOST_WORDS = 200
_NEGATIONS = frozenset({"not", "no", "never", "nothing", "none", "cannot", "nor", "without", "wrong", "incorrect"})


def leaders(templates: Sequence[str], n: Ints) -> Ints:
    """(n_templates,), the place of the template that leads each; its own where it leads or stands alone.

    Args:
        templates: different ones.
        n: (n_templates,), how many sentences each has.
    """
    leader = np.arange(len(templates))
    order = sorted(range(len(templates)), key=lambda place: (-n[place], templates[place]))[:MOST_TEMPLATES]
    blocks: dict[tuple[str, int], list[int]] = {}
    words = {place: _words(templates[place]) for place in order}
    for place in order:
        if 0 < len(words[place]) <= _MOST_WORDS:
            blocks.setdefault((words[place][0], _n_negations(words[place])), []).append(place)
    for block in blocks.values():
        _join(block, words, leader)
    return leader


def _words(template: str) -> list[str]:
    """Words without the punctuation around them. A question mark is a word: it makes another sentence."""
    bare = [word.strip(PUNCTUATION) for word in template.split(" ")]
    return [word for word in bare if word] + ["?"] * template.endswith("?")


def _n_negations(words: Sequence[str]) -> int:
    return sum(word in _NEGATIONS or word.endswith("n't") for word in words)


def _join(block: Sequence[int], words: dict[int, list[str]], leader: Ints) -> None:
    """Settle the leaders of a block, the most frequent template first, in place."""
    # A word is a character, so that the distance between strings is the one between rows of words.
    number: dict[str, int] = {}
    leading: dict[int, str] = {}
    for place in block:
        coded = "".join(chr(0x10000 + number.setdefault(word, len(number)) % 0x100000) for word in words[place])
        found = process.extractOne(coded, leading, scorer=Levenshtein.normalized_similarity, score_cutoff=LEAST_ALIKE)
        if found is None:
            leading[place] = coded
        else:
            leader[place] = found[2]
