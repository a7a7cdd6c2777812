"""How well a number of a trace tells correct from incorrect ones: AUC within groups, with intervals over questions.

AUC is the chance that a correct trace has the larger number, ties counting half. Only pairs within one group are
compared, so that neither benchmarks nor questions of different difficulty pass for an effect.

The standard error comes from placements, added up by question: the variance of Obuchowski (Biometrics 53, 1997) for
clustered data. The interval is made on the logit scale with Student's t, and so stays between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtrit

from rdpt_core.analysis.statistics.intervals import refusal
from rdpt_core.analysis.statistics.resampling import LEVEL
from rdpt_core.arrays import Bools, Doubles, Ints


@dataclass(frozen=True, slots=True)
class Auc:
    """An AUC with its interval.

    Attributes:
        value: NaN if no group has both correct and incorrect traces.
        low, high: NaN where refused.
        n_questions: questions with a trace in some pair.
        n_correct, n_incorrect: traces in some pair.
        refused: why there is no interval; None if there is one.
    """

    value: float
    low: float
    high: float
    n_questions: int
    n_correct: int
    n_incorrect: int
    refused: str | None


def auc_within(score: Doubles, correct: Bools, group: Ints, question: Ints) -> Auc:
    """AUC over all pairs of a correct and an incorrect trace of the same group; see the top of this file.

    Equals `sum over such pairs of (1 if larger, 1/2 if equal) / number of such pairs`.

    Args:
        score: (n,), NaN where undefined: those traces are left out.
        correct: (n,).
        group: (n,), such as the benchmark, or the question itself.
        question: (n,), the clusters.
    """
    is_defined = np.isfinite(score)
    score, correct, group, question = score[is_defined], correct[is_defined], group[is_defined], question[is_defined]
    _, group = np.unique(group, return_inverse=True)
    n_groups = int(group.max(initial=-1)) + 1
    n_correct = np.bincount(group[correct], minlength=n_groups)
    n_incorrect = np.bincount(group[~correct], minlength=n_groups)
    is_paired = ((n_correct > 0) & (n_incorrect > 0))[group]
    score, correct, group, question = score[is_paired], correct[is_paired], group[is_paired], question[is_paired]
    _, cluster = np.unique(question, return_inverse=True)
    n_questions = int(cluster.max(initial=-1)) + 1
    if not len(score):
        return Auc(np.nan, np.nan, np.nan, 0, 0, 0, "no correct and incorrect traces to compare")
    n_pairs = (n_correct * n_incorrect).astype(np.float64)
    won = _won(score, correct, group)
    value = float(won[correct].sum() / n_pairs.sum())
    counted = (n_questions, int(correct.sum()), int((~correct).sum()))
    refused = refusal(n_questions)
    if refused is None and value in (0.0, 1.0):
        refused = "correct and incorrect traces do not overlap at all"
    if refused is not None:
        return Auc(value, np.nan, np.nan, *counted, refused)
    # A trace's won pairs beyond what its group's AUC gives, per pair of the group, weighted by the group's pairs.
    won_in_group = np.bincount(group[correct], won[correct], n_groups)
    group_auc = np.divide(won_in_group, n_pairs, out=np.zeros(n_groups), where=n_pairs > 0)
    n_opposite = np.where(correct, n_incorrect[group], n_correct[group])
    surplus = (won - group_auc[group] * n_opposite) / n_pairs.sum()
    # A group that is one cluster, as a question is, brings its distance from the common AUC instead.
    between = np.zeros(n_questions)
    group_clusters = np.unique(np.stack([group, cluster]), axis=1)
    is_one_cluster = np.bincount(group_clusters[0], minlength=n_groups) == 1
    single_group, single_cluster = group_clusters[:, is_one_cluster[group_clusters[0]]]
    np.add.at(between, single_cluster, ((group_auc - value) * n_pairs / n_pairs.sum())[single_group])
    influence = np.bincount(cluster, np.where(is_one_cluster[group], 0.0, surplus), n_questions) + between
    standard_error = float(np.sqrt(n_questions / (n_questions - 1) * (influence**2).sum()))
    reach = -float(stdtrit(n_questions - 1, (1 - LEVEL) / 2)) * standard_error / (value * (1 - value))
    centre = float(np.log(value / (1 - value)))
    return Auc(value, float(expit(centre - reach)), float(expit(centre + reach)), *counted, None)


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
