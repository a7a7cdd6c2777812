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
    """One trace a question, all correct; sentences are put in the order of their traces."""
    zeros = np.zeros(len(drop), np.uint8)
    of_traces = np.zeros(int(question.max(initial=-1)) + 1, np.int64)
    order = np.argsort(question, kind="stable")
    in_order = [zeros if values is None else values.astype(np.uint8)[order] for values in (kind, third)]
    return Sample(
        LABELS,
        drop.astype(np.float32)[order],
        label.astype(np.uint8)[order],
        *in_order,
        question[order].astype(np.int32),
        question[order].astype(np.int32),
        {"correctness": of_traces, "benchmark": of_traces},
        {
            "all": ("all sentences",),
            "kind": KINDS,
            "position": THIRDS,
            "correctness": ("correct",),
            "benchmark": ("shop",),
        },
        len(of_traces),
        np.arange(len(drop), dtype=np.int32),
        np.argsort(drop.astype(np.float32)[order], kind="stable").astype(np.int32),
    )
