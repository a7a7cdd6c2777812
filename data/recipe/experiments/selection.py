"""Does the choice of training data matter? Tried on the bundled models: `python -m data.recipe.experiments.selection`.

The bundled teacher answers new questions several times. The product scores every answer under teacher and student,
and every strategy picks one answer a question, all cut to the same number of training tokens. The student is fine-tuned
on each pick with several seeds, and graded on all bundled benchmarks. Everything twice: with all candidates, and
with the correct ones only.

What it prints is what it found. Intervals are 95% and resample seeds and questions (within their benchmark), the same
ones for every strategy, so that differences are paired. With a handful of seeds they are rough.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

import rdpt_core as rdpt
from data.recipe.building.distill import draw_candidates, finetune
from data.recipe.building.held_out import draw_held_out
from data.recipe.experiments.selection_table import REFERENCE, Row, Verdicts, macro_accuracy, table
from data.recipe.models.folders import load_model, load_tokenizer
from data.recipe.models.sample import sample, seed_of
from data.recipe.models.train import count_steps
from data.recipe.problems.grade import is_correct
from data.recipe.problems.tasks import BENCHMARK_BY_NAME, BENCHMARKS, SEEN_BENCHMARKS, draw_problems
from data.recipe.progress import report, silence_progress_bars
from data.recipe.reproducible import reproducible_torch
from data.recipe.settings import FULL, MAX_RESPONSE_TOKENS, SEED, Distillation
from data.recipe.traces import Trace, read_jsonl, training_record, write_jsonl
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import Candidates, load_candidates
from rdpt_core.analysis.selection.pick import Guards, Selection, select_each
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options, Strategy, find_strategy
from rdpt_core.records import Role
from rdpt_core.store.reader import open_reader


@dataclass(frozen=True)
class Size:
    """How large the experiment is.

    Attributes:
        n_problems: Questions per seen benchmark that the teacher answers.
        n_candidates: Answers to each.
        n_epochs: Passes over the picked answers.
        n_seeds: Fine-tunings per strategy.
        n_graded: Held-out questions per benchmark.
        strategies: Which to compare; `random` is the reference.
    """

    n_problems: int
    n_candidates: int
    n_epochs: int
    n_seeds: int
    n_graded: int
    strategies: tuple[str, ...]


ALL = tuple(name for name in STRATEGIES if name != "expression")
FULL_SIZE = Size(n_problems=100, n_candidates=6, n_epochs=6, n_seeds=4, n_graded=80, strategies=ALL)
REDUCED_SIZE = Size(
    n_problems=8, n_candidates=3, n_epochs=4, n_seeds=2, n_graded=5, strategies=("teacher-count", REFERENCE)
)


_SIZES = {
    "problems": "questions per seen benchmark that the teacher answers",
    "candidates": "answers to each",
    "epochs": "passes over the picked answers",
    "seeds": "fine-tunings per strategy",
    "graded": "held-out questions per benchmark",
}


def _default(name: str) -> str:
    full, reduced = (getattr(size, f"n_{name}") for size in (FULL_SIZE, REDUCED_SIZE))
    return f"{full}, reduced {reduced}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the experiment and prints its tables to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe.experiments.selection",
        description="Draws candidates from the bundled teacher, scores them, selects with every strategy at equal "
        "tokens, fine-tunes the bundled student with several seeds, grades it on all benchmarks and prints the "
        "tables. One CPU core, no GPU and no network; with --reduced, about a minute.",
    )
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="FOLDER", help="the bundled data")
    parser.add_argument("--reduced", action="store_true", help="few questions, strategies and seeds")
    for name, meaning in _SIZES.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{meaning} (default: {_default(name)})")
    parser.add_argument(
        "--strategies", metavar="NAME,…", help=f"which to compare, {REFERENCE} always among them (default: all)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"of everything random (default: {SEED})")
    options = parser.parse_args(arguments)
    silence_progress_bars()
    size = REDUCED_SIZE if options.reduced else FULL_SIZE
    given: dict[str, Any] = {
        f"n_{name}": getattr(options, name) for name in _SIZES if getattr(options, name) is not None
    }
    if options.strategies:
        named = dict.fromkeys([*options.strategies.split(","), REFERENCE])
        given["strategies"] = tuple(find_strategy(name).name for name in named)
    started = time.monotonic()
    with reproducible_torch():
        text = run(options.data, replace(size, **given), options.seed)
    print(text)
    report(f"took {time.monotonic() - started:.0f} s")
    return 0


def run(data: Path, size: Size, seed: int) -> str:
    """The whole experiment; returns its tables as Markdown."""
    teacher, student = load_model(data / "teacher"), load_model(data / "student")
    tokenizer = load_tokenizer(data / "student")
    traces = draw(teacher, load_tokenizer(data / "teacher"), size, seed)
    candidates = score(data, traces)
    problems = graded_problems(data, size.n_graded)
    before = answers(student, tokenizer, problems)
    parts = [_introduction(size, seed, candidates, problems, before)]
    for title, guards in (("All candidates", Guards()), ("Correct candidates only", Guards(correct_only=True))):
        chosen = [STRATEGIES[name] for name in size.strategies]
        rows = compare(chosen, guards, candidates, traces, student, tokenizer, problems, size, seed)
        parts.append(f"### {title}\n\n{table(rows, problems, seed)}")
    return "\n\n".join(parts)


def draw(teacher: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, size: Size, seed: int) -> list[Trace]:
    """The teacher's answers to new questions of the seen benchmarks, question after question."""
    report("drawing candidates")
    taken = draw_held_out(FULL).signatures
    problems = [
        problem
        for name in SEEN_BENCHMARKS
        for problem in draw_problems(
            BENCHMARK_BY_NAME[name], size.n_problems, Random(f"{seed} select {name}"), f"{name}-select", taken
        )
    ]
    settings = Distillation(size.n_problems, 0, n_candidates=size.n_candidates)
    groups = draw_candidates(teacher, tokenizer, "teacher", problems, settings, seed_of(seed, "select"))
    return [trace for group in groups for trace in group]


