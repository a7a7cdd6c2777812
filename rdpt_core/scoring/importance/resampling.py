"""Sentences that a model draws in the place of others: what it would have written there itself.

Each is drawn after the prompt and all that stands before the sentence, token by token from the softmax of the logits
divided by the temperature, until the run's splitter finds that a first sentence has ended, the model ends its response,
or `MAX_TOKENS` tokens are drawn. The splitter sees what is drawn and nothing before it.

Every sentence has random numbers of its own, which depend on the seed, the trace, the sentence and the sample: one a
token, which is looked up in the cumulative probabilities. So what is drawn does not depend on what is drawn beside it,
but for rounding where a number lies on the border of two tokens.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from rdpt_core.arrays import SmallInts
from rdpt_core.records import Span, TokenLogprobs
from rdpt_core.records.importance import Sampling
from rdpt_core.scoring.engine.memory import is_out_of_memory, no_room
from rdpt_core.scoring.importance.cutting import CutTrace
from rdpt_core.scoring.models.generation import generation_settings
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.token_spans import assign_tokens

_LOGGER = logging.getLogger(__name__)

MAX_TOKENS = 128
"""A sentence that has not ended by then is taken as far as it is."""

_CHECKED_EVERY = 4
"""Tokens after which the splitter looks whether a sentence has ended: it takes longer than a step of a small model."""

_IDS_TOGETHER = 8192
"""Ids of prefixes, with their padding, that go through the model together."""

Split = Callable[[str], Sequence[Span]]


def draw_sentences(
    model: Any,
    tokenizer: RoleTokenizer,
    split: Split,
    cuts: Sequence[CutTrace],
    sampling: Sampling,
    context_length: int | None,
) -> list[dict[int, list[SmallInts]]]:
    """For every measured sentence of every trace, what is drawn in its place; nothing where no token fits any more.

    Args:
        model: as it was loaded, with its own forward pass.

    Raises:
        ModelError: memory does not hold one prefix.
    """
    rows = [
        _Row(cut.before(number), (_number_of(cut.trace_id), number, sample), room)
        for cut in cuts
        for number in cut.measured
        # The trace with a longer sentence must fit, too.
        if (room := _room(cut, number, context_length)) > 0
        for sample in range(sampling.n_samples)
    ]
    writer = _Writer(model, tokenizer, split, sampling)
    # Padding would run through the state of a model that has one.
    waiting = list(_batches(rows, mixed=not getattr(model, "_is_stateful", False)))
    while waiting:
        batch = waiting.pop(0)
        try:
            writer.write(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise no_room(len(batch[0].prefix), writer.device, error) from error
            _LOGGER.warning("out of memory; going on with %d sentences at once", len(batch) // 2)
            waiting[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
    drawn: dict[tuple[int, int], list[SmallInts]] = {}
    for row in rows:
        if not row.has_failed:
            drawn.setdefault(row.key[:2], []).append(np.array(row.ids, dtype=np.int32))
    return [{number: drawn.get((_number_of(cut.trace_id), number), []) for number in cut.measured} for cut in cuts]


def _number_of(trace_id: str) -> int:
    return int.from_bytes(hashlib.sha256(trace_id.encode("utf-8", "surrogatepass")).digest()[:8])


def _room(cut: CutTrace, number: int, context_length: int | None) -> int:
    """The most tokens that may be drawn."""
    if context_length is None:
        return MAX_TOKENS
    return min(MAX_TOKENS, context_length - len(cut.before(number)) - len(cut.after(number)))


@dataclass(slots=True)
class _Row:
    """One sentence in the making.

    Attributes:
        key: of trace, sentence and sample: what its random numbers depend on, with the seed.
        n_most: tokens that it may have.
        ids: what is drawn so far, and in the end the sentence.
        has_failed: the model gave no probabilities.
    """

    prefix: SmallInts
    key: tuple[int, int, int]
    n_most: int
    ids: list[int] = field(default_factory=list)
    has_ended: bool = False
    has_failed: bool = False


def _batches(rows: Sequence[_Row], *, mixed: bool) -> Iterator[list[_Row]]:
    """Prefixes of similar length together, or of the same length unless `mixed`; the longest first."""
    batch: list[_Row] = []
    for row in sorted(rows, key=lambda one: -len(one.prefix)):
        longest = len(batch[0].prefix) if batch else 0
        is_full = (len(batch) + 1) * (longest + MAX_TOKENS) > _IDS_TOGETHER
        if batch and (is_full or not (mixed or longest == len(row.prefix))):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


class _Writer:
    """A model that goes on with prefixes."""

    def __init__(self, model: Any, tokenizer: RoleTokenizer, split: Split, sampling: Sampling) -> None:
        self._model, self._tokenizer, self._split, self._sampling = model, tokenizer, split, sampling
        self.device: torch.device = model.get_input_embeddings().weight.device
        ends = getattr(model.generation_config, "eos_token_id", None)
        self._ends = frozenset([ends] if isinstance(ends, int) else ends or ())

    def write(self, rows: Sequence[_Row]) -> None:
        """Draw the sentence of every row, from its beginning."""
        for row in rows:
            row.ids, row.has_ended, row.has_failed = [], False, False
        length = max(len(row.prefix) for row in rows)
        ids = np.zeros((len(rows), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, length - len(row.prefix) :] = row.prefix
            mask[number, length - len(row.prefix) :] = 1
        how = generation_settings(do_sample=False, max_new_tokens=max(row.n_most for row in rows), pad_token_id=0)
        own, model = self._model.generation_config, self._model
        # What the model's files say of penalties and the like is not to change what it draws.
        model.generation_config = generation_settings()
        try:
            with torch.inference_mode():
                model.generate(
                    input_ids=torch.from_numpy(ids).to(self.device),
                    attention_mask=torch.from_numpy(mask).to(self.device),
                    generation_config=how,
                    logits_processor=[_Chooser(self, rows)],
                    stopping_criteria=[partial(_which_ended, rows)],
                )
        finally:
            model.generation_config = own

    def numbers(self, row: _Row) -> np.random.Generator:
        """The random numbers of a row."""
        return np.random.default_rng([self._sampling.seed, *row.key])

    def choose(self, logits: torch.Tensor, numbers: Sequence[float]) -> list[int | None]:
        """One token a row, by one number in [0, 1) each; None where there are no probabilities.

        Shapes: logits (rows, vocabulary), numbers (rows,).
        """
        weights = torch.softmax(logits.double() / self._sampling.temperature, dim=-1).cumsum_(dim=-1)
        total = weights[:, -1:]
        wanted = torch.tensor(numbers, dtype=torch.float64, device=logits.device)[:, None] * total
        chosen = torch.searchsorted(weights, wanted, right=True).clamp_(max=logits.shape[1] - 1)
        is_sound = total.isfinite()[:, 0].tolist()
        return [token if sound else None for token, sound in zip(chosen[:, 0].tolist(), is_sound, strict=True)]

    def take(self, row: _Row, token: int | None) -> None:
        """Add a token to a row, which may end it."""
        if token is None:
            row.has_ended = row.has_failed = True
            return
        is_last = token in self._ends
        if not is_last:
            row.ids.append(token)
        row.has_ended = is_last or len(row.ids) >= row.n_most
        if row.ids and (row.has_ended or len(row.ids) % _CHECKED_EVERY == 0):
            n_tokens = self._n_of_first_sentence(row)
            row.has_ended = row.has_ended or n_tokens < len(row.ids)
            del row.ids[n_tokens:]

    def _n_of_first_sentence(self, row: _Row) -> int:
        """How many of the drawn tokens belong to the first sentence: all of them as long as there is no second one."""
        text, n_tokens = self._text(row, len(row.ids)), len(row.ids)
        spans = self._split(text)
        if len(spans) < 2:
            return n_tokens
        ends = np.array([len(self._text(row, n)) for n in range(1, n_tokens + 1)], dtype=np.int32)
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int32)
        ids = np.array(row.ids, dtype=np.int32)
        tokens = TokenLogprobs(ids, starts, ends, np.full(n_tokens, np.nan, dtype=np.float32))
        is_first = assign_tokens(text, spans, tokens).sentence_index == 0
        return max(1, n_tokens if is_first.all() else int(np.argmin(is_first)))

    def _text(self, row: _Row, n_tokens: int) -> str:
        return self._tokenizer.decode_response(row.ids[:n_tokens], after=int(row.prefix[-1]))


class _Chooser:
    """In the place of the logits: those of the tokens that were drawn alone."""

    def __init__(self, writer: _Writer, rows: Sequence[_Row]) -> None:
        self._writer, self._rows = writer, rows
        self._numbers = [writer.numbers(row) for row in rows]

    def __call__(self, _: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        chosen = self._writer.choose(logits, [numbers.random() for numbers in self._numbers])
        for row, token in zip(self._rows, chosen, strict=True):
            if not row.has_ended:
                self._writer.take(row, token)
        tokens = torch.tensor([token or 0 for token in chosen], device=logits.device)[:, None]
        return torch.full_like(logits, -torch.inf).scatter_(1, tokens, 0.0)


def _which_ended(rows: Sequence[_Row], ids: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return torch.tensor([row.has_ended for row in rows], device=ids.device)
