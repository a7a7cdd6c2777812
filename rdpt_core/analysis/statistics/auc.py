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
    """AUC over all pairs of a correct and an incorrect trace of the same group.

    Equals `sum over such pairs of (1 if larger, 1/2 if equal) / number of such pairs`.

    Args:
        score: (n,), NaN where undefined: those traces are left out.
        correct: (n,).
        group: (n,), such as the benchmark, or the question itself.
        question: (n,), the clusters.
    """
    kept = np.isfinite(score)
    score, correct, group, question = score[kept], correct[kept], group[kept], question[kept]
    _, group = np.unique(group, return_inverse=True)
    n_groups = int(group.max(initial=-1)) + 1
    n_good = np.bincount(group[correct], minlength=n_groups)
    n_bad = np.bincount(group[~correct], minlength=n_groups)
    used = ((n_good > 0) & (n_bad > 0))[group]
    score, correct, group, question = score[used], correct[used], group[used], question[used]
    _, cluster = np.unique(question, return_inverse=True)
    n_questions = int(cluster.max(initial=-1)) + 1
    if not len(score):
        why = "no correct and incorrect traces to compare"
        return Auc(np.nan, np.nan, np.nan, 0, 0, 0, why)
    pairs = (n_good * n_bad).astype(np.float64)
    won = _won(score, correct, group)
    value = float(won[correct].sum() / pairs.sum())
    counted = (n_questions, int(correct.sum()), int((~correct).sum()))
    refused = refusal(n_questions)
    if refused is None and value in (0.0, 1.0):
        refused = "correct and incorrect traces do not overlap at all"
    if refused is not None:
        return Auc(value, np.nan, np.nan, *counted, refused)
    # A trace's won pairs beyond what its group's AUC gives, per pair of the group, weighted by the group's pairs.
    in_group = np.bincount(group[correct], won[correct], n_groups)
    own = np.divide(in_group, pairs, out=np.zeros(n_groups), where=pairs > 0)
    opposite = np.where(correct, n_bad[group], n_good[group])
    surplus = (won - own[group] * opposite) / pairs.sum()
    # A group that is one cluster, as a question is, brings its distance from the common AUC instead.
    between = np.zeros(n_questions)
    clusters_of_group = np.unique(np.stack([group, cluster]), axis=1)
    alone = np.bincount(clusters_of_group[0], minlength=n_groups) == 1
    for_cluster = clusters_of_group[:, alone[clusters_of_group[0]]]
    np.add.at(between, for_cluster[1], ((own - value) * pairs / pairs.sum())[for_cluster[0]])
    influence = np.bincount(cluster, np.where(alone[group], 0.0, surplus), n_questions) + between
    spread = float(np.sqrt(n_questions / (n_questions - 1) * (influence**2).sum()))
    reach = -float(stdtrit(n_questions - 1, (1 - LEVEL) / 2)) * spread / (value * (1 - value))
    centre = float(np.log(value / (1 - value)))
    return Auc(value, float(expit(centre - reach)), float(expit(centre + reach)), *counted, None)


def _won(score: Doubles, correct: Bools, group: Ints) -> Doubles:
    """(n,): pairs in which a correct trace is the larger, or an incorrect one the smaller; ties count half."""
    order = np.lexsort((score, group))
    s, c, g = score[order], correct[order], group[order]
    new = np.concatenate([[True], (s[1:] != s[:-1]) | (g[1:] != g[:-1])])
    tie = np.cumsum(new) - 1
    first_of_group = np.searchsorted(g, np.arange(int(g[-1]) + 1), side="left")[g]
    bad, good = np.concatenate([[0], np.cumsum(~c)]), np.concatenate([[0], np.cumsum(c)])
    start = np.flatnonzero(new)[tie]
    end = np.append(np.flatnonzero(new)[1:], len(s))[tie]
    last_of_group = np.searchsorted(g, g, side="right")
    below = bad[start] - bad[first_of_group] + 0.5 * (bad[end] - bad[start])
    above = good[last_of_group] - good[end] + 0.5 * (good[end] - good[start])
    won = np.empty(len(s))
    won[order] = np.where(c, below, above)
    return won
