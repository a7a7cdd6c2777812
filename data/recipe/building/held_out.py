"""The problems that no training document shares its arithmetic with."""

from dataclasses import dataclass
from random import Random

from data.recipe.problems.problem import Problem, Signature
from data.recipe.problems.tasks import BENCHMARKS, draw_problems
from data.recipe.settings import SEED, Settings


@dataclass(frozen=True)
class HeldOut:
    """Held-out problems by benchmark."""

    problems: dict[str, list[Problem]]

    @property
    def all_problems(self) -> list[Problem]:
        """Benchmark after benchmark."""
        return [problem for problems in self.problems.values() for problem in problems]

    @property
    def signatures(self) -> frozenset[Signature]:
        """What training must avoid."""
        return frozenset(problem.signature for problem in self.all_problems)


def draw_held_out(settings: Settings) -> HeldOut:
    """Draws the problems of problems.jsonl; the same settings give the same problems."""
    return HeldOut(
        {
            benchmark.name: draw_problems(
                benchmark, settings.n_problems, Random(f"{SEED} held out {benchmark.name}"), benchmark.name, ()
            )
            for benchmark in BENCHMARKS
        }
    )
