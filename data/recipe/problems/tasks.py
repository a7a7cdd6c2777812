"""The nine benchmarks, and how problems are drawn from them.

Every number lies between 0 and 30, because that is as far as models of this size calculate reliably.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from data.recipe.problems.arithmetic import draw_clock, draw_shop, draw_shop_long, draw_units, draw_week
from data.recipe.problems.order import draw_order
from data.recipe.problems.problem import Draft, Problem, Signature
from data.recipe.problems.science import draw_density, draw_heat, draw_speed
from data.recipe.problems.steps import LARGEST_NUMBER

__all__ = (
    "BENCHMARKS",
    "BENCHMARK_BY_NAME",
    "LARGEST_NUMBER",
    "SEEN_BENCHMARKS",
    "Benchmark",
    "Domain",
    "Problem",
    "Signature",
    "Subject",
    "draw_free_problem",
    "draw_problem",
    "draw_problems",
)

Subject = Literal["arithmetic", "science", "logic"]
Domain = Literal["seen", "half seen", "unseen"]


@dataclass(frozen=True)
class Benchmark:
    """What a family of problems has in common.

    Attributes:
        name: Also the prefix of its question ids.
        subject: What one must be good at.
        domain: Whether the traces that the distilled models learned from hold such problems (seen), hold their steps
            in problems of other benchmarks (half seen), or neither (unseen).
        draw: Draws one of its problems.
    """

    name: str
    subject: Subject
    domain: Domain
    draw: Callable[[Random], Draft]


BENCHMARKS = (
    Benchmark("shop", "arithmetic", "seen", draw_shop),
    Benchmark("clock", "arithmetic", "seen", draw_clock),
    Benchmark("density", "science", "seen", draw_density),
    Benchmark("order", "logic", "seen", draw_order),
    Benchmark("shop_long", "arithmetic", "half seen", draw_shop_long),
    Benchmark("speed", "science", "half seen", draw_speed),
    Benchmark("week", "arithmetic", "unseen", draw_week),
    Benchmark("units", "arithmetic", "unseen", draw_units),
    Benchmark("heat", "science", "unseen", draw_heat),
)
BENCHMARK_BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}
SEEN_BENCHMARKS = tuple(benchmark.name for benchmark in BENCHMARKS if benchmark.domain == "seen")


def draw_problem(benchmark: Benchmark, rng: Random, question_id: str = "") -> Problem:
    """Draws one problem."""
    return Problem(question_id, benchmark.name, benchmark.domain, benchmark.draw(rng))


def draw_problems(
    benchmark: Benchmark, n_problems: int, rng: Random, id_prefix: str, taken: Collection[Signature]
) -> list[Problem]:
    """Draws problems that differ in what is to be solved from each other and from everything in `taken`.

    Args:
        benchmark: Which benchmark.
        n_problems: How many.
        rng: Source of all choices.
        id_prefix: Question ids are this, a dash and a three-digit number from 000.
        taken: Signatures that must not occur.

    Returns:
        The problems, in the order drawn.
    """
    used = set(taken)
    problems: list[Problem] = []
    while len(problems) < n_problems:
        problem = draw_problem(benchmark, rng)
        if problem.signature not in used:
            used.add(problem.signature)
            problems.append(replace(problem, question_id=f"{id_prefix}-{len(problems):03d}"))
    return problems


def draw_free_problem(rng: Random, taken: Collection[Signature]) -> Problem:
    """Draws one training problem of any benchmark whose signature is not held out; repeats are welcome."""
    benchmark = rng.choice(BENCHMARKS)
    while True:
        problem = draw_problem(benchmark, rng)
        if problem.signature not in taken:
            return problem
