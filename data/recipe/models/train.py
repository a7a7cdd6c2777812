"""The training loop: batches of like length, warm-up and cosine, loss on the response only."""

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus.documents import Document
from data.recipe.models.forward import Example, response_loss
from data.recipe.models.optimizer import Optimizer
from data.recipe.models.tokenizer import prompt_text
from data.recipe.progress import report

BATCH_SIZE = 16
_N_WARMUP_STEPS = 100
_LENGTH_BUCKET_BATCHES = 16
_STEPS_BETWEEN_REPORTS = 200


def encode_documents(tokenizer: PreTrainedTokenizerFast, documents: Sequence[Document]) -> list[Example]:
    """Tokenises prompts and responses apart, as in sampling and scoring, so that no token spans the seam."""
    if not documents:
        return []
    prompts = [prompt_text(tokenizer, question) for question, _ in documents]
    responses = [response + str(tokenizer.eos_token) for _, response in documents]
    prompt_ids = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    response_ids = tokenizer(responses, add_special_tokens=False)["input_ids"]
    return [Example(prompt, response) for prompt, response in zip(prompt_ids, response_ids, strict=True)]


def count_steps(n_examples: int, n_epochs: int) -> int:
    """How many optimiser steps a training takes."""
    return n_epochs * math.ceil(n_examples / BATCH_SIZE)


def train(
    model: LlamaForCausalLM,
    examples: Sequence[Example],
    learning_rate: float,
    n_epochs: int,
    seed: int,
    name: str,
    after_step: Callable[[int], None] = lambda step: None,
) -> None:
    """Trains a model in place.

    Args:
        model: A model of this package, in float32.
        examples: What to learn; an empty sequence leaves the model as it is.
        learning_rate: Peak, reached after a short warm-up and followed by a cosine down to zero.
        n_epochs: Passes over the examples, each in its own order.
        seed: Decides the orders.
        name: Shown with the progress.
        after_step: Called with the number of steps done, from 1.
    """
    rng = Random(seed)
    n_steps = count_steps(len(examples), n_epochs)
    optimizer = Optimizer(model)
    model.train()
    step = 0
    for _ in range(n_epochs):
        for batch in _batches(examples, rng):
            loss = response_loss(model, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step(learning_rate * _schedule(step, n_steps))
            step += 1
            if step % _STEPS_BETWEEN_REPORTS == 0 or step == n_steps:
                report(f"{name}: step {step} of {n_steps}, loss {loss.item():.3f} nats a token")
            after_step(step)
    model.eval()  # type: ignore[no-untyped-call]


def _schedule(step: int, n_steps: int) -> float:
    """Share of the peak learning rate at a step, from 0."""
    n_warmup = min(_N_WARMUP_STEPS, max(1, n_steps // 10))
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


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
