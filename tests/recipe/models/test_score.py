"""Sentence probabilities and labels of the recipe's own scoring, which agrees with the models' own loss."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from data.recipe.models.folders import load_model, load_tokenizer
from data.recipe.models.sample import seed_of
from data.recipe.models.score import label_of, response_logprobs, sentence_probabilities
from data.recipe.models.tokenizer import prompt_token_ids
from data.recipe.traces import read_jsonl


@pytest.fixture(scope="module")
def tokenizer(built: Path) -> PreTrainedTokenizerFast:
    return load_tokenizer(built / "teacher")


@pytest.fixture(scope="module")
def trace(built: Path) -> dict[str, Any]:
    """The longest of a quick build, whose first sentences may be cut short."""
    return max(read_jsonl(built / "traces.jsonl"), key=lambda trace: len(trace["meta"]["planted"]))


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ((0.90, 0.88, 0.89), "Shared"),
        ((0.90, 0.20, 0.85), "Teacher"),
        ((0.20, 0.90, 0.85), "Student"),
        ((0.30, 0.30, 0.60), "Boosted"),
        ((0.50, 0.42, 0.46), "Boosted"),
    ],
)
def test_label_rule(probabilities: tuple[float, float, float], label: str) -> None:
    assert label_of(*probabilities) == label


def test_seeds_do_not_depend_on_the_process() -> None:
    assert seed_of(2026, "clock-007", 2) == seed_of("2026", "clock-007", "2") != seed_of(2026, "clock-007", 3)


def test_a_uniform_model_gives_every_sentence_the_same_probability(
    tokenizer: PreTrainedTokenizerFast, trace: dict[str, Any]
) -> None:
    n_entries = len(tokenizer)

    class Uniform:
        def __call__(self, input_ids: torch.Tensor, use_cache: bool) -> SimpleNamespace:
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, n_entries))

    probabilities = sentence_probabilities(cast(Any, Uniform()), tokenizer, trace)
    assert len(probabilities) == len(trace["meta"]["planted"])
    assert probabilities == pytest.approx([1 / n_entries] * len(probabilities))


def test_response_logprobs_agree_with_the_models_own_loss(
    built: Path, tokenizer: PreTrainedTokenizerFast, trace: dict[str, Any]
) -> None:
    model = load_model(built / "student")
    prompt_ids = prompt_token_ids(tokenizer, trace["question"])
    response_ids = tokenizer.encode(trace["response"], add_special_tokens=False)
    labels = torch.tensor([[-100] * len(prompt_ids) + response_ids])
    with torch.no_grad():
        loss = model(input_ids=torch.tensor([prompt_ids + response_ids]), labels=labels).loss
    # The loss is a float32 mean; 1e-5 is a hundred times its rounding.
    mean = sum(response_logprobs(model, prompt_ids, response_ids)) / len(response_ids)
    assert mean == pytest.approx(-loss.item(), rel=1e-5)
