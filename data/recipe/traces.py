"""Traces and problems as records, and as canonical JSON Lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus.planted import planted_spans
from data.recipe.models.sample import Finish, sample, seed_of
from data.recipe.problems.grade import is_correct
from data.recipe.problems.problem import Problem
from data.recipe.problems.tasks import BENCHMARK_BY_NAME
from data.recipe.settings import MAX_RESPONSE_TOKENS

ROUTED_TEACHER = {"arithmetic": "teacher", "science": "teacher_b", "logic": "teacher_b"}
"""By subject, the model folder of the teacher that a question is routed to."""
TEACHER_NAMES = {"teacher": "A", "teacher_b": "B"}
"""What records and triple files call the teachers, by model folder; A is the triple's."""
# Samples of the mixture answer the same questions; their ids must not meet those of the distilled model.
_SAMPLE_LETTERS = {"distilled": "s", "mixture": "m"}


@dataclass(frozen=True)
class Trace:
    """One graded response of one model to one problem."""

    problem: Problem
    model: str
    sample: int
    seed: int
    temperature: float
    response: str
    finish: Finish

    @property
    def is_correct(self) -> bool:
        """Whether it states the gold answer."""
        return is_correct(self.response, self.problem.gold)


def draw_traces(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    model_name: str,
    problems: Sequence[Problem],
    n_samples: Sequence[int],
    temperature: float,
    seed: int,
    max_new_tokens: int = MAX_RESPONSE_TOKENS,
) -> list[Trace]:
    """Samples and grades responses.

    Args:
        model: The model that answers.
        tokenizer: Its tokenizer.
        model_name: Goes into the records, and into each trace's own seed.
        problems: What it answers.
        n_samples: How many responses to each problem.
        temperature: 0 is greedy.
        seed: Traces drawn with different seeds are independent.
        max_new_tokens: Limit per response.

    Returns:
        All samples of the first problem, then all of the second, and so on.
    """
    jobs = [(problem, index) for problem, count in zip(problems, n_samples, strict=True) for index in range(count)]
    seeds = [seed_of(seed, model_name, problem.question_id, index) for problem, index in jobs]
    completions = sample(
        model, tokenizer, [problem.question for problem, _ in jobs], seeds, temperature, max_new_tokens
    )
    return [
        Trace(problem, model_name, index, trace_seed, temperature, completion.response, completion.finish)
        for (problem, index), trace_seed, completion in zip(jobs, seeds, completions, strict=True)
    ]


def trace_record(trace: Trace) -> dict[str, Any]:
    """A trace as one canonical line; `meta.planted` tiles the response with sentences of known origin."""
    return {
        "trace_id": f"{trace.problem.question_id}-{_SAMPLE_LETTERS.get(trace.model, 's')}{trace.sample}",
        "teacher_id": TEACHER_NAMES[ROUTED_TEACHER[BENCHMARK_BY_NAME[trace.problem.benchmark].subject]],
        "response": trace.response,
        "model": trace.model,
        "correct": trace.is_correct,
        "sample": trace.sample,
        "meta": {
            "temperature": trace.temperature,
            "seed": trace.seed,
            "finish": trace.finish,
            "planted": [asdict(span) for span in planted_spans(trace.response)],
        },
        **problem_record(trace.problem),
    }


def training_record(trace: Trace) -> dict[str, Any]:
    """A trace to learn from as one canonical line: without the planted sentences, which nobody trains on."""
    record = trace_record(trace)
    # Routing is a matter of the bundled traces; who wrote a trace to learn from is its `model`.
    del record["meta"]["planted"], record["teacher_id"]
    return record


def problem_record(problem: Problem) -> dict[str, Any]:
    """A problem as one line."""
    return {
        "question_id": problem.question_id,
        "benchmark": problem.benchmark,
        "domain": problem.domain,
        "question": problem.question,
        "gold": problem.gold,
        "difficulty": problem.difficulty,
    }


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Writes one object a line with sorted keys, so that the same records give the same bytes."""
    lines = (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Reads what `write_jsonl` wrote."""
    # Not splitlines(): a response may hold other line separators than the line feed.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
