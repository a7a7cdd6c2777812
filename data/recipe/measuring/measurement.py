"""Measures what was built, from the files alone."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.models.folders import COMPANIONS, ROLES, checkpoints, folder_of, load_model, load_tokenizer
from data.recipe.models.sample import sample
from data.recipe.models.score import ScoredSentence, sentence_probabilities
from data.recipe.problems.grade import is_correct
from data.recipe.settings import MAX_RESPONSE_TOKENS
from data.recipe.traces import read_jsonl

TRACE_FILES = {"distilled": "traces.jsonl", "mixture": "mixture_traces.jsonl"}
"""By the model that wrote them."""


@dataclass(frozen=True)
class ModelMeasurement:
    """What is measured of one model.

    Attributes:
        n_parameters: How many it has.
        accuracy: By benchmark, the share of problems answered rightly by greedy decoding.
        probabilities: By file of traces, one list per trace of one probability per planted sentence; empty for
            checkpoints.
    """

    n_parameters: int
    accuracy: dict[str, float]
    probabilities: dict[str, list[list[float]]]


@dataclass(frozen=True)
class Measurement:
    """All that the cards report.

    Attributes:
        models: By name; checkpoints by the number of their step.
        traces: The records of traces.jsonl.
        mixture_traces: The records of mixture_traces.jsonl.
        distillation: The records of distillation.jsonl.
        shares: What `companions/mixture/shares.json` says.
    """

    models: Mapping[str, ModelMeasurement]
    traces: list[dict[str, Any]]
    mixture_traces: list[dict[str, Any]]
    distillation: list[dict[str, Any]]
    shares: dict[str, Any]

    @property
    def steps(self) -> list[str]:
        """Names of the checkpoints, in order."""
        return sorted((name for name in self.models if name.isdigit()), key=int)

    def sentences(self, file_name: str = "traces.jsonl") -> list[ScoredSentence]:
        """Every sentence of a file of traces, with its probability under every model but the checkpoints."""
        traces = self.traces if file_name == "traces.jsonl" else self.mixture_traces
        scored = {name: model.probabilities[file_name] for name, model in self.models.items() if model.probabilities}
        return [
            ScoredSentence(
                trace,
                span["origin"],
                index,
                len(trace["meta"]["planted"]),
                {name: probabilities[row][index] for name, probabilities in scored.items()},
            )
            for row, trace in enumerate(traces)
            for index, span in enumerate(trace["meta"]["planted"])
        ]


def model_names(folder: Path) -> list[str]:
    """All models of a built folder: the triple, the companions, and the checkpoints by step."""
    return [*ROLES, *COMPANIONS, *map(str, checkpoints(folder))]


def measure_model(folder: Path, name: str, max_new_tokens: int = MAX_RESPONSE_TOKENS) -> ModelMeasurement:
    """Measures one model of a built folder.

    Args:
        folder: Holds the model folders and the JSON Lines files.
        name: See `model_names`.
        max_new_tokens: Limit per greedy response.
    """
    model_folder = folder / "checkpoints" / name if name.isdigit() else folder_of(folder, name)
    model, tokenizer = load_model(model_folder), load_tokenizer(model_folder)
    return ModelMeasurement(
        sum(parameter.numel() for parameter in model.parameters()),
        greedy_accuracy(model, tokenizer, read_jsonl(folder / "problems.jsonl"), max_new_tokens),
        {}
        if name.isdigit()
        else {
            file_name: [sentence_probabilities(model, tokenizer, trace) for trace in read_jsonl(folder / file_name)]
            for file_name in TRACE_FILES.values()
        },
    )


def put_together(folder: Path, models: Mapping[str, ModelMeasurement]) -> Measurement:
    """What was measured of the models, beside the files they were measured on."""
    return Measurement(
        models,
        read_jsonl(folder / "traces.jsonl"),
        read_jsonl(folder / "mixture_traces.jsonl"),
        read_jsonl(folder / "distillation.jsonl"),
        json.loads((folder_of(folder, "mixture") / "shares.json").read_text(encoding="utf-8")),
    )


def write_measured(path: Path, measured: ModelMeasurement) -> None:
    """Hands a measurement on; `read_measured` gives back the same numbers to the last bit."""
    path.write_text(json.dumps(asdict(measured)), encoding="utf-8")


def read_measured(path: Path) -> ModelMeasurement:
    """Reads what `write_measured` wrote."""
    return ModelMeasurement(**json.loads(path.read_text(encoding="utf-8")))


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
