"""How well a number of a trace tells correct from incorrect ones: AUC, with intervals over questions.

AUC is the chance that a correct trace has the larger number, ties counting half. Only some pairs are compared, so that
other differences do not pass for an effect:

    auc_within            traces of the same group, such as a benchmark, and if asked for of about the same length
    auc_within_questions  traces of the same question

Within groups every pair counts the same. The standard error comes from placements, added up by question: the variance
of Obuchowski (Biometrics 53, 1997) for clustered data.

Within questions every *question* counts the same: the value is the mean of the questions' own AUCs, and the standard
error is that of a mean. If every pair counted the same, a question with many traces would all but be the value, and its
own distance from it, the only sign of how far questions differ, would vanish.

Intervals are made on the logit scale, so that they stay between 0 and 1, with Student's t on the effective number of
questions less one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtr, stdtrit

from rdpt_core.analysis.statistics.exact import clopper_pearson, effective_number
from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Bools, Doubles, Ints

NEAR_PERCENT = 10
"""Two traces are of about the same length if the longer is at most so much longer than the shorter."""

_NO_PAIRS = "no correct and incorrect traces to compare"
_SEPARATE = "correct and incorrect traces do not overlap at all"
_CONSTANT = "it is the same for all traces that are compared"


@dataclass(frozen=True, slots=True)
class Auc:
    """An AUC with its interval.

    Attributes:
        value: NaN if no pair can be compared.
        low, high: 95% interval; NaN where refused.
        p_value: two-sided, against 0.5; NaN where refused.
        n_questions: questions with a trace in some pair.
        n_effective: of how many equal questions they are worth.
        n_correct, n_incorrect: traces in some pair.
        refused: why there is no interval; None if there is one.
    """

    value: float
    low: float
    high: float
    p_value: float
    n_questions: int
    n_effective: float
    n_correct: int
    n_incorrect: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class AucGap:
    """How much farther from 0.5 the AUC of one number is than that of another, over the same pairs.

    Attributes:
        value: above 0 if the first number tells correct from incorrect traces better; NaN if no pair can be compared.
        low, high: 95% interval; NaN where refused.
        refused: why there is no interval; None if there is one.
    """

    value: float
    low: float
    high: float
    refused: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """An AUC and what it is made of.

    Attributes:
        influence: (n_questions,), how far each question moves the value; they sum to 0.
        weight: (n_questions,), how much each question counts.
    """

    value: float
    influence: Doubles
    weight: Doubles
    n_correct: int
    n_incorrect: int

    @property
    def n_questions(self) -> int:
        return len(self.weight)

    @property
    def n_effective(self) -> float:
        return float(effective_number(self.weight))


def auc_within(score: Doubles, correct: Bools, group: Ints, question: Ints, length: Ints | None = None) -> Auc:
    """AUC over all pairs of a correct and an incorrect trace of the same group; see the top of this file.

    Equals `sum over such pairs of (1 if larger, 1/2 if equal) / number of such pairs`.

    Args:
        score: (n,), NaN where undefined: those traces are left out.
        correct: (n,).
        group: (n,), such as the benchmark.
        question: (n,), the clusters.
        length: (n,); if given, only pairs count in which the longer trace is at most `NEAR_PERCENT` longer.
    """
    use = np.isfinite(score)
    length = None if length is None else length[use]
    return _with_interval(_within_groups(score[use], correct[use], group[use], question[use], length))


def auc_within_questions(score: Doubles, correct: Bools, question: Ints) -> Auc:
    """The mean over questions of the AUC of each question's own traces; see the top of this file.

    Where every question's AUC is 0, or 1, the interval is that of Clopper and Pearson on the number of questions.

    Args:
        score: (n,), NaN where undefined: those traces are left out.
        correct: (n,).
        question: (n,).
    """
    is_defined = np.isfinite(score)
    compared = _within_questions(score[is_defined], correct[is_defined], question[is_defined])
    auc = _with_interval(compared)
    if auc.refused != _SEPARATE:
        return auc
    # A mean of numbers between 0 and 1 can be 1 in all of n questions with probability at most mean ** n.
    low, high = clopper_pearson(auc.value, auc.n_questions)
    counted = (auc.n_questions, auc.n_effective, auc.n_correct, auc.n_incorrect)
    return Auc(auc.value, float(low), float(high), 2 * 0.5**auc.n_questions, *counted, None)


def auc_gap(first: Doubles, second: Doubles, correct: Bools, group: Ints, question: Ints) -> AucGap:
    """How much better one number tells correct from incorrect traces of the same group than another.

    Args:
        first, second: (n,), NaN where undefined; shapes otherwise as in `auc_within`.
    """
    use = np.isfinite(first) & np.isfinite(second)
    return _gap(
        *(_within_groups(score[use], correct[use], group[use], question[use], None) for score in (first, second))
    )


def auc_gap_within_questions(first: Doubles, second: Doubles, correct: Bools, question: Ints) -> AucGap:
    """How much better one number tells correct from incorrect traces of the same question than another.

    Args:
        first, second: (n,), NaN where undefined; shapes otherwise as in `auc_within_questions`.
    """
    use = np.isfinite(first) & np.isfinite(second)
    return _gap(*(_within_questions(score[use], correct[use], question[use]) for score in (first, second)))


def _with_interval(compared: _Compared | None) -> Auc:
    if compared is None:
        return Auc(np.nan, np.nan, np.nan, np.nan, 0, 0.0, 0, 0, _NO_PAIRS)
    value, n_effective = compared.value, compared.n_effective
    counted = (compared.n_questions, n_effective, compared.n_correct, compared.n_incorrect)
    refused = refusal(compared.n_questions, n_effective)
    standard_error = _standard_error(compared.influence)
    if refused is None and value in (0.0, 1.0):
        refused = _SEPARATE
    if refused is None and standard_error < 1e-12:
        refused = _CONSTANT
    if refused is not None:
        return Auc(value, np.nan, np.nan, np.nan, *counted, refused)
    spread = standard_error / (value * (1 - value))
    reach = -float(stdtrit(n_effective - 1, (1 - LEVEL) / 2)) * spread
    centre = float(np.log(value / (1 - value)))
    p_value = 2 * float(stdtr(n_effective - 1, -abs(centre) / spread))
    return Auc(value, float(expit(centre - reach)), float(expit(centre + reach)), p_value, *counted, None)


def _gap(first: _Compared | None, second: _Compared | None) -> AucGap:
    if first is None or second is None:
        return AucGap(np.nan, np.nan, np.nan, _NO_PAIRS)
    signs = [1.0 if compared.value >= 0.5 else -1.0 for compared in (first, second)]
    value = signs[0] * (first.value - 0.5) - signs[1] * (second.value - 0.5)
    n_effective = first.n_effective
    refused = refusal(first.n_questions, n_effective)
    standard_error = _standard_error(signs[0] * first.influence - signs[1] * second.influence)
    if refused is None and standard_error < 1e-12:
        refused = "both order the traces in the same way" if abs(value) < 1e-12 else _SEPARATE
    if refused is not None:
        return AucGap(value, np.nan, np.nan, refused)
    reach = -float(stdtrit(n_effective - 1, (1 - LEVEL) / 2)) * standard_error
    return AucGap(value, value - reach, value + reach, None)


def _standard_error(influence: Doubles) -> float:
    n = len(influence)
    return float(np.sqrt(n / (n - 1) * (influence**2).sum())) if n > 1 else float("nan")


def _within_questions(score: Doubles, correct: Bools, question: Ints) -> _Compared | None:
    group, n_correct, n_incorrect, is_paired = _paired(correct, question)
    if not is_paired.any():
        return None
    score, correct, group = score[is_paired], correct[is_paired], group[is_paired]
    won = _won(score, correct, group)
    n_pairs = n_correct * n_incorrect
    informative = n_pairs > 0
    of_question = np.bincount(group[correct], won[correct], len(n_pairs))[informative] / n_pairs[informative]
    value, n_questions = float(of_question.mean()), len(of_question)
    influence = (of_question - value) / n_questions
    return _Compared(value, influence, np.ones(n_questions), int(correct.sum()), int((~correct).sum()))


def _within_groups(
    score: Doubles, correct: Bools, group: Ints, question: Ints, length: Ints | None
) -> _Compared | None:
    group, n_correct, n_incorrect, is_paired = _paired(correct, group)
    score, correct, group, question = score[is_paired], correct[is_paired], group[is_paired], question[is_paired]
    if length is None:
        won = _won(score, correct, group)
        n_opposite = np.where(correct, n_incorrect[group], n_correct[group])
    else:
        won, n_opposite = _won_near(score, correct, group, length[is_paired])
        has_pair = n_opposite > 0
        score, correct, group, question = score[has_pair], correct[has_pair], group[has_pair], question[has_pair]
        won, n_opposite = won[has_pair], n_opposite[has_pair]
    if not len(score):
        return None
    (cluster, n_questions), n_groups = _numbered(question), len(n_correct)
    n_pairs = np.bincount(group[correct], n_opposite[correct], n_groups)
    won_in_group = np.bincount(group[correct], won[correct], n_groups)
    value = float(won_in_group.sum() / n_pairs.sum())
    # A trace's won pairs beyond what its group's AUC gives, per pair.
    group_auc = np.divide(won_in_group, n_pairs, out=np.zeros(n_groups), where=n_pairs > 0)
    surplus = (won - group_auc[group] * n_opposite) / n_pairs.sum()
    # A group that is one question brings its distance from the common AUC instead.
    between = np.zeros(n_questions)
    pairs = np.unique(group * n_questions + cluster)
    is_one_cluster = np.bincount(pairs // n_questions, minlength=n_groups) == 1
    single = pairs[is_one_cluster[pairs // n_questions]]
    np.add.at(between, single % n_questions, ((group_auc - value) * n_pairs / n_pairs.sum())[single // n_questions])
    influence = np.bincount(cluster, np.where(is_one_cluster[group], 0.0, surplus), n_questions) + between
    weight = np.bincount(cluster, n_opposite, n_questions).astype(np.float64)
    return _Compared(value, influence, weight, int(correct.sum()), int((~correct).sum()))


def _numbered(codes: Ints) -> tuple[Ints, int]:
    """`np.unique(codes, return_inverse=True)` and how many there are, without sorting where codes are small."""
    if not len(codes):
        return codes, 0
    if codes.min() < 0 or codes.max() > 10 * len(codes) + 1000:
        values, number = np.unique(codes, return_inverse=True)
        return number, len(values)
    is_used = np.bincount(codes) > 0
    return (np.cumsum(is_used) - 1)[codes], int(is_used.sum())


def _paired(correct: Bools, group: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """Groups numbered from 0, their correct and incorrect traces, and which traces stand in a group with both."""
    number, n_groups = _numbered(group)
    n_correct = np.bincount(number[correct], minlength=n_groups)
    n_incorrect = np.bincount(number[~correct], minlength=n_groups)
    return number, n_correct, n_incorrect, ((n_correct > 0) & (n_incorrect > 0))[number]


def _won(score: Doubles, correct: Bools, group: Ints) -> Doubles:
    """(n,): pairs in which a correct trace is the larger, or an incorrect one the smaller; ties count half."""
    order = np.lexsort((score, group))
    score, correct, group = score[order], correct[order], group[order]
    is_first_of_tie = np.concatenate([[True], (score[1:] != score[:-1]) | (group[1:] != group[:-1])])
    first_of_tie = np.flatnonzero(is_first_of_tie)
    tie = np.cumsum(is_first_of_tie) - 1
    tie_start, tie_end = first_of_tie[tie], np.append(first_of_tie[1:], len(score))[tie]
    group_start = np.searchsorted(group, group, side="left")
    group_end = np.searchsorted(group, group, side="right")
    # How many of the traces before a position are incorrect, and correct.
    n_incorrect = np.concatenate([[0], np.cumsum(~correct)])
    n_correct = np.concatenate([[0], np.cumsum(correct)])
    below = n_incorrect[tie_start] - n_incorrect[group_start] + 0.5 * (n_incorrect[tie_end] - n_incorrect[tie_start])
    above = n_correct[group_end] - n_correct[tie_end] + 0.5 * (n_correct[tie_end] - n_correct[tie_start])
    won = np.empty(len(score))
    won[order] = np.where(correct, below, above)
    return won


def _won_near(score: Doubles, correct: Bools, group: Ints, length: Ints) -> tuple[Doubles, Ints]:
    """(n,) each: `_won` over pairs of about the same length, and how many such pairs a trace stands in."""
    won, n_opposite = np.zeros(len(score)), np.zeros(len(score), np.int64)
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        for is_correct in (True, False):
            own, other = members[correct[members] == is_correct], members[correct[members] != is_correct]
            other = other[np.argsort(length[other], kind="stable")]
            values, which = np.unique(length[own], return_inverse=True)
            # Whole numbers, so that 11 against 10 counts as ten per cent whatever the rounding.
            shortest = -(-values * 100 // (100 + NEAR_PERCENT))
            longest = values * (100 + NEAR_PERCENT) // 100
            first = np.searchsorted(length[other], shortest, side="left")
            last = np.searchsorted(length[other], longest, side="right")
            of_length = np.split(own[np.argsort(which, kind="stable")], np.cumsum(np.bincount(which))[:-1])
            for traces, start, end in zip(of_length, first, last, strict=True):
                window = np.sort(score[other[start:end]])
                ranks = [np.searchsorted(window, score[traces], side=side) for side in ("left", "right")]
                smaller = (ranks[0] + ranks[1]) / 2
                won[traces] = smaller if is_correct else len(window) - smaller
                n_opposite[traces] = len(window)
    return won, n_opposite
