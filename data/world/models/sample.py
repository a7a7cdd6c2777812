"""Seeded sampling in batches, with a key-value cache."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from transformers import DynamicCache, LlamaForCausalLM, PreTrainedTokenizerFast

from data.world.models.tokenizer import END, PAD, prompt_token_ids, special_token_id
from data.world.settings import MAX_RESPONSE_TOKENS

Finish = Literal["stop", "length"]
_BATCH_SIZE = 128


@dataclass(frozen=True)
class Completion:
    """One sampled response.

    Attributes:
        response: Its text, without the end token.
        finish: `stop` if the model ended it, `length` if it ran into the token limit.
    """

    response: str
    finish: Finish


def seed_of(*parts: str | int) -> int:
    """A 32-bit seed from names and numbers, the same on every machine (Python's own `hash` is not)."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def sample(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    questions: Sequence[str],
    seeds: Sequence[int],
    temperature: float,
    max_new_tokens: int = MAX_RESPONSE_TOKENS,
) -> list[Completion]:
    """Samples one response to each question.

    Each response has its own stream of random numbers, so it does not depend on which others share its batch
    (beyond float rounding).

    Args:
        model: The model to sample from.
        tokenizer: Its tokenizer.
        questions: One per response; repeat a question to sample it several times.
        seeds: One per response.
        temperature: 0 takes the most probable token each time, and then seeds are without effect.
        max_new_tokens: Limit per response, the end token included.
    """
    special_ids = special_token_id(tokenizer, PAD), special_token_id(tokenizer, END)
    completions: list[Completion] = []
    for first in range(0, len(questions), _BATCH_SIZE):
        rows = slice(first, first + _BATCH_SIZE)
        prompts = [prompt_token_ids(tokenizer, question) for question in questions[rows]]
        draws = np.stack([np.random.default_rng(seed).random(max_new_tokens) for seed in seeds[rows]])
        token_rows = _sample_batch(model, prompts, torch.from_numpy(draws), temperature, special_ids)
        completions += [_completion(tokenizer, token_ids) for token_ids in token_rows]
    return completions


@torch.no_grad()
def _sample_batch(
    model: LlamaForCausalLM,
    prompts: Sequence[list[int]],
    draws: torch.Tensor,
    temperature: float,
    special_ids: tuple[int, int],
) -> list[list[int]]:
    """Token ids of each response, ending with the end token unless the limit came first.

    Args:
        model: The model.
        prompts: Token ids; padded on the left here, so that every row's next token is at the same position.
        draws: Uniform random numbers, one row per prompt and one column per new token.
        temperature: See `sample`.
        special_ids: Of the padding token and of the end token.
    """
    pad_id, end_id = special_ids
    longest = max(map(len, prompts))
    input_ids = torch.tensor([[pad_id] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    responses: list[list[int]] = [[] for _ in prompts]
    # Which response each row of the batch is writing.
    writing = list(range(len(prompts)))
    for step in range(draws.shape[1]):
        output = model(
            input_ids=input_ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        )
        next_ids = _pick(output.logits[:, -1], draws[writing, step], temperature)
        for response, token_id in zip((responses[index] for index in writing), next_ids.tolist(), strict=True):
            if not response or response[-1] != end_id:
                response.append(token_id)
        open_rows = [row for row, index in enumerate(writing) if responses[index][-1] != end_id]
        if not open_rows:
            break
        if len(open_rows) <= len(writing) / 2:
            # A few long responses would otherwise drag the whole batch along; each shrinking copies the cache once.
            rows = torch.tensor(open_rows)
            cache.batch_select_indices(rows)
            mask, positions, next_ids = mask[rows], positions[rows], next_ids[rows]
            writing = [writing[row] for row in open_rows]
        input_ids = next_ids[:, None]
        mask = torch.cat([mask, mask.new_ones(len(writing), 1)], dim=1)
        positions = positions[:, -1:] + 1
    return responses


def _pick(logits: torch.Tensor, draws: torch.Tensor, temperature: float) -> torch.Tensor:
    """Next tokens, by inverting each row's cumulative distribution at its uniform draw."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    cumulative = (logits.double() / temperature).softmax(dim=-1).cumsum(dim=-1)
    # Rounding may leave the last sum a hair below 1, and a draw above it; the last entry is the right answer then.
    picked = torch.searchsorted(cumulative, draws[:, None].contiguous(), right=True)[:, 0]
    return picked.clamp(max=logits.shape[-1] - 1)


def _completion(tokenizer: PreTrainedTokenizerFast, token_ids: list[int]) -> Completion:
    ended = token_ids[-1] == tokenizer.eos_token_id
    text = tokenizer.decode(token_ids[:-1] if ended else token_ids, clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return Completion(text, "stop" if ended else "length")
