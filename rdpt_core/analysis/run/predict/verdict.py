"""What the numbers on correctness come to, label by label: directions, and whether the ways to adjust agree.

A direction counts as clear if its p-value, adjusted for all labels (Holm), is below 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION, AucRow
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import AT_EQUAL_LENGTH, Beside, FitRow
from rdpt_core.analysis.run.predict.prediction import Prediction

CLEAR = 0.05
"""The level of a test."""


class Direction(Enum):
    """Which answers a label goes with."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LabelVerdict:
    """What is said of one label.

    Attributes:
        pooled: over pairs of the same benchmark, whatever their length.
        within: over pairs of the same question, whatever their length.
        at_equal_length: way to hold length constant → direction; ways that give no number are left out.
    """

    predictor: str
    pooled: Direction
    within: Direction
    at_equal_length: dict[str, Direction]

    @property
    def agreed(self) -> Direction | None:
        """The direction at equal length that all ways give; `UNKNOWN` if no way gives any, None if they differ."""
        found = set(self.at_equal_length.values())
        if not found:
            return Direction.UNKNOWN
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class AgainstLength:
    """Labels beside length over the same pairs.

    Attributes:
        group: `ALL` or `SAME_QUESTION`.
        better, worse: labels that tell correct from incorrect traces clearly better, or clearly worse, than length.
        unclear: labels whose difference from length is not clear.
    """

    group: str
    better: tuple[str, ...]
    worse: tuple[str, ...]
    unclear: tuple[str, ...]


def verdicts(prediction: Prediction) -> tuple[LabelVerdict, ...]:
    """What is said of every label."""
    said = []
    for fit in prediction.fits:
        ways = {str(beside): _of_fit(fit, beside) for beside in AT_EQUAL_LENGTH}
        ways[SAME_LENGTH] = of_auc(prediction.auc(fit.predictor, SAME_LENGTH))
        known: dict[str, Direction] = {way: found for way, found in ways.items() if found is not Direction.UNKNOWN}
        pooled, within = (of_auc(prediction.auc(fit.predictor, group)) for group in (ALL, SAME_QUESTION))
        said.append(LabelVerdict(fit.predictor, pooled, within, known))
    return tuple(said)


def against_length(prediction: Prediction) -> tuple[AgainstLength, ...]:
    """Labels beside length, pooled and within questions, where length and labels can be compared.

    The interval of the difference decides; there is one for each label, and they are not adjusted for each other.
    """
    found = []
    for group in (ALL, SAME_QUESTION):
        gaps = {row.predictor: row.gap for row in prediction.gaps if row.group == group}
        known = {label: gap for label, gap in gaps.items() if gap.refused is None}
        if np.isnan(prediction.auc(LENGTH, group).auc.low) or not known:
            continue
        better = tuple(label for label, gap in known.items() if gap.low > 0)
        worse = tuple(label for label, gap in known.items() if gap.high < 0)
        found.append(AgainstLength(group, better, worse, tuple(k for k in known if k not in better + worse)))
    return tuple(found)


def of_auc(row: AucRow) -> Direction:
    """The direction of an AUC; that of length goes by its own p-value."""
    p = row.auc.p_value if row.predictor == LENGTH else row.p_holm
    return _direction(row.auc.value - 0.5, p)


def _of_fit(row: FitRow, beside: Beside) -> Direction:
    return _direction(float(row.fits[beside].coefficient[0]), row.p_holm[beside])


def _direction(effect: float, p: float) -> Direction:
    if np.isnan(p):
        return Direction.UNKNOWN
    if p >= CLEAR:
        return Direction.UNCLEAR
    return Direction.CORRECT if effect > 0 else Direction.INCORRECT
