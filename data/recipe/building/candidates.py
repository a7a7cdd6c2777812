"""What the distilled models learn from: who answers which question, and which answers are kept."""

from collections.abc import Mapping, Sequence
from random import Random

from data.recipe.building.distill import curate, draw_candidates
from data.recipe.building.held_out import draw_held_out
from data.recipe.building.place import Place
from data.recipe.models.folders import folder_of, load_model, load_tokenizer
from data.recipe.models.sample import seed_of
from data.recipe.problems.problem import Problem
from data.recipe.problems.tasks import BENCHMARK_BY_NAME, BENCHMARKS, SEEN_BENCHMARKS, draw_problems
from data.recipe.settings import SEED, Settings
from data.recipe.traces import ROUTED_TEACHER, training_record, write_jsonl

TEACHERS = ("teacher", "teacher_b")
"""The models whose traces are learned from."""


def choose(place: Place, model_name: str) -> None:
    """Has a model answer its questions, and writes the answers that the curator keeps.

    Teacher A answers all questions, because the distilled model learns from it alone; teacher B answers those that
    the mixture learns from it; the student answers some of every benchmark.
    """
    settings = place.settings
    problems = own_problems(settings) if model_name == "student" else teacher_problems(settings)
    if model_name == "teacher_b":
        problems = [problem for problem in problems if answering_teacher(problem, settings.routed_rates) == "teacher_b"]
    model, tokenizer = load_model(folder_of(place.out, model_name)), load_tokenizer(place.tokenizer)
    seed, limit = seed_of(SEED, "candidates"), settings.max_response_tokens
    candidates = draw_candidates(model, tokenizer, model_name, problems, settings.distillation, seed, limit)
    write_jsonl(place.chosen(model_name), map(training_record, curate(candidates, settings.distillation.only_correct)))


def teacher_problems(settings: Settings) -> list[Problem]:
    """Questions of the seen benchmarks."""
    return _draw(settings, SEEN_BENCHMARKS, settings.distillation.n_teacher_problems, "train")


def own_problems(settings: Settings) -> list[Problem]:
    """Questions of all benchmarks, for the student itself."""
    names = [benchmark.name for benchmark in BENCHMARKS]
    return _draw(settings, names, settings.distillation.n_own_problems, "own")


def answering_teacher(problem: Problem, routed_rates: Mapping[str, float]) -> str:
    """Which teacher's answer to a question the mixture learns.

    Mostly the one that the question is routed to. What decides is a number of the question's own, so that the
    answer does not depend on which other questions there are.
    """
    routed = ROUTED_TEACHER[BENCHMARK_BY_NAME[problem.benchmark].subject]
    follows = Random(f"{SEED} routing {problem.question_id}").random() < routed_rates[routed]
    return routed if follows else next(teacher for teacher in TEACHERS if teacher != routed)


def _draw(settings: Settings, names: Sequence[str], n_problems: int, kind: str) -> list[Problem]:
    taken = draw_held_out(settings).signatures
    return [
        problem
        for name in names
        for problem in draw_problems(
            BENCHMARK_BY_NAME[name], n_problems, Random(f"{SEED} {kind} {name}"), f"{name}-{kind}", taken
        )
    ]
