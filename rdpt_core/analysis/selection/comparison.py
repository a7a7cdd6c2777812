"""Strategies side by side: how often they pick the same, how long and how correct their picks are, what they cost.

Length goes with almost every score, so it stands beside each of them: the mean length of the picks, how often the pick
is also the longest candidate, and how score and length go together within a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.selection.candidates import Candidates
from rdpt_core.analysis.selection.pick import Selection
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares
from rdpt_core.arrays import Bools, Doubles, Ints


@dataclass(frozen=True, slots=True)
class Overlap:
    """How often k strategies agree.

    Attributes:
        share: (k, k), of the questions in which both have a choice, those with the same first choice; NaN if none.
        n: (k, k), the number of those questions.
    """

    share: Doubles
    n: Ints


@dataclass(frozen=True, slots=True)
class Summary:
    """What one strategy picks.

    Attributes:
        mean_tokens: of a pick; NaN without picks.
        correct: share of correct picks among the graded ones, a mean over questions, with an interval over these.
        teacher: shares of Teacher, Common and Student sentences in the picks, in this order, with intervals.
        same_as_longest: share of contested questions whose first choice is the longest eligible candidate; NaN if none.
        length_correlation: of worth (larger is better) and tokens, each less its question's mean, over the eligible
            candidates of contested questions; NaN if either does not vary.
        n_contested: questions with at least two eligible candidates; only these can tell strategies apart.
        n_tied: contested questions whose picks depend on a tie.
        n_by_hash: those of them on which a hash of the response decided.
    """

    name: str
    n_picked: int
    n_questions: int
    n_tokens: int
    mean_tokens: float
    n_correct: int
    n_graded: int
    correct: ShareIntervals
    teacher: ShareIntervals
    same_as_longest: float
    length_correlation: float
    n_contested: int
    n_tied: int
    n_by_hash: int


def overlap(candidates: Candidates, selections: Sequence[Selection]) -> Overlap:
    """How often two strategies choose the same candidate first, over questions in which both have a choice to make.

    Equals, for each pair, the mean over those questions of `first.best == second.best`.
    """
    contested = [_contested(candidates, selection) for selection in selections]
    k = len(selections)
    share, n = np.full((k, k), np.nan), np.zeros((k, k), dtype=np.int64)
    for i, selection in enumerate(selections):
        for j, rival in enumerate(selections):
            both = contested[i] & contested[j]
            n[i, j] = int(both.sum())
            if n[i, j]:
                share[i, j] = float((selection.best[both] == rival.best[both]).mean())
    return Overlap(share, n)


def _contested(candidates: Candidates, selection: Selection) -> Bools:
    """Per question, whether the strategy had at least two eligible candidates."""
    n_eligible = np.bincount(candidates.question[selection.eligible], minlength=candidates.n_questions)
    contested: Bools = n_eligible >= 2
    return contested


def summarise(candidates: Candidates, selections: Sequence[Selection]) -> list[Summary]:
    """One summary a strategy, in the order of `selections`."""
    return [_summary(candidates, selection) for selection in selections]


def _summary(candidates: Candidates, selection: Selection) -> Summary:
    picked = selection.picked
    question, asked = candidates.question[picked], candidates.asked[picked]
    correct = candidates["correct"][picked]
    grades = np.column_stack([correct == 1, correct == 0]).astype(np.int64)
    labels = np.column_stack([candidates[f"n_{name}"][picked] for name in ("teacher", "common", "student")])
    contested = _contested(candidates, selection)
    return Summary(
        name=selection.strategy.name,
        n_picked=len(picked),
        n_questions=len(np.unique(question)),
        n_tokens=selection.n_tokens,
        mean_tokens=selection.n_tokens / len(picked) if len(picked) else float("nan"),
        n_correct=int(grades[:, 0].sum()),
        n_graded=int(grades.sum()),
        correct=bootstrap_shares(grades, asked, average="questions"),
        teacher=bootstrap_shares(np.nan_to_num(labels).astype(np.int64), asked),
        same_as_longest=_same_as_longest(candidates, selection, contested),
        length_correlation=_length_correlation(candidates, selection, contested),
        n_contested=int(contested.sum()),
        n_tied=int((selection.is_tied & contested).sum()),
        n_by_hash=int((selection.is_by_hash & contested).sum()),
    )


def _same_as_longest(candidates: Candidates, selection: Selection, contested: Bools) -> float:
    """Share of contested questions whose first choice is the longest candidate; of equally long ones any counts."""
    if not contested.any():
        return float("nan")
    longest = np.full(candidates.n_questions, -np.inf)
    eligible = np.flatnonzero(selection.eligible)
    np.maximum.at(longest, candidates.question[eligible], candidates["n_tokens"][eligible])
    first_choice = selection.best[contested]
    return float((candidates["n_tokens"][first_choice] == longest[contested]).mean())


def _length_correlation(candidates: Candidates, selection: Selection, contested: Bools) -> float:
    """Pearson's correlation of what is left of worth and length once each question's mean is taken away."""
    rows = np.flatnonzero(selection.eligible & contested[candidates.question])
    score = selection.score[rows] if selection.strategy.best == "largest" else -selection.score[rows]
    group = candidates.question[rows]
    residuals = [_less_group_mean(values, group) for values in (score, candidates["n_tokens"][rows])]
    size = float(np.sqrt((residuals[0] ** 2).sum() * (residuals[1] ** 2).sum()))
    return float((residuals[0] * residuals[1]).sum() / size) if size > 0 else float("nan")


def _less_group_mean(values: Doubles, group: Ints) -> Doubles:
    n = np.bincount(group)
    means = np.bincount(group, weights=values) / np.maximum(n, 1)
    result: Doubles = values - means[group]
    return result
