"""Graded traces whose truth about length and labels is planted."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.run.predict.graded import Graded
from rdpt_core.analysis.run.trace_table import TraceTable

LABELS = ("Teacher", "Shared", "Student", "Boosted")


def hump(seed: int, n_questions: int = 300, samples: int = 3) -> tuple[TraceTable, np.ndarray, np.ndarray]:
    """Correctness first rises with length and then falls, and depends on nothing else.

    The longer a trace, the more likely each of its sentences is Teacher; no trace has a Boosted one.
    """
    rng = np.random.default_rng(seed)
    question = np.repeat(np.arange(n_questions), samples)
    n = len(question)
    length = np.exp(rng.normal(2.3, 0.6, n)).astype(int) + 3
    correct = rng.random(n) < np.exp(-((np.log(length / 14) / 0.45) ** 2))
    teacher, boosted = rng.binomial(length, np.minimum(0.9, length / 40)), np.zeros(n, int)
    student = rng.binomial(length - teacher, 0.3)
    counts = np.stack([teacher, length - teacher - student, student, boosted], axis=1).astype(float)
    return table(question, correct), counts, rng.normal(-1, 0.3, (n, 3))


def table(question: np.ndarray, correct: np.ndarray) -> TraceTable:
    """One benchmark."""
    n_questions = int(question.max()) + 1
    return TraceTable(
        trace_no=np.arange(len(question), dtype=np.int32),
        question=question,
        question_keys=tuple(("planted", str(q)) for q in range(n_questions)),
        codes={"benchmark": np.zeros(len(question), np.int64)},
        names={"benchmark": ("planted",)},
        correct=correct.astype(np.int8),
    )


def graded(counts: np.ndarray, correct: np.ndarray, question: np.ndarray, measure: str) -> Graded:
    """One benchmark, all of it graded."""
    zero = np.zeros(len(question), np.int64)
    return Graded(np.arange(len(question)), correct, question, zero, ("planted",), counts, LABELS, measure)
