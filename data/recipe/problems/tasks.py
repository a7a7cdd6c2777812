"""The five benchmarks: chains of small additions and subtractions whose answers can be checked.

Every value on the way lies between 0 and 30, because that is as far as models of this size add reliably.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from random import Random

from data.recipe.problems.questions import word_question

LARGEST_NUMBER = 30
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
INCHES_PER_FOOT = 12


@dataclass(frozen=True)
class Benchmark:
    """What a family of problems has in common.

    Attributes:
        name: Also the prefix of its question ids.
        domain: How far it is from the teacher's traces that the distilled model learned from.
        step_counts: How many steps its problems may have.
        modulus: Where values wrap around (values run from 1 to the modulus), or None.
        may_subtract: Whether steps may go down.
    """

    name: str
    domain: str
    step_counts: tuple[int, ...]
    modulus: int | None
    may_subtract: bool


BENCHMARKS = (
    Benchmark("shop", "seen in distillation", (2, 3), None, True),
    Benchmark("clock", "seen in distillation", (1, 2), 12, False),
    Benchmark("shop_long", "near", (4, 5), None, True),
    Benchmark("week", "far", (1, 2), len(DAYS), False),
    Benchmark("units", "far", (1, 2), None, True),
)
BENCHMARK_BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}
SEEN_BENCHMARKS = tuple(benchmark.name for benchmark in BENCHMARKS if benchmark.domain == "seen in distillation")

Signature = tuple[str, int, tuple[int, ...]]


@dataclass(frozen=True)
class Problem:
    """One question and its answer.

    Attributes:
        question_id: Readable and unique among the problems drawn together.
        benchmark: Name of its benchmark.
        start: Value before the first step: a count, an hour, a day of the week (Monday is 1), or inches.
        operands: What each step adds; negative where it takes away.
        question: The problem in words.
    """

    question_id: str
    benchmark: str
    start: int
    operands: tuple[int, ...]
    question: str

    @property
    def signature(self) -> Signature:
        """The arithmetic without its wording; held-out problems share no signature with training problems."""
        return (self.benchmark, self.start, self.operands)

    @property
    def domain(self) -> str:
        """The domain of its benchmark."""
        return BENCHMARK_BY_NAME[self.benchmark].domain

    @property
    def moves(self) -> tuple["Move", ...]:
        """Its steps with the values in between."""
        modulus = BENCHMARK_BY_NAME[self.benchmark].modulus
        moves = []
        value = self.start
        for operand in self.operands:
            moves.append(Move(value, operand, modulus))
            value = moves[-1].after
        return tuple(moves)

    @property
    def gold(self) -> str:
        """The right answer, as the answer sentence writes it."""
        return answer_text(self.benchmark, self.moves[-1].after)


@dataclass(frozen=True)
class Move:
    """One step: from `before` to `raw = before + operand`, and to `after` once wrapped into the modulus."""

    before: int
    operand: int
    modulus: int | None

    @property
    def raw(self) -> int:
        """The sum before wrapping."""
        return self.before + self.operand

    @property
    def after(self) -> int:
        """The value the next step starts from."""
        return self.raw if self.modulus is None else (self.raw - 1) % self.modulus + 1


def answer_text(benchmark: str, value: int) -> str:
    """Writes a value the way its benchmark answers: a day's name for `week`, digits otherwise."""
    return DAYS[value - 1] if benchmark == "week" else str(value)


def feet_text(feet: int) -> str:
    """Writes a number of feet, minding the singular."""
    return "1 foot" if feet == 1 else f"{feet} feet"


def draw_problem(benchmark: Benchmark, rng: Random, question_id: str = "") -> Problem:
    """Draws one problem; its steps keep every value between 0 and 30."""
    start = _draw_start(benchmark.name, rng)
    value = start
    operands: list[int] = []
    for _ in range(rng.choice(benchmark.step_counts)):
        size = rng.randint(2, 9)
        goes_down = benchmark.may_subtract and rng.random() < 0.5
        operand = -size if goes_down else size
        if not 0 <= value + operand <= LARGEST_NUMBER:
            # Turning round always fits: 2 to 9 below 30 - 9, or above 9.
            operand = -operand
        operands.append(operand)
        value = Move(value, operand, benchmark.modulus).after
    start_words = DAYS[start - 1] if benchmark.name == "week" else _start_words(benchmark.name, start)
    question = word_question(benchmark.name, start_words, operands, rng)
    return Problem(question_id, benchmark.name, start, tuple(operands), question)


def _draw_start(benchmark_name: str, rng: Random) -> int:
    if benchmark_name == "clock":
        return rng.randint(1, 12)
    if benchmark_name == "week":
        return rng.randint(1, len(DAYS))
    if benchmark_name == "units":
        return INCHES_PER_FOOT * rng.randint(1, 2) + rng.randint(2, 6)
    return rng.randint(5, 15)


def _start_words(benchmark_name: str, start: int) -> str:
    if benchmark_name != "units":
        return str(start)
    feet, inches = divmod(start, INCHES_PER_FOOT)
    return f"{feet_text(feet)} {inches} inches"


def draw_problems(
    benchmark: Benchmark, n_problems: int, rng: Random, id_prefix: str, taken: Collection[Signature]
) -> list[Problem]:
    """Draws problems that differ in arithmetic from each other and from everything in `taken`.

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
    """Draws one training problem of any benchmark whose arithmetic is not held out; repeats are welcome."""
    benchmark = rng.choice(BENCHMARKS)
    while True:
        problem = draw_problem(benchmark, rng)
        if problem.signature not in taken:
            return problem
