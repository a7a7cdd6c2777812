"""Strategies against naive references, from the tables of a real file; guards, ties, quotas and budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import COLUMNS, Candidates, load_candidates
from rdpt_core.analysis.selection.comparison import overlap, summarise
from rdpt_core.analysis.selection.pick import Budget, Guards, question_order, select, select_each
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options, find_strategy
from rdpt_core.errors import UsageError
from rdpt_core.records import LocalScores, Message, Role, RoleResult, RunClaim, Span, TokenLogprobs, Trace
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_run, commit_batch, commit_local, finish_run
from tests import synthetic

from .reference import BETA, WORTH, Response, Sentence, best_of

EXPRESSION = "n_teacher - 0.01 * n_tokens"

# Halves of powers of two and the like make ties and exact sums likely; the rest comes from floats.
logprob = st.one_of(st.sampled_from([0.0, -0.25, -0.5, -1.0, -3.0]), st.floats(-12.0, 0.0, width=32))


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    n = draw(st.integers(1, 4))
    row = st.lists(logprob, min_size=n, max_size=n)
    ranks = draw(st.lists(st.one_of(st.integers(1, 5), st.integers(90, 110)), min_size=n, max_size=n))
    return Sentence(draw(row), draw(row), ranks, draw(row))


questions = st.lists(
    st.lists(st.lists(sentences(), min_size=1, max_size=4), min_size=1, max_size=4), min_size=1, max_size=4
)


def store(path: Path, asked: Sequence[Sequence[Response]], correct: Sequence[bool | None] | None = None) -> None:
    """A run before training, with every token as the reference has it; a character a token."""
    path.unlink(missing_ok=True)
    flat = [(number, response) for number, group in enumerate(asked) for response in group]
    roles = (Role.TEACHER, Role.STUDENT)
    models = tuple(synthetic.model(role) for role in roles)
    claim = RunClaim("0123456789abcdef", "r", {}, {}, models, "own", "sentence", "1", "beef", len(flat))
    traces = [
        (
            Trace(
                f"t{place}",
                f"q{number}",
                "x" * sum(len(sentence.student) for sentence in response),
                (Message("user", "?"),),
                domain=("even", "odd", None)[number % 3],
                sample=place,
                correct=None if correct is None else correct[place],
            ),
            len(response),
        )
        for place, (number, response) in enumerate(flat)
    ]
    run_no = claim_run(path, claim, traces)
    results: dict[Role, list[RoleResult]] = {role: [] for role in roles}
    columns, local = [], []
    for place, (_, response) in enumerate(flat):
        edges = np.cumsum([0, *(len(sentence.student) for sentence in response)])
        spans = [Span(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]
        for role in roles:
            logprobs = [value for sentence in response for value in getattr(sentence, str(role))]
            ranks = [rank for sentence in response for rank in sentence.ranks]
            index = np.arange(len(logprobs), dtype=np.int32)
            tokens = TokenLogprobs(
                index, index, index + 1, np.array(logprobs, dtype=np.float32), np.array(ranks, dtype=np.int32)
            )
            results[role].append(RoleResult(place, tokens, 0))
        columns.append(sentence_columns(place, traces[place][0].response, spans, {r: results[r][-1] for r in roles}))
        sums = np.array([math.fsum(sentence.local) for sentence in response])
        n_tokens = np.array([len(sentence.local) for sentence in response])
        local.append(LocalScores(place, sums, float((sums / n_tokens).mean())))
    commit_batch(path, run_no, Role.TEACHER, results[Role.TEACHER], [])
    commit_batch(path, run_no, Role.STUDENT, results[Role.STUDENT], columns)
    commit_local(path, run_no, Role.STUDENT, 4, local)
    finish_run(path, run_no)


def load(path: Path) -> Candidates:
    with open_reader(path) as reader:
        return load_candidates(reader, reader.run(None), LabelRule.make(beta=BETA))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("selection")


@given(asked=questions)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_strategy_equals_its_naive_reference(folder: Path, asked: list[list[Response]]) -> None:
    # float32 is what the file keeps of a token, so the reference starts from the same numbers.
    path = folder / "random.duckdb"
    store(path, asked)
    candidates = load(path)
    flat = [response for group in asked for response in group]
    assert set(STRATEGIES) == {*WORTH, "random"}
    for name, reference in WORTH.items():
        worth = STRATEGIES[name].worth(candidates, Options(expression=EXPRESSION))
        with np.errstate(all="ignore"):
            expected = [_or_nan(reference, response) for response in flat]
        np.testing.assert_allclose(worth, expected, rtol=1e-6, atol=1e-9, err_msg=name)
        for k in (1, 2):
            picked = select(candidates, STRATEGIES[name], Options(expression=EXPRESSION), budget=Budget(k)).picked
            # The strategy's own numbers decide here: a sum in another order may split what is tied on paper.
            assert picked.tolist() == naive_picks(worth, candidates.question, k), name


def _or_nan(reference: object, response: Response) -> float:
    try:
        return float(reference(response))
    except ZeroDivisionError:
        return math.nan


def naive_picks(worth: np.ndarray, question: np.ndarray, k: int) -> list[int]:
    picked = []
    for number in sorted(set(question.tolist())):
        members = np.flatnonzero(question == number)
        picked += [int(members[place]) for place in best_of(worth[members].tolist(), k)]
    return sorted(picked)


@pytest.mark.parametrize(
    ("teacher", "student", "label"),
    [
        # Differences that are exactly β in double precision, one step above and one below it.
        (0.75, 0.5, "n_common"),
        (math.nextafter(0.75, 1), 0.5, "n_teacher"),
        (math.nextafter(0.75, 0), 0.5, "n_common"),
        (0.5, 0.75, "n_common"),
        (0.5, math.nextafter(0.75, 1), "n_student"),
        (0.5, math.nextafter(0.75, 0), "n_common"),
        (0.5, 0.5, "n_common"),
    ],
)
def test_the_three_label_rule_at_its_boundaries(tmp_path: Path, teacher: float, student: float, label: str) -> None:
    import duckdb

    path = tmp_path / "boundary.duckdb"
    store(path, [[[Sentence([-1.0], [-1.0], [1], [-1.0])]]])
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE sentences SET p_teacher = ?, p_student = ?", [teacher, student])
    with open_reader(path) as reader:
        candidates = load_candidates(reader, reader.run(None), LabelRule.make(beta=0.25))
    assert {name: candidates[name][0] for name in ("n_teacher", "n_student", "n_common")} == {
        name: float(name == label) for name in ("n_teacher", "n_student", "n_common")
    }


def make(
    n_tokens: Sequence[float],
    question: Sequence[int],
    *,
    correct: Sequence[float] | None = None,
    domain: Sequence[int] | None = None,
    is_scored: Sequence[bool] | None = None,
    n_teacher: Sequence[float] | None = None,
) -> Candidates:
    n = len(n_tokens)
    columns = {name: np.full(n, np.nan) for name in COLUMNS}
    columns |= {"n_tokens": np.array(n_tokens, dtype=float), "n_sentences": np.full(n, 10.0)}
    columns["n_teacher"] = np.array(n_teacher if n_teacher is not None else n_tokens, dtype=float)
    columns["correct"] = np.array(correct if correct is not None else [np.nan] * n, dtype=float)
    return Candidates(
        columns=columns,
        trace_no=np.arange(n),
        question=np.array(question),
        domain=np.array(domain if domain is not None else [0] * n),
        domains=("a", "b"),
        is_scored=np.array(is_scored if is_scored is not None else [True] * n),
        n_questions=max(question) + 1,
    )


LONGEST, RANDOM, COUNT = (STRATEGIES[name] for name in ("longest", "random", "teacher-count"))


def test_equal_scores_go_to_the_earlier_candidate() -> None:
    selection = select(make([5, 9, 9, 3, 3], [0, 0, 0, 1, 1]), LONGEST, Options())
    assert selection.picked.tolist() == [1, 3]
    assert selection.is_tied.tolist() == [True, True]


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
    turn = question_order(candidates.n_questions, seed)[candidates.question]
    assert max((turn[one] for one in cut.picked), default=-1) <= min((turn[one] for one in left_out), default=10**9)


def test_equal_tokens_cut_every_strategy_to_the_smallest() -> None:
    rng = np.random.default_rng(0)
    question = np.repeat(np.arange(200), 4)
    candidates = make(rng.integers(20, 200, 800).tolist(), question.tolist())
    strategies = [STRATEGIES[name] for name in ("longest", "shortest", "random")]
    found = select_each(candidates, strategies, Options(), equal_tokens=True)
    smallest = min(select(candidates, one, Options()).n_tokens for one in strategies)
    for selection in found:
        assert 0 <= smallest - selection.n_tokens < 200
    assert len(found[0].picked) < len(found[1].picked) == 200


def test_samples_and_quotas() -> None:
    candidates = make([5] * 10, list(range(10)), domain=[0, 1] * 5)
    assert len(select(candidates, RANDOM, Options(), budget=Budget(max_samples=3)).picked) == 3
    quotas = select(candidates, RANDOM, Options(), budget=Budget(quotas={"a": 2})).picked
    assert [int(candidates.domain[one]) for one in quotas].count(0) == 2
    assert len(quotas) == 7
    with pytest.raises(UsageError, match="a quota names a domain"):
        select(candidates, RANDOM, Options(), budget=Budget(quotas={"c": 2}))


def test_random_depends_on_the_seed_and_not_on_the_guards() -> None:
    candidates = make([5] * 40, [number // 4 for number in range(40)], correct=[1, 1, 1, 0] * 10)
    first = select(candidates, RANDOM, Options(1)).picked.tolist()
    assert first == select(candidates, RANDOM, Options(1)).picked.tolist()
    assert first != select(candidates, RANDOM, Options(2)).picked.tolist()
    guarded = select(candidates, RANDOM, Options(1), Guards(correct_only=True)).picked
    kept = [one for one in first if candidates["correct"][one] == 1]
    assert set(kept) <= set(guarded.tolist())


def test_the_basket_overrules_a_question() -> None:
    candidates = make([5, 9, 7, 3], [0, 0, 1, 1])
    selection = select(candidates, LONGEST, Options(), basket=[3])
    assert selection.picked.tolist() == [1, 3]
    assert selection.overruled.tolist() == [3]
    with pytest.raises(UsageError, match="not scored"):
        select(replace(candidates, is_scored=np.array([True, True, True, False])), LONGEST, Options(), basket=[3])


def test_what_a_run_lacks_is_said_with_its_command() -> None:
    candidates = make([5, 9], [0, 0])
    for name, command in (("lalp", "rdpt_core local"), ("rsr", "--ranks")):
        with pytest.raises(UsageError, match=command):
            select(candidates, STRATEGIES[name], Options())
    with pytest.raises(UsageError, match="teacher-count"):
        find_strategy("best")


def test_side_by_side() -> None:
    candidates = make([5, 9, 7, 3, 4], [0, 0, 1, 1, 2], n_teacher=[2, 1, 3, 1, 1], correct=[1, 0, 1, 1, np.nan])
    found = [select(candidates, one, Options()) for one in (LONGEST, COUNT)]
    agreement = overlap(candidates, found)
    assert agreement.n.tolist() == [[2, 2], [2, 2]]
    assert agreement.share.tolist() == [[1.0, 0.5], [0.5, 1.0]]
    rows = summarise(candidates, found)
    assert [row.n_picked for row in rows] == [3, 3]
    assert [row.n_tokens for row in rows] == [20, 16]
    assert [row.same_as_longest for row in rows] == [1.0, 0.5]
    assert rows[0].length_correlation == pytest.approx(1.0)
    assert rows[1].length_correlation == pytest.approx(float(np.corrcoef([0.5, -0.5, 1, -1], [-2, 2, 2, -2])[0, 1]))
    assert (rows[0].n_correct, rows[0].n_graded) == (1, 2)
    assert (rows[1].n_correct, rows[1].n_graded) == (2, 2)
