"""From scores to a selection, in a stated order, the same for every strategy.

    1. eligible   candidates that are scored, pass the guards, and have a score of this strategy
    2. best       the k best of each question; equal scores go to the earlier candidate of the run
    3. basket     where a reader has overruled a question, their choice takes the place of its best
    4. quotas     questions in the seeded order; each domain up to its quota of samples
    5. budget     in the same order until the next sample would exceed the samples or the tokens

The seeded order of questions depends on the seed and on nothing else, so that two strategies under one budget drop the
same questions as far as the budget allows. A token budget is missed by less than the sample that did not fit. The
result is in the run's own order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rdpt_core.analysis.selection.candidates import Candidates
from rdpt_core.analysis.selection.strategies import Options, Strategy
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.errors import UsageError

TIE_RULE = "equal scores go to the candidate that comes earlier in the run"


@dataclass(frozen=True, slots=True)
class Guards:
    """Which candidates may be picked. Lengths are tokens of the student; what is not graded is not correct."""

    correct_only: bool = False
    min_tokens: int | None = None
    max_tokens: int | None = None

    def passes(self, candidates: Candidates) -> Bools:
        """(n_candidates,), whether each passes. What is missing passes no guard that asks for it."""
        passing = np.ones(len(candidates), dtype=bool)
        if self.correct_only:
            passing &= candidates["correct"] == 1
        if self.min_tokens is not None:
            passing &= candidates["n_tokens"] >= self.min_tokens
        if self.max_tokens is not None:
            passing &= candidates["n_tokens"] <= self.max_tokens
        return passing


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is picked. `quotas` holds the most samples of some domains; others are not limited."""

    per_question: int = 1
    max_samples: int | None = None
    max_tokens: int | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """What one strategy picks.

    Attributes:
        score: (n_candidates,) as the strategy defines it; NaN where it has none.
        eligible: (n_candidates,) scored, within the guards, and with a score.
        best: (n_questions,) the first choice of every question before quotas and budget, −1 where there is none.
        is_tied: (n_questions,) whether another eligible candidate has the same score as the first choice.
        picked: positions in the candidates, ascending: what goes into the file.
        n_tokens: the student's tokens of the picked.
        unscored_questions: numbers of questions none of whose candidates is scored.
        unfit_questions: numbers of the other questions without an eligible candidate.
        overruled: positions that the basket put in.
        budget: what it was picked under.
    """

    strategy: Strategy
    score: Doubles
    eligible: Bools
    best: Ints
    is_tied: Bools
    picked: Ints
    n_tokens: int
    unscored_questions: Ints
    unfit_questions: Ints
    overruled: Ints
    budget: Budget


def select(
    candidates: Candidates,
    strategy: Strategy,
    options: Options,
    guards: Guards | None = None,
    budget: Budget | None = None,
    basket: Sequence[int] = (),
) -> Selection:
    """What one strategy picks under the given guards and budget; see the top of this file.

    Args:
        basket: positions of candidates that a reader chose; they replace what the strategy picks of their questions.

    Raises:
        UsageError: the strategy cannot be used on this run, a quota names a domain that the run does not have, or the
            basket holds a candidate that is not scored.
    """
    guards, budget = guards or Guards(), budget or Budget()
    if not candidates.is_scored[list(basket)].all():
        raise UsageError("the basket holds a candidate that is not scored", expected="a scored one of each question")
    worth = strategy.worth(candidates, options)
    eligible = candidates.is_scored & guards.passes(candidates) & np.isfinite(worth)
    order, rank = _ranked(candidates.question, worth, eligible)
    chosen = order[rank < budget.per_question]
    overruled = np.array(sorted(set(basket)), dtype=np.int64)
    if len(overruled):
        is_replaced = np.isin(candidates.question[chosen], candidates.question[overruled])
        chosen = np.concatenate([chosen[~is_replaced], overruled])
    picked = np.sort(_within(candidates, chosen, worth, budget, options.seed))
    has_scored = _questions_with(candidates, candidates.is_scored)
    has_eligible = _questions_with(candidates, eligible)
    best, is_tied = _first_choices(candidates, worth, order, rank)
    return Selection(
        strategy=strategy,
        score=worth if strategy.best == "largest" else -worth,
        eligible=eligible,
        best=best,
        is_tied=is_tied,
        picked=picked,
        n_tokens=int(candidates["n_tokens"][picked].sum()),
        unscored_questions=np.flatnonzero(~has_scored),
        unfit_questions=np.flatnonzero(has_scored & ~has_eligible),
        overruled=overruled,
        budget=budget,
    )


