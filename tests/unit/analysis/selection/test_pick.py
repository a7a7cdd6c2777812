"""Ties, guards, quotas, budgets and the basket."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.selection.comparison import summarise
from rdpt_core.analysis.selection.pick import Budget, Guards, question_order, select, select_each
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options
from rdpt_core.errors import UsageError

from .build import make

LONGEST, RANDOM = STRATEGIES["longest"], STRATEGIES["random"]


def test_equal_scores_are_decided_by_evidence_and_then_by_the_response() -> None:
    question = [0, 0, 0, 1, 1, 2, 2]
    candidates = make(
        [5] * 7,
        question,
        n_teacher=[1, 2, 2, 3, 3, 0, 1],
        evidence=[9.0, 0.4, 0.7, 0.5, 0.5, 0.0, 0.2],
        response_hash=[1, 2, 3, 8, 7, 1, 2],
    )
    selection = select(candidates, STRATEGIES["teacher-count"], Options())
    assert selection.picked.tolist() == [2, 4, 6]
    assert selection.is_tied.tolist() == [True, True, False]
    assert selection.is_by_hash.tolist() == [False, True, False]
    (summary,) = summarise(candidates, [selection])
    assert (summary.n_tied, summary.n_by_hash) == (2, 1)
    fewest = select(candidates, STRATEGIES["teacher-fewest"], Options())
    assert fewest.picked.tolist() == [0, 4, 5]
    # The same response twice is no tie: either gives the same line.
    same = select(replace(candidates, response_hash=np.full(7, 5, np.uint64)), STRATEGIES["longest"], Options())
    assert not same.is_tied.any()
    # With two picks a question, the tie between the two is none of them any more.
    two = select(candidates, STRATEGIES["teacher-count"], Options(), budget=Budget(per_question=2))
    assert two.is_tied.tolist() == [False, False, False]


@given(
    values=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20
    ),
    seed=st.integers(0, 5),
    budget=st.sampled_from([Budget(), Budget(2), Budget(max_samples=2), Budget(max_tokens=7), Budget(quotas={"a": 1})]),
)
@settings(max_examples=80, deadline=None)
def test_the_order_of_candidates_changes_no_pick(
    values: list[tuple[int, int, int, int]], seed: int, budget: Budget
) -> None:
    question, count, evidence, text = map(list, zip(*values, strict=True))
    question = np.unique(question, return_inverse=True)[1].tolist()
    first = make(
        [3.0] * len(values), question, n_teacher=count, evidence=evidence, response_hash=text, domain=[0] * len(values)
    )
    reverse = slice(None, None, -1)
    second = replace(
        first,
        columns={name: column[reverse] for name, column in first.columns.items()},
        **{
            name: getattr(first, name)[reverse]
            for name in ("trace_no", "question", "asked", "domain", "response_hash", "id_hash", "is_scored")
        },
    )
    for name in ("teacher-count", "teacher-fewest", "longest", "random"):
        picks = [
            set(candidates.trace_no[select(candidates, STRATEGIES[name], Options(seed), budget=budget).picked].tolist())
            for candidates in (first, second)
        ]
        assert picks[0] == picks[1]


def test_equal_sums_added_up_in_another_order_are_equal() -> None:
    candidates = make([5, 5], [0, 0], response_hash=[2, 1])
    candidates.columns["logprob_sum_student"][:] = -(0.1 + 0.2), -0.3
    selection = select(candidates, STRATEGIES["grape"], Options())
    assert candidates["logprob_sum_student"][0] != candidates["logprob_sum_student"][1]
    assert selection.picked.tolist() == [1] and selection.is_by_hash.tolist() == [True]


def test_a_question_without_a_scored_candidate_is_reported() -> None:
    candidates = make([5, 9, 7, 8], [0, 0, 1, 2], is_scored=[False, False, True, True], correct=[1, 1, 1, 0])
    selection = select(candidates, LONGEST, Options(), Guards(correct_only=True))
    assert selection.picked.tolist() == [2]
    assert selection.unscored_questions.tolist() == [0]
    assert selection.unfit_questions.tolist() == [2]
    assert selection.best.tolist() == [-1, 2, -1]


def test_guards_leave_out_what_is_not_graded_and_what_is_too_short_or_long() -> None:
    candidates = make([5, 6, 7, 8], [0, 0, 0, 0], correct=[1, 0, np.nan, 1])
    assert select(candidates, LONGEST, Options(), Guards(correct_only=True, max_tokens=7)).picked.tolist() == [0]
    assert select(candidates, LONGEST, Options(), Guards(min_tokens=6, max_tokens=7)).picked.tolist() == [2]


@given(
    lengths=st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4), min_size=1, max_size=30),
    budget=st.integers(1, 600),
    seed=st.integers(0, 3),
    k=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_a_token_budget_is_met_within_one_sample(lengths: list[list[int]], budget: int, seed: int, k: int) -> None:
    question = [number for number, group in enumerate(lengths) for _ in group]
    candidates = make([n for group in lengths for n in group], question)
    whole = select(candidates, RANDOM, Options(seed), budget=Budget(k))
    cut = select(candidates, RANDOM, Options(seed), budget=Budget(k, max_tokens=budget))
    assert set(cut.picked) <= set(whole.picked)
    assert cut.n_tokens <= budget
    left_out = sorted(set(whole.picked) - set(cut.picked))
    if left_out:
        assert budget - cut.n_tokens < max(candidates["n_tokens"][left_out])
    # Whoever is left out comes later in the seeded order of questions.
    turn = question_order(candidates, seed)[candidates.question]
    assert max((turn[position] for position in cut.picked), default=-1) <= min(
        (turn[position] for position in left_out), default=10**9
    )


def test_equal_tokens_cut_every_strategy_to_the_smallest() -> None:
    rng = np.random.default_rng(0)
    question = np.repeat(np.arange(200), 4)
    candidates = make(rng.integers(20, 200, 800).tolist(), question.tolist())
    strategies = [STRATEGIES[name] for name in ("longest", "shortest", "random")]
    selections = select_each(candidates, strategies, Options(), equal_tokens=True)
    smallest = min(select(candidates, strategy, Options()).n_tokens for strategy in strategies)
    for selection in selections:
        assert 0 <= smallest - selection.n_tokens < 200
    assert len(selections[0].picked) < len(selections[1].picked) == 200


def test_samples_and_quotas() -> None:
    candidates = make([5] * 10, list(range(10)), domain=[0, 1] * 5)
    assert len(select(candidates, RANDOM, Options(), budget=Budget(max_samples=3)).picked) == 3
    quotas = select(candidates, RANDOM, Options(), budget=Budget(quotas={"a": 2})).picked
    assert [int(candidates.domain[position]) for position in quotas].count(0) == 2
    assert len(quotas) == 7
    with pytest.raises(UsageError, match="a quota names a domain"):
        select(candidates, RANDOM, Options(), budget=Budget(quotas={"c": 2}))


def test_random_depends_on_the_seed_and_not_on_the_guards() -> None:
    candidates = make([5] * 40, [number // 4 for number in range(40)], correct=[1, 1, 1, 0] * 10)
    first = select(candidates, RANDOM, Options(1)).picked.tolist()
    assert first == select(candidates, RANDOM, Options(1)).picked.tolist()
    assert first != select(candidates, RANDOM, Options(2)).picked.tolist()
    guarded = select(candidates, RANDOM, Options(1), Guards(correct_only=True)).picked
    kept = [position for position in first if candidates["correct"][position] == 1]
    assert set(kept) <= set(guarded.tolist())


def test_the_basket_overrules_a_question() -> None:
    candidates = make([5, 9, 7, 3], [0, 0, 1, 1])
    selection = select(candidates, LONGEST, Options(), basket=[3])
    assert selection.picked.tolist() == [1, 3]
    assert selection.overruled.tolist() == [3]
    with pytest.raises(UsageError, match="not scored"):
        select(replace(candidates, is_scored=np.array([True, True, True, False])), LONGEST, Options(), basket=[3])
