"""Problems and their gold answers.

Policy: the answer is worked out again from the words of the question; see `solvers.py`.
"""

import re
from random import Random

import pytest

from data.recipe.problems.tasks import (
    BENCHMARK_BY_NAME,
    BENCHMARKS,
    LARGEST_NUMBER,
    SEEN_BENCHMARKS,
    draw_free_problem,
    draw_problem,
    draw_problems,
)
from tests.recipe.problems.solvers import SOLVERS, WEEK, numbers


@pytest.mark.parametrize("name", [benchmark.name for benchmark in BENCHMARKS])
def test_gold_answers_follow_from_the_words(name: str) -> None:
    rng = Random(0)
    for _ in range(1000):
        problem = draw_problem(BENCHMARK_BY_NAME[name], rng)
        assert problem.gold == SOLVERS[name](problem.question), problem.question


@pytest.mark.parametrize("name", [benchmark.name for benchmark in BENCHMARKS])
def test_no_number_is_out_of_reach(name: str) -> None:
    rng = Random(1)
    for _ in range(1000):
        problem = draw_problem(BENCHMARK_BY_NAME[name], rng)
        assert max(numbers(problem.question), default=0) <= LARGEST_NUMBER, problem.question
        for step in problem.draft.sums:
            assert all(0 <= value <= LARGEST_NUMBER for value in (step.before, step.operand, step.raw, step.after))


def test_the_last_step_holds_the_answer() -> None:
    rng = Random(2)
    for _ in range(1000):
        problem = draw_problem(rng.choice(BENCHMARKS), rng)
        draft = problem.draft
        if draft.places:
            assert problem.gold in draft.places[-1].after
        elif problem.benchmark == "week":
            assert problem.gold == WEEK[draft.sums[-1].after - 1]
        else:
            assert problem.gold == str(draft.sums[-1].after)
        assert problem.difficulty == str(problem.n_steps) == str(len(draft.steps))


def test_what_is_given_holds_numbers_of_the_question() -> None:
    """Restated facts are the question's, not invented ones; counts of steps and people are no numbers of it."""
    rng = Random(3)
    for _ in range(1000):
        problem = draw_problem(rng.choice(BENCHMARKS), rng)
        for given in problem.draft.givens:
            if not re.search("changes|stretches|people", given):
                assert set(numbers(given)) <= set(numbers(problem.question)), (given, problem.question)


def test_both_science_and_arithmetic_are_seen_and_unseen() -> None:
    subjects = {
        domain: {benchmark.subject for benchmark in BENCHMARKS if benchmark.domain == domain}
        for domain in ("seen", "half seen", "unseen")
    }
    assert all({"arithmetic", "science"} <= found for found in subjects.values())
    assert {benchmark.subject for benchmark in BENCHMARKS} == {"arithmetic", "science", "logic"}
    assert len(BENCHMARKS) >= 7
    assert set(SEEN_BENCHMARKS) == {benchmark.name for benchmark in BENCHMARKS if benchmark.domain == "seen"}


@pytest.mark.parametrize("name", [benchmark.name for benchmark in BENCHMARKS])
def test_drawn_problems_avoid_what_is_taken(name: str) -> None:
    benchmark = BENCHMARK_BY_NAME[name]
    held_out = draw_problems(benchmark, 200, Random(1), name, ())
    taken = {problem.signature for problem in held_out}
    assert len(taken) == 200
    assert held_out[7].question_id == f"{name}-007"
    training = draw_problems(benchmark, 200, Random(2), f"{name}-train", taken)
    assert taken.isdisjoint(problem.signature for problem in training)


def test_free_problems_avoid_what_is_taken() -> None:
    taken = {
        problem.signature
        for benchmark in BENCHMARKS
        for problem in draw_problems(benchmark, 100, Random(1), benchmark.name, ())
    }
    rng = Random(2)
    drawn = [draw_free_problem(rng, taken) for _ in range(2000)]
    assert taken.isdisjoint(problem.signature for problem in drawn)
    assert {problem.benchmark for problem in drawn} == set(BENCHMARK_BY_NAME)


def test_equal_questions_have_equal_signatures() -> None:
    """Else a held-out question could come back in training under another signature."""
    rng = Random(4)
    signatures: dict[str, object] = {}
    for _ in range(20_000):
        problem = draw_problem(rng.choice(BENCHMARKS), rng)
        assert signatures.setdefault(problem.question, problem.signature) == problem.signature, problem.question


def test_the_same_seed_draws_the_same_problems() -> None:
    def draw() -> list[str]:
        rng = Random("drawn")
        return [draw_free_problem(rng, ()).question for _ in range(50)]

    assert draw() == draw()
