"""Whole templates as kinds."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.kinds.reading import NONE, Numbered
from rdpt_core.analysis.behaviours.kinds.wordings import wordings


def test_variants_are_sentences_of_their_leader() -> None:
    rng = np.random.default_rng(0)
    number = rng.choice(np.array([0, 1, 2, 3, NONE], np.int32), 400, p=[0.4, 0.02, 0.3, 0.02, 0.26])
    numbers = Numbered(("lead", "variant", "other", "rare"), np.bincount(number[number >= 0]), number)
    family = wordings(numbers, np.array([0, 0, 2, 3]), np.arange(400) % 30)
    assert family.names == ("lead", "other")
    assert family.places("lead").tolist() == np.flatnonzero((number == 0) | (number == 1)).tolist()
    assert family.places("other").tolist() == np.flatnonzero(number == 2).tolist()
    assert family.places("variant").tolist() == []