def score(data: Path, traces: Sequence[Trace]) -> Candidates:
    """Everything that the strategies look at, from the product itself: teacher and student, ranks, local context."""
    report("scoring candidates")
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder) / "candidates.jsonl", Path(folder) / "candidates.duckdb"
        write_jsonl(file, map(training_record, traces))
        teacher, student = data / "teacher", data / "student"
        roles = (Role.TEACHER, Role.STUDENT)
        rdpt.score(file, database, teacher=teacher, student=student, roles=roles, device="cpu", ranks=True, quiet=True)
        rdpt.score_local(database, quiet=True)
        with open_reader(database) as reader:
            return load_candidates(reader, reader.run(None), LabelRule.make())


def graded_problems(data: Path, n: int) -> list[dict[str, Any]]:
    """The first `n` held-out questions of each benchmark."""
    problems = read_jsonl(data / "problems.jsonl")
    return [p for benchmark in BENCHMARKS for p in [q for q in problems if q["benchmark"] == benchmark.name][:n]]


def answers(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, problems: Sequence[Mapping[str, Any]]
) -> Verdicts:
    """1 where the greedy answer is right. Shapes: (n_problems,)."""
    questions = [problem["question"] for problem in problems]
    completions = sample(model, tokenizer, questions, [0] * len(questions), 0.0, MAX_RESPONSE_TOKENS)
    right = [is_correct(done.response, problem["gold"]) for done, problem in zip(completions, problems, strict=True)]
    return np.array(right, dtype=np.float64)


def compare(
    strategies: Sequence[Strategy],
    guards: Guards,
    candidates: Candidates,
    traces: Sequence[Trace],
    student: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    problems: Sequence[Mapping[str, Any]],
    size: Size,
    seed: int,
) -> list[Row]:
    """Select, fine-tune and grade, for every strategy at equal tokens."""
    selections = select_each(candidates, strategies, Options(seed=seed), guards, equal_tokens=True)
    settings = Distillation(size.n_problems, 0, n_epochs=size.n_epochs)
    rows = []
    for selection in selections:
        picked = [traces[number] for number in candidates.trace_no[selection.picked]]
        documents = [(trace.problem.question, trace.response) for trace in picked]
        verdicts = []
        for turn in range(size.n_seeds):
            name = f"{selection.strategy.name}, seed {turn + 1} of {size.n_seeds}"
            tuned = finetune(student, tokenizer, documents, settings, seed_of(seed, "finetune", turn), name)
            verdicts.append(answers(tuned, tokenizer, problems))
        rows.append(_row(selection, candidates, count_steps(len(picked), size.n_epochs), np.stack(verdicts)))
    return rows


def _row(selection: Selection, candidates: Candidates, n_steps: int, verdicts: Verdicts) -> Row:
    picked = selection.picked
    return Row(
        strategy=selection.strategy.name,
        n_picked=len(picked),
        n_tokens=selection.n_tokens,
        n_steps=n_steps,
        picked_correct=float(np.mean(candidates["correct"][picked])),
        picked_teacher_share=float(candidates["n_teacher"][picked].sum() / candidates["n_sentences"][picked].sum()),
        verdicts=verdicts,
    )


def _introduction(
    size: Size, seed: int, candidates: Candidates, problems: Sequence[Mapping[str, Any]], before: Verdicts
) -> str:
    benchmark = np.array([problem["benchmark"] for problem in problems])
    scored = candidates.is_scored
    together = np.corrcoef(candidates["n_teacher"][scored], candidates["n_tokens"][scored])[0, 1]
    return (
        f"{candidates.n_questions} questions ({', '.join(SEEN_BENCHMARKS)}), {size.n_candidates} candidates each, of "
        f"which {np.mean(candidates['correct']):.0%} are correct; {size.n_seeds} seeds, {size.n_epochs} epochs; graded "
        f"on {size.n_graded} questions of each of {len(BENCHMARKS)} benchmarks, greedy; seed {seed}. "
        f"Teacher sentences and length correlate {together:.2f} over candidates. "
        f"The student before training: {macro_accuracy(before, benchmark):.3f}."
    )


if __name__ == "__main__":
    raise SystemExit(main())
