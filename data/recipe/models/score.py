"""Sentence probabilities and labels, with plain transformers.

Independent of the product's scoring engine on purpose, so that each can check the other.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.models.tokenizer import prompt_token_ids

Label = Literal["Shared", "Teacher", "Student", "Boosted"]
LABELS: tuple[Label, ...] = ("Teacher", "Student", "Shared", "Boosted")
ALPHA, BETA = 0.05, 0.1


@dataclass(frozen=True)
class ScoredSentence:
    """One sentence of a bundled trace with its probability under each model.

    Attributes:
        trace: The record it comes from.
        origin: Its planted origin.
        index: Its place in the trace, from 0.
        n_sentences: How many sentences the trace has.
        probabilities: By model, the geometric mean of its token probabilities.
    """

    trace: dict[str, Any]
    origin: str
    index: int
    n_sentences: int
    probabilities: dict[str, float]

    @property
    def label(self) -> Label:
        """Its label at the default thresholds: teacher A, the student, and the model that wrote it."""
        names = ("teacher", "student", self.trace["model"])
        return label_of(*(self.probabilities[name] for name in names))


def label_of(p_teacher: float, p_student: float, p_distilled: float, alpha: float = ALPHA, beta: float = BETA) -> Label:
    """The label of a sentence from its three probabilities (rule and order of arXiv 2512.20908)."""
    gap = p_teacher - p_student
    if abs(p_student - p_distilled) <= alpha and abs(p_teacher - p_distilled) <= alpha and abs(gap) <= alpha:
        return "Shared"
    if gap > beta:
        return "Teacher"
    if gap < -beta:
        return "Student"
    return "Boosted"


def sentence_probabilities(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, trace: dict[str, Any]
) -> list[float]:
    """The probability of each planted sentence of a trace: the geometric mean over its tokens.

    A token belongs to the sentence that holds its first character that is not white space; a token of white space
    only, to the sentence that holds its first character.

    Args:
        model: One model of the triple.
        tokenizer: Its tokenizer.
        trace: A record of traces.jsonl.

    Returns:
        One probability per entry of `meta.planted`, 0 < p <= 1.
    """
    response = trace["response"]
    encoded = tokenizer(response, add_special_tokens=False, return_offsets_mapping=True)
    logprobs = response_logprobs(model, prompt_token_ids(tokenizer, trace["question"]), encoded["input_ids"])
    spans = trace["meta"]["planted"]
    by_sentence: list[list[float]] = [[] for _ in spans]
    for (start, end), logprob in zip(encoded["offset_mapping"], logprobs, strict=True):
        text = response[start:end]
        first = start + (len(text) - len(text.lstrip()) if text.strip() else 0)
        owner = next(index for index, span in enumerate(spans) if first < span["char_end"])
        by_sentence[owner].append(logprob)
    return [math.exp(math.fsum(own) / len(own)) for own in by_sentence]


@torch.no_grad()
def response_logprobs(model: LlamaForCausalLM, prompt_ids: list[int], response_ids: list[int]) -> list[float]:
    """`ln p(token | prompt, response so far)` of each response token, in nats."""
    logits = model(input_ids=torch.tensor([prompt_ids + response_ids]), use_cache=False).logits[0]
    # Row i predicts token i + 1: the last prompt row predicts the first response token.
    rows = logits[len(prompt_ids) - 1 : -1].double().log_softmax(dim=-1)
    return [float(rows[position, token_id]) for position, token_id in enumerate(response_ids)]
