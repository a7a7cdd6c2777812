"""Where token logprobs come from. One interface; what stands downstream does not know which backend answered.

A backend describes its model before loading it (the run's identity needs that), cuts windows of traces into batches,
scores batches, and gives its memory back when closed. Cutting and scoring may run in two threads.
"""

from __future__ import annotations

import functools
import gc
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rdpt_core.arrays import Floats
from rdpt_core.records import (
    Role,
    RoleResult,
    ScoredModel,
    Span,
    TemplatePolicy,
    TokenLogprobs,
    TokenScores,
    TooLong,
    Trace,
    UnscoredReason,
)
from rdpt_core.scoring.concurrency import map_in_order
from rdpt_core.scoring.engine.batching import PlanItem, plan_batches
from rdpt_core.scoring.models.devices import worker_devices
from rdpt_core.scoring.models.loading import count_parameters, load_model, read_config
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.templates import render_prompt, template_name
from rdpt_core.scoring.models.tokenization import Encoding, RoleTokenizer, TemplateRefusal
from rdpt_core.traces.token_spans import assign_tokens

if TYPE_CHECKING:
    from rdpt_core.scoring.engine.kernel import CausalKernel


@dataclass(frozen=True, slots=True)
class ScoringItem:
    """One trace on its way through a backend."""

    trace_no: int
    trace: Trace
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class PreparedTrace:
    """One trace as one model sees it: prompt ids, response tokens, how many of these are scored, why not all."""

    item: ScoringItem
    prompt: list[int]
    encoding: Encoding
    n_scored: int
    reason: UnscoredReason | None


Batch = list[PreparedTrace]


class Backend(Protocol):
    """Token logprobs of responses after their prompts, for one role."""

    @property
    def model(self) -> ScoredModel:
        """The model as it is used, known before anything is loaded."""
        ...

    def load(self) -> None:
        """Get ready to score. Called once, before anything is prepared."""
        ...

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """Tokenise a window of traces and cut it into the batches that are scored and committed as one."""
        ...

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """The results of the batches, as they come: each names its trace, and the order is the backend's own.

        Raises:
            ServerGoneError: after all results that were there, if the rest cannot be had.
        """
        ...

    def close(self) -> None:
        """Give memory back."""
        ...


@dataclass(frozen=True, slots=True)
class Prompting:
    """How a trace becomes a prompt and a response, under any backend that tokenises here."""

    template_policy: TemplatePolicy
    too_long: TooLong


@dataclass(frozen=True, slots=True)
class TransformersOptions:
    """How a model of this machine runs. `device` and `dtype` are resolved; `batch_tokens` is None for automatic."""

    device: str
    dtype: str
    batch_tokens: int | None
    prompting: Prompting
    trust_remote_code: bool = False
    with_ranks: bool = False


class TransformersBackend:
    """A causal language model loaded by transformers on this machine."""

    def __init__(
        self,
        role: Role,
        files: ModelFiles,
        tokenizer: RoleTokenizer,
        distilled_tokenizer: RoleTokenizer | None,
        options: TransformersOptions,
    ) -> None:
        self._files = files
        self._tokenizer = tokenizer
        self._distilled_tokenizer = distilled_tokenizer
        self._options = options
        self._kernels: list[CausalKernel] = []
        config = read_config(files, options.trust_remote_code)
        self._context_length = getattr(config, "max_position_embeddings", None)
        self._vocabulary_size = int(config.vocab_size)
        self._n_parameters = count_parameters(files)
        self._model = ScoredModel(
            role=role,
            model=files.name,
            revision=files.revision,
            backend="transformers",
            dtype=options.dtype,
            template=template_name(options.prompting.template_policy, tokenizer),
            vocabulary_size=self._vocabulary_size,
            n_parameters=self._n_parameters,
            context_length=self._context_length,
            tokenizer_hash=tokenizer.hash,
        )

    @property
    def model(self) -> ScoredModel:
        """The model as it is used."""
        return self._model

    def load(self) -> None:
        """One kernel for every worker's device."""
        from rdpt_core.scoring.engine.kernel import CausalKernel

        options = self._options
        for device in worker_devices(options.device, self._n_parameters, options.dtype):
            model = load_model(
                self._files, device=device, dtype=options.dtype, trust_remote_code=options.trust_remote_code
            )
            self._kernels.append(CausalKernel(model, options.batch_tokens))

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """Traces with the same prompt together, the largest batch first; traces without a scorable token last."""
        prepared = [self._prepare(item) for item in items]
        scorable = [one for one in prepared if one.n_scored > 0]
        kernel = self._kernels[0]
        plan = plan_batches(
            [PlanItem(tuple(one.prompt), len(one.prompt), one.n_scored) for one in scorable],
            kernel.budget_rows,
            share=kernel.shares,
        )
        batches = [[scorable[position] for position in positions] for positions in plan]
        rest = [one for one in prepared if one.n_scored == 0]
        return [*batches, rest] if rest else batches

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """One worker a device; in the order of the batches, whichever worker is done first."""
        yield from map_in_order([functools.partial(self._score_batch, kernel) for kernel in self._kernels], batches)

    def close(self) -> None:
        """Drop the model and return its memory."""
        import torch

        self._kernels = []
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _score_batch(self, kernel: CausalKernel, batch: Batch) -> list[RoleResult]:
        from rdpt_core.scoring.engine.kernel import TokenSequence, check_ids

        chosen = [number for number, one in enumerate(batch) if one.n_scored > 0]
        sequences = [
            TokenSequence(batch[number].prompt, batch[number].encoding.token_id[: batch[number].n_scored])
            for number in chosen
        ]
        scores: dict[int, TokenScores] = {}
        with_ranks = self._options.with_ranks
        if sequences:
            check_ids(sequences, self._vocabulary_size, self._files.name)
            scores = dict(zip(chosen, kernel.score_tokens(sequences, with_ranks=with_ranks), strict=True))
        return [_ranked_result(one, scores.get(number), with_ranks) for number, one in enumerate(batch)]

    def _prepare(self, item: ScoringItem) -> PreparedTrace:
        return prepare_trace(
            item, self._tokenizer, self._distilled_tokenizer, self._options.prompting, self._context_length
        )


