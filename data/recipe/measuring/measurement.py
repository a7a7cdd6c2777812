"""Measures what was built, from the files alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.models.folders import ROLES, load_model, load_tokenizer
from data.recipe.models.sample import sample
from data.recipe.models.score import ScoredSentence, sentence_probabilities
from data.recipe.problems.grade import is_correct
from data.recipe.settings import MAX_RESPONSE_TOKENS
from data.recipe.traces import read_jsonl


@dataclass(frozen=True)
class Measurement:
    """All that the cards report.

    Attributes:
        accuracy: By role and benchmark, the share of problems answered rightly by greedy decoding.
        sentences: Every sentence of the bundled traces.
        traces: The records of traces.jsonl.
        distillation: The records of distillation.jsonl.
        n_parameters: By role.
    """

    accuracy: dict[str, dict[str, float]]
    sentences: list[ScoredSentence]
    traces: list[dict[str, Any]]
    distillation: list[dict[str, Any]]
    n_parameters: dict[str, int]


def measure(folder: Path, max_new_tokens: int = MAX_RESPONSE_TOKENS) -> Measurement:
    """Measures a built folder.

    Args:
        folder: Holds the three model folders and the JSON Lines files.
        max_new_tokens: Limit per greedy response.
    """
    problems = read_jsonl(folder / "problems.jsonl")
    traces = read_jsonl(folder / "traces.jsonl")
    accuracy: dict[str, dict[str, float]] = {}
    probabilities: dict[str, list[list[float]]] = {}
    n_parameters: dict[str, int] = {}
    for role in ROLES:
        model, tokenizer = load_model(folder / role), load_tokenizer(folder / role)
        n_parameters[role] = sum(parameter.numel() for parameter in model.parameters())
        accuracy[role] = greedy_accuracy(model, tokenizer, problems, max_new_tokens)
        probabilities[role] = [sentence_probabilities(model, tokenizer, trace) for trace in traces]
    sentences = [
        ScoredSentence(
            trace,
            span["origin"],
            index,
            len(trace["meta"]["planted"]),
            {role: probabilities[role][row][index] for role in ROLES},
        )
        for row, trace in enumerate(traces)
        for index, span in enumerate(trace["meta"]["planted"])
    ]
    return Measurement(accuracy, sentences, traces, read_jsonl(folder / "distillation.jsonl"), n_parameters)


def greedy_accuracy(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    problems: Sequence[dict[str, Any]],
    max_new_tokens: int = MAX_RESPONSE_TOKENS,
) -> dict[str, float]:
    """Share of right answers by benchmark, under greedy decoding.

    Args:
        model: The model that answers.
        tokenizer: Its tokenizer.
        problems: Records of problems.jsonl.
        max_new_tokens: Limit per response.
    """
    questions = [problem["question"] for problem in problems]
    completions = sample(model, tokenizer, questions, [0] * len(questions), 0.0, max_new_tokens)
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for problem, completion in zip(problems, completions, strict=True):
        verdicts[problem["benchmark"]].append(is_correct(completion.response, problem["gold"]))
    return {benchmark: sum(graded) / len(graded) for benchmark, graded in verdicts.items()}
