"""Samples that are made up, for whatever computes with them."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.evidence.importance.drops import THIRDS
from rdpt_core.analysis.evidence.importance.kinds import KINDS
from rdpt_core.analysis.evidence.importance.sample import Sample
from rdpt_core.arrays import Codes, Doubles, Ints

LABELS = ("Teacher", "Shared", "Student")


def make(
    drop: Doubles, label: Codes | Ints, question: Ints, kind: Ints | None = None, third: Ints | None = None
) -> Sample:
    """One trace a question, all correct."""
    zeros = np.zeros(len(drop), np.int64)
    names = {"all": ("all sentences",), "correctness": ("correct",), "kind": KINDS, "position": THIRDS}
    return Sample(
        LABELS,
        drop.astype(np.float32),
        label.astype(np.uint8),
        question,
        question,
        {
            "all": zeros,
            "correctness": zeros,
            "kind": zeros if kind is None else kind,
            "position": zeros if third is None else third,
            "benchmark": zeros,
        },
        {**names, "benchmark": ("shop",)},
        int(question.max(initial=-1)) + 1,
        np.arange(len(drop)),
    )
