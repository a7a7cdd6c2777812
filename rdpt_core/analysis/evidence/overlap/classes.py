"""The three ways in which a sentence may stand in training texts.

A short sentence is easily copied: "Let me check." stands in most training sets whatever a model learned from them. So
whoever shows classes shows numbers of words beside them.
"""

from __future__ import annotations

import numpy as np

from rdpt_core.arrays import Codes, Doubles
from rdpt_core.records.overlap import COPIED, NEW, TEMPLATE

CLASSES = (COPIED, TEMPLATE, NEW)
"""In the order of their codes, which count from 1."""

UNKNOWN = 0
"""The code of a mark of format, of a sentence without words, and of one that was not looked up."""

TOLD = {
    COPIED: "the whole sentence stands in the training texts, word for word",
    TEMPLATE: "a sentence with other numbers, names or formulas stands in the training texts",
    NEW: "no sentence of the training texts has its template",
}


def class_codes(n_verbatim: Doubles, n_template: Doubles) -> Codes:
    """The code of each sentence: 1 copied, 2 template, 3 new, 0 unknown.

    Args:
        n_verbatim: (n,), how often the training texts hold it word for word; NaN where unknown.
        n_template: (n,), how often they hold its template.
    """
    known = np.where(n_verbatim > 0, 1, np.where(n_template > 0, 2, 3))
    return np.where(np.isnan(n_verbatim) | np.isnan(n_template), UNKNOWN, known).astype(np.uint8)


def class_name(code: int) -> str | None:
    """What a code means; None for `UNKNOWN`."""
    return CLASSES[code - 1] if code else None