def select_each(
    candidates: Candidates,
    strategies: Sequence[Strategy],
    options: Options,
    guards: Guards | None = None,
    budget: Budget | None = None,
    *,
    equal_tokens: bool = False,
) -> list[Selection]:
    """Several strategies on the same candidates, in the order of `strategies`.

    Args:
        equal_tokens: cut all of them to the tokens of the smallest, so that they are compared at the same cost.

    Raises:
        UsageError: as `select`.
    """
    budget = budget or Budget()
    selections = [select(candidates, strategy, options, guards, budget) for strategy in strategies]
    if not equal_tokens or not selections:
        return selections
    smallest = replace(budget, max_tokens=min(selection.n_tokens for selection in selections))
    return [select(candidates, strategy, options, guards, smallest) for strategy in strategies]


def _ranked(question: Ints, worth: Doubles, eligible: Bools) -> tuple[Ints, Ints]:
    """Eligible positions by question, the best first, and the rank of each among those of its question, from 0."""
    positions = np.flatnonzero(eligible)
    order = positions[np.lexsort((positions, -worth[positions], question[positions]))]
    return order, _rank_in_group(question[order])


def _rank_in_group(group: Ints) -> Ints:
    """0, 1, 2 … within every stretch of equal values."""
    index = np.arange(len(group))
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else index
    return index - np.repeat(starts, np.diff(np.append(starts, len(group))))


def _first_choices(candidates: Candidates, worth: Doubles, order: Ints, rank: Ints) -> tuple[Ints, Bools]:
    """Per question, the position of the best candidate (−1 if none), and whether the second best has the same worth."""
    best = np.full(candidates.n_questions, -1, dtype=np.int64)
    first = order[rank == 0]
    best[candidates.question[first]] = first
    second = order[rank == 1]
    is_tied = np.zeros(candidates.n_questions, dtype=bool)
    is_tied[candidates.question[second]] = worth[second] == worth[best[candidates.question[second]]]
    return best, is_tied


def _questions_with(candidates: Candidates, is_flagged: Bools) -> Bools:
    """Per question, whether any of its candidates has the flag."""
    has_flag = np.zeros(candidates.n_questions, dtype=bool)
    has_flag[candidates.question[is_flagged]] = True
    return has_flag


def _within(candidates: Candidates, chosen: Ints, worth: Doubles, budget: Budget, seed: int) -> Ints:
    """What quotas and budget leave of the chosen."""
    turn_of = question_order(candidates.n_questions, seed)
    # A candidate from the basket may have no score; among several of one question, it comes after those that have.
    value = np.nan_to_num(worth[chosen], nan=-np.inf)
    ordered = chosen[np.lexsort((chosen, -value, turn_of[candidates.question[chosen]]))]
    if budget.quotas:
        ordered = ordered[_within_quotas(candidates, ordered, budget.quotas)]
    if budget.max_samples is not None:
        ordered = ordered[: budget.max_samples]
    if budget.max_tokens is not None:
        ordered = ordered[np.cumsum(candidates["n_tokens"][ordered]) <= budget.max_tokens]
    return ordered


def question_order(n_questions: int, seed: int) -> Ints:
    """(n_questions,), the turn of every question: a permutation that depends on the seed only."""
    return np.random.Generator(np.random.PCG64([seed, 1])).permutation(n_questions)


def _within_quotas(candidates: Candidates, ordered: Ints, quotas: Mapping[str, int]) -> Bools:
    """Which of the ordered positions their domain still has room for."""
    unknown = sorted(set(quotas) - set(candidates.domains))
    if unknown:
        raise UsageError(
            "a quota names a domain that no candidate has",
            where="--quota",
            expected=" or ".join(sorted(candidates.domains)),
            got=unknown[0],
        )
    limit_of = np.array([quotas.get(name, len(candidates)) for name in candidates.domains], dtype=np.int64)
    domain = candidates.domain[ordered]
    by_domain = np.argsort(domain, kind="stable")
    rank = np.empty(len(ordered), dtype=np.int64)
    rank[by_domain] = _rank_in_group(domain[by_domain])
    return rank < limit_of[domain]
