"""Whole templates as kinds, near-duplicates merged. A kind is called by the template that leads it."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.families import WORDING, KindFamily
from rdpt_core.analysis.behaviours.kinds.grouping import family_of, grouped
from rdpt_core.analysis.behaviours.kinds.reading import Numbered
from rdpt_core.arrays import Ints, SmallInts


def wordings(templates: Numbered, leader: Ints, question: Ints | SmallInts) -> KindFamily:
    """The wordings of a run.

    Args:
        templates: of a run.
        leader: (k,), as `merging.leaders` gives it for them.
        question: (n_sentences,), the question of every sentence.
    """
    places = np.flatnonzero(templates.number >= 0)
    start, members = grouped(places, leader[templates.number[places]], len(templates.texts))
    return family_of(WORDING, templates.texts, start, members, question)
