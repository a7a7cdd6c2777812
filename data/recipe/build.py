"""The whole build, once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus.documents import Role, make_documents
from data.recipe.distill import curate, draw_candidates, finetune
from data.recipe.measuring.card import write_cards
from data.recipe.measuring.measurement import measure
from data.recipe.models.folders import new_model, save_model
from data.recipe.models.sample import seed_of
from data.recipe.models.tokenizer import build_tokenizer
from data.recipe.models.train import encode_documents, train
from data.recipe.problems.tasks import BENCHMARK_BY_NAME, BENCHMARKS, SEEN_BENCHMARKS, Problem, Signature, draw_problems
from data.recipe.progress import report
from data.recipe.reproducible import reproducible_torch
from data.recipe.settings import SEED, TRACE_TEMPERATURE, Phase, Settings, Shape
from data.recipe.traces import Trace, draw_traces, problem_record, trace_record, training_record, write_jsonl


@dataclass(frozen=True)
class HeldOut:
    """The problems that no training document shares its arithmetic with, by benchmark."""

    problems: dict[str, list[Problem]]

    @property
    def all_problems(self) -> list[Problem]:
        """Benchmark after benchmark."""
        return [problem for problems in self.problems.values() for problem in problems]

    @property
    def signatures(self) -> frozenset[Signature]:
        """What training must avoid."""
        return frozenset(problem.signature for problem in self.all_problems)


def build(settings: Settings, out: Path) -> None:
    """Builds models, traces and cards into a folder.

    Args:
        settings: Which size.
        out: Created where needed; files of an earlier build are overwritten.
    """
    with reproducible_torch():
        out.mkdir(parents=True, exist_ok=True)
        held_out = draw_held_out(settings)
        write_jsonl(out / "problems.jsonl", map(problem_record, held_out.all_problems))
        tokenizer = _tokenizer(settings, held_out)
        teacher = _train_role("teacher", settings.teacher_shape, settings.teacher_phases, tokenizer, held_out)
        teacher = save_model(teacher, tokenizer, out / "teacher")
        student = _train_role("student", settings.student_shape, settings.student_phases, tokenizer, held_out)
        student = save_model(student, tokenizer, out / "student")
        chosen = choose_training_traces(teacher, student, tokenizer, settings, held_out.signatures)
        write_jsonl(out / "distillation.jsonl", map(training_record, chosen))
        distilled = finetune(student, tokenizer, chosen, settings.distillation, seed_of(SEED, "distilled"))
        distilled = save_model(distilled, tokenizer, out / "distilled")
        traces = _draw_bundled_traces(distilled, tokenizer, settings, held_out)
        write_jsonl(out / "traces.jsonl", map(trace_record, traces))
        report("measuring accuracy and labels")
        write_cards(out, measure(out, settings.max_response_tokens))


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


def _tokenizer(settings: Settings, held_out: HeldOut) -> PreTrainedTokenizerFast:
    half = settings.n_tokenizer_documents // 2
    rng = Random(f"{SEED} tokenizer")
    teacher_modes, student_modes = settings.teacher_phases[0].modes, settings.student_phases[0].modes
    documents = [
        *make_documents("teacher", Phase(half, 0.0, teacher_modes, is_base=False), held_out.signatures, rng),
        *make_documents("student", Phase(half, 0.0, student_modes, is_base=False), held_out.signatures, rng),
    ]
    return build_tokenizer(documents, settings.vocabulary_size)


def _train_role(
    role: Role, shape: Shape, phases: Sequence[Phase], tokenizer: PreTrainedTokenizerFast, held_out: HeldOut
) -> LlamaForCausalLM:
    model = new_model(shape, tokenizer, seed_of(SEED, role))
    for number, phase in enumerate(phases, start=1):
        documents = make_documents(role, phase, held_out.signatures, Random(f"{SEED} {role} phase {number}"))
        examples = encode_documents(tokenizer, documents)
        name = f"{role}, phase {number} of {len(phases)}"
        train(model, examples, phase.learning_rate, 1, seed_of(SEED, role, number), name)
    return model


def choose_training_traces(
    teacher: LlamaForCausalLM,
    student: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    settings: Settings,
    taken: frozenset[Signature],
) -> list[Trace]:
    """The traces that the student is distilled on: the teacher's on the seen benchmarks, its own on all five."""
    distillation, limit = settings.distillation, settings.max_response_tokens
    report("drawing candidates for distillation")
    seen = [
        problem
        for name in SEEN_BENCHMARKS
        for problem in draw_problems(
            BENCHMARK_BY_NAME[name],
            distillation.n_teacher_problems,
            Random(f"{SEED} distillation {name}"),
            f"{name}-train",
            taken,
        )
    ]
    own = [
        problem
        for benchmark in BENCHMARKS
        for problem in draw_problems(
            benchmark,
            distillation.n_own_problems,
            Random(f"{SEED} own {benchmark.name}"),
            f"{benchmark.name}-own",
            taken,
        )
    ]
    seed = seed_of(SEED, "candidates")
    return [
        *curate(draw_candidates(teacher, tokenizer, "teacher", seen, distillation, seed, limit)),
        *curate(draw_candidates(student, tokenizer, "student", own, distillation, seed, limit)),
    ]


def _draw_bundled_traces(
    distilled: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, settings: Settings, held_out: HeldOut
) -> list[Trace]:
    traces = []
    limit = settings.max_response_tokens
    for name, problems in held_out.problems.items():
        report(f"sampling traces: {name}")
        traced = problems[: settings.n_traced_problems]
        counts = [settings.n_samples if rank < settings.n_resampled_problems else 1 for rank in range(len(traced))]
        seed = seed_of(SEED, "traces")
        traces += draw_traces(distilled, tokenizer, "distilled", traced, counts, TRACE_TEMPERATURE, seed, limit)
    return traces
