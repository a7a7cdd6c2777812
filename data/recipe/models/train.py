"""The training loop: AdamW, a cosine schedule, batches of 16, loss on the response only."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus.documents import Document
from data.recipe.models.tokenizer import prompt_text
from data.recipe.progress import report

BATCH_SIZE = 16
_N_WARMUP_STEPS = 100
_LENGTH_BUCKET_BATCHES = 16
_IGNORED = -100


@dataclass(frozen=True)
class Example:
    """Token ids of one document; the loss counts those of the response, which ends with the end token."""

    prompt_ids: list[int]
    response_ids: list[int]

    @property
    def n_tokens(self) -> int:
        """Length of the whole sequence."""
        return len(self.prompt_ids) + len(self.response_ids)


def encode_documents(tokenizer: PreTrainedTokenizerFast, documents: Sequence[Document]) -> list[Example]:
    """Tokenises prompts and responses apart, as in sampling and scoring, so that no token spans the seam."""
    if not documents:
        return []
    prompts = [prompt_text(tokenizer, question) for question, _ in documents]
    responses = [response + str(tokenizer.eos_token) for _, response in documents]
    prompt_ids = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    response_ids = tokenizer(responses, add_special_tokens=False)["input_ids"]
    return [Example(prompt, response) for prompt, response in zip(prompt_ids, response_ids, strict=True)]


def train(
    model: LlamaForCausalLM, examples: Sequence[Example], learning_rate: float, n_epochs: int, seed: int, name: str
) -> None:
    """Trains a model in place.

    Args:
        model: Any causal language model of this package, in float32.
        examples: What to learn; an empty sequence leaves the model as it is.
        learning_rate: Peak, reached after a short warm-up and followed by a cosine down to zero.
        n_epochs: Passes over the examples, each in its own order.
        seed: Decides the orders.
        name: Shown with the progress.
    """
    rng = Random(seed)
    n_steps = n_epochs * math.ceil(len(examples) / BATCH_SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    n_warmup = min(_N_WARMUP_STEPS, max(1, n_steps // 10))

    def lr_factor(step: int) -> float:
        if step < n_warmup:
            return (step + 1) / n_warmup
        return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_factor)
    model.train()
    step = 0
    for _ in range(n_epochs):
        for batch in _batches(examples, rng):
            loss = _loss(model, batch)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 200 == 0 or step == n_steps:
                report(f"{name}: step {step} of {n_steps}, loss {loss.item():.3f} nats a token")
    model.eval()  # type: ignore[no-untyped-call]


def _loss(model: LlamaForCausalLM, batch: Sequence[Example]) -> torch.Tensor:
    """Mean negative log-probability of the response tokens, in nats.

    Rows are padded on the right. No attention mask is needed: attention is causal, so no real token sees the padding.
    """
    longest = max(example.n_tokens for example in batch)
    input_ids = torch.zeros(len(batch), longest, dtype=torch.long)
    targets = torch.full((len(batch), longest), _IGNORED)
    for row, example in enumerate(batch):
        n_prompt = len(example.prompt_ids)
        input_ids[row, : example.n_tokens] = torch.tensor(example.prompt_ids + example.response_ids)
        # The row before a token predicts it, so targets sit one position to the left of their tokens.
        targets[row, n_prompt - 1 : example.n_tokens - 1] = torch.tensor(example.response_ids)
    logits = model(input_ids=input_ids, use_cache=False).logits
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=_IGNORED)


def _batches(examples: Sequence[Example], rng: Random) -> Iterator[list[Example]]:
    """Batches of examples of like length, in random order: padding would double the work otherwise."""
    order = rng.sample(range(len(examples)), len(examples))
    bucket_size = BATCH_SIZE * _LENGTH_BUCKET_BATCHES
    batches: list[list[Example]] = []
    for start in range(0, len(order), bucket_size):
        bucket = sorted((examples[index] for index in order[start : start + bucket_size]), key=lambda e: e.n_tokens)
        batches += [bucket[first : first + BATCH_SIZE] for first in range(0, len(bucket), BATCH_SIZE)]
    rng.shuffle(batches)
    yield from batches