def prepare_trace(
    item: ScoringItem,
    tokenizer: RoleTokenizer,
    distilled_tokenizer: RoleTokenizer | None,
    prompting: Prompting,
    context_length: int | None,
) -> PreparedTrace:
    """Render and tokenise one trace, and find how much of it fits the context."""
    trace = item.trace
    nothing = np.empty(0, dtype=np.int32)
    try:
        rendering = render_prompt(prompting.template_policy, trace, tokenizer, distilled_tokenizer)
    except TemplateRefusal:
        return PreparedTrace(item, [], Encoding(nothing, nothing, nothing), 0, UnscoredReason.TEMPLATE_REFUSED)
    prompt = tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)
    encoding = tokenizer.encode_response(trace.response)
    if encoding is None:
        return PreparedTrace(item, prompt, Encoding(nothing, nothing, nothing), 0, UnscoredReason.UNTOKENIZABLE)
    if not prompt:
        return PreparedTrace(item, prompt, encoding, 0, UnscoredReason.EMPTY_PROMPT)
    room = math.inf if context_length is None else context_length - len(prompt)
    if len(encoding) <= room:
        return PreparedTrace(item, prompt, encoding, len(encoding), None)
    # Every token that fits is scored, whatever sentence it is in: a sentence that is cut has a token without a
    # logprob and so no probability, and another splitter finds the same tokens.
    n_scored = max(0, int(room)) if prompting.too_long is TooLong.PREFIX else 0
    return PreparedTrace(item, prompt, encoding, n_scored, UnscoredReason.CONTEXT_LENGTH)


def _ranked_result(prepared: PreparedTrace, scores: TokenScores | None, with_ranks: bool) -> RoleResult:
    """What is stored of a trace, with rank 0 where no logprob came."""
    result = role_result(prepared, None if scores is None else scores.logprob)
    if not with_ranks:
        return result
    rank = np.zeros(len(result.tokens), dtype=np.int32)
    if scores is not None and scores.rank is not None:
        rank[: prepared.n_scored] = scores.rank
    return replace(result, tokens=replace(result.tokens, rank=rank))


def _without_logprobs(encoding: Encoding) -> TokenLogprobs:
    missing = np.full(len(encoding), np.nan, dtype=np.float32)
    return TokenLogprobs(encoding.token_id, encoding.char_start, encoding.char_end, missing)


def role_result(prepared: PreparedTrace, logprob: Floats | None, *, detail: str | None = None) -> RoleResult:
    """What is stored of a trace: NaN where no logprob came. Shapes: `logprob` is (n_scored,), or None for nothing."""
    item = prepared.item
    tokens = _without_logprobs(prepared.encoding)
    reason = prepared.reason
    if logprob is not None:
        finite = np.isfinite(logprob)
        tokens.logprob[: prepared.n_scored] = np.where(finite, logprob, np.nan)
        if reason is None and not finite.all():
            reason = UnscoredReason.NON_FINITE
    n_straddling = assign_tokens(item.trace.response, item.spans, tokens).n_straddling
    return RoleResult(item.trace_no, tokens, n_straddling, reason, detail)
