"""Parts of speech as kinds: the three tags that a sentence begins with, and three tags in a row anywhere.

Only the most frequent templates are tagged, each once: the sentences of all others are of no kind of this family.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from rdpt_core.analysis.behaviours.families import PARTS_OF_SPEECH, KindFamily
from rdpt_core.analysis.behaviours.kinds.grouping import MIN_SENTENCES, family_of, grouped
from rdpt_core.analysis.behaviours.kinds.openings import NEARLY_ALL
from rdpt_core.analysis.behaviours.kinds.parts_of_speech import parts_of_speech
from rdpt_core.analysis.behaviours.kinds.reading import Numbered
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Ints, SmallInts

MOST_TAGGED = 5_000
"""So many templates are tagged, the most frequent ones."""

MOST_ANYWHERE = 100
"""So many rows of three tags are kinds, the most frequent ones: a sentence has one for nearly each of its words."""

MOST_COMMON = 1 / 3
"""A row of tags that more of all sentences have is what sentences are made of, and no kind of them."""

N_TAGS = 3


def speech(templates: Numbered, question: Ints | SmallInts) -> KindFamily:
    """The parts of speech of a run: "PRP VBP TO …" for a beginning, "… PRP VBP TO …" anywhere.

    Args:
        templates: of a run.
        question: (n_sentences,), the question of every sentence.
    """
    frequent = np.argsort(-templates.n, kind="stable").tolist()[:MOST_TAGGED]
    rows = {place: names_of(templates.texts[place]) for place in frequent}
    n_of: Counter[str] = Counter()
    for place, row in rows.items():
        for name in row:
            n_of[name] += int(templates.n[place])
    names = _chosen(n_of, int(MOST_COMMON * len(templates.number)))
    kind_of = {name: kind for kind, name in enumerate(names)}
    start, templates_of = grouped(
        *_pairs({place: [kind_of[name] for name in own if name in kind_of] for place, own in sorted(rows.items())}),
        len(names),
    )
    # Sentences by template, then those of all templates of each kind.
    places = np.flatnonzero(templates.number >= 0)
    begin, members = grouped(places, templates.number[places], len(templates.texts))

    def of_kind(ends: tuple[int, int]) -> SmallInts:
        own = np.concatenate([members[begin[t] : begin[t + 1]] for t in templates_of[slice(*ends)].tolist()])
        own.sort()
        return own

    pieces = in_parallel(of_kind, pairwise(start.tolist()))
    ends = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces], dtype=np.int64)])
    joined: SmallInts = np.concatenate([np.empty(0, np.int32), *pieces])
    return family_of(PARTS_OF_SPEECH, names, ends, joined, question)


def names_of(template: str) -> tuple[str, ...]:
    """The kinds of this family that a template is of, before rare ones are dropped."""
    tags = parts_of_speech(template)
    rows = dict.fromkeys(" ".join(tags[i : i + N_TAGS]) for i in range(len(tags) - N_TAGS + 1))
    return tuple(f"{row} …" for row in list(rows)[:1]) + tuple(f"… {row} …" for row in rows)


def _chosen(n_of: Counter[str], most: int) -> list[str]:
    """Names that are frequent, of at most so many sentences.

    A row of tags that stands at the beginning nearly always is not listed twice.
    """
    enough = {name: n for name, n in n_of.items() if MIN_SENTENCES <= n <= most}
    anywhere = [
        name
        for name, n in sorted(enough.items(), key=lambda item: (-item[1], item[0]))
        if name.startswith("… ") and n_of[name.removeprefix("… ")] < NEARLY_ALL * n
    ]
    return [name for name in enough if not name.startswith("… ")] + anywhere[:MOST_ANYWHERE]


def _pairs(kinds_of: dict[int, list[int]]) -> tuple[Ints, Ints]:
    places = np.repeat(list(kinds_of), [len(kinds) for kinds in kinds_of.values()]).astype(np.int64)
    return places, np.array([kind for kinds in kinds_of.values() for kind in kinds], np.int64)
