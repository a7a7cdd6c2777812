"""From scores to a selection, in a stated order, the same for every strategy.

    1. eligible   candidates that are scored, pass the guards, and have a score of this strategy
    2. best       the k best of each question; equal scores are decided by what the strategy has for ties, such as the
                  continuous evidence behind a count, and then by a hash of the response
    3. basket     where a reader has overruled a question, their choice takes the place of its best
    4. quotas     questions in the seeded order; each domain up to its quota of samples
    5. budget     in the same order until the next sample would exceed the samples or the tokens

The seeded order of questions depends on the seed and on their ids alone, so that two strategies under one budget drop
the same questions as far as the budget allows, and so that no pick depends on the order of the file. A token budget is
missed by less than the sample that did not fit. The result is in the run's own order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rdpt_core.analysis.selection.candidates import Candidates
from rdpt_core.analysis.selection.place_free import turns
from rdpt_core.analysis.selection.strategies import MORE_EVIDENCE, Options, Strategy
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.errors import UsageError

_DIGITS = 12
"""Significant digits by which scores are compared: further ones depend on how the database splits its sums."""


def tie_rule(strategy: Strategy, *, has_teacher: bool) -> str:
    """How a strategy decides between equal scores, for manifest and page."""
    if strategy.ties is MORE_EVIDENCE and not has_teacher:
        return "equal scores go to the candidate with the smaller hash of the response"
    return f"equal scores go to the candidate with {strategy.ties.formula}, then to the smaller hash of the response"


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
        tie_score: (n_candidates,) what decides between equal scores, the larger the better.
        best: (n_questions,) the first choice of every question before quotas and budget, −1 where there is none.
        is_tied: (n_questions,) whether its picks depend on a tie: the last candidate that is kept has the score of
            another response that is not.
        is_by_hash: (n_questions,) whether what decides between equal scores is equal, too, so that a hash decided.
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
    tie_score: Doubles
    best: Ints
    is_tied: Bools
    is_by_hash: Bools
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
    tie_score = np.nan_to_num(_rounded(strategy.ties.worth(candidates)))
    order, rank = _ranked(candidates, _rounded(worth), tie_score, eligible)
    chosen = order[rank < budget.per_question]
    overruled = np.array(sorted(set(basket)), dtype=np.int64)
    if len(overruled):
        is_replaced = np.isin(candidates.question[chosen], candidates.question[overruled])
        chosen = np.concatenate([chosen[~is_replaced], overruled])
    picked = np.sort(_within(candidates, chosen, worth, tie_score, budget, options.seed))
    has_scored = _questions_with(candidates, candidates.is_scored)
    has_eligible = _questions_with(candidates, eligible)
    first = order[rank == 0]
    best = np.full(candidates.n_questions, -1, dtype=np.int64)
    best[candidates.question[first]] = first
    is_tied, is_by_hash = _ties(candidates, (_rounded(worth), tie_score), order, rank, budget.per_question)
    is_tied[candidates.question[overruled]] = is_by_hash[candidates.question[overruled]] = False
    return Selection(
        strategy=strategy,
        score=worth if strategy.best == "largest" else -worth,
        eligible=eligible,
        tie_score=tie_score,
        best=best,
        is_tied=is_tied,
        is_by_hash=is_by_hash,
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


def _rounded(values: Doubles) -> Doubles:
    """The values to `_DIGITS` significant digits."""
    size = np.abs(np.where(np.isfinite(values) & (values != 0), values, 1.0))
    unit = 10.0 ** (np.floor(np.log10(size)) - _DIGITS + 1)
    rounded: Doubles = np.round(values / unit) * unit
    return rounded


def same_score(first: float, second: float) -> bool:
    """Whether two scores count as equal."""
    pair = _rounded(np.array([first, second]))
    return bool(pair[0] == pair[1])


def _ranked(candidates: Candidates, worth: Doubles, tie_score: Doubles, eligible: Bools) -> tuple[Ints, Ints]:
    """Eligible positions by question, the best first, and the rank of each among those of its question, from 0."""
    positions = np.flatnonzero(eligible)
    keys = (candidates.id_hash, candidates.response_hash, -tie_score, -worth, candidates.question)
    order = positions[np.lexsort([key[positions] for key in keys])]
    return order, _rank_in_group(candidates.question[order])


def _rank_in_group(group: Ints) -> Ints:
    """0, 1, 2 … within every stretch of equal values."""
    index = np.arange(len(group))
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else index
    return index - np.repeat(starts, np.diff(np.append(starts, len(group))))


def _ties(
    candidates: Candidates, keys: Sequence[Doubles], order: Ints, rank: Ints, per_question: int
) -> tuple[Bools, Bools]:
    """Per question, whether another response that is not kept equals the last kept one in the first key, and in both.

    The same response once more is none: it makes no difference which of the two is kept.
    """
    last, left_out = order[rank == per_question - 1], order[rank >= per_question]
    kept = np.full(candidates.n_questions, -1, dtype=np.int64)
    kept[candidates.question[last]] = last
    question = candidates.question[left_out]
    rivals = kept[question]
    hashes = candidates.response_hash
    # Responses without a hash have no twin.
    is_equal = (hashes[left_out] != hashes[rivals]) | (hashes[left_out] == 0)
    found = []
    for key in keys:
        is_equal = is_equal & (key[left_out] == key[rivals])
        flag = np.zeros(candidates.n_questions, dtype=bool)
        flag[question[is_equal]] = True
        found.append(flag)
    return found[0], found[1]


def _questions_with(candidates: Candidates, is_flagged: Bools) -> Bools:
    """Per question, whether any of its candidates has the flag."""
    has_flag = np.zeros(candidates.n_questions, dtype=bool)
    has_flag[candidates.question[is_flagged]] = True
    return has_flag


def _within(
    candidates: Candidates, chosen: Ints, worth: Doubles, tie_score: Doubles, budget: Budget, seed: int
) -> Ints:
    """What quotas and budget leave of the chosen."""
    turn_of = question_order(candidates, seed)
    # A candidate from the basket may have no score; among several of one question, it comes after those that have.
    value = np.nan_to_num(worth, nan=-np.inf)
    keys = (candidates.id_hash, candidates.response_hash, -tie_score, -_rounded(value), turn_of[candidates.question])
    ordered = chosen[np.lexsort([key[chosen] for key in keys])]
    if budget.quotas:
        ordered = ordered[_within_quotas(candidates, ordered, budget.quotas)]
    if budget.max_samples is not None:
        ordered = ordered[: budget.max_samples]
    if budget.max_tokens is not None:
        ordered = ordered[np.cumsum(candidates["n_tokens"][ordered]) <= budget.max_tokens]
    return ordered


def question_order(candidates: Candidates, seed: int) -> Ints:
    """(n_questions,), the turn of every question: a permutation that depends on the seed and the questions' ids."""
    return turns(candidates.question_hash, seed)


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
