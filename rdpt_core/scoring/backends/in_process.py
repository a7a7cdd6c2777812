"""A model that transformers loads in this process: prompts, tokens and logprobs are all made here."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rdpt_core.arrays import Floats
from rdpt_core.records import RoleResult, ScoredModel, Trace
from rdpt_core.scoring.backends.base import (
    Batch,
    PreparedTrace,
    Preview,
    Prompting,
    ScoringItem,
    prepare_traces,
    preview_traces,
    role_result,
)
from rdpt_core.scoring.backends.lending import Base, LentBase
from rdpt_core.scoring.concurrency import map_in_order
from rdpt_core.scoring.engine.batching import PlanItem, plan_batches
from rdpt_core.scoring.models.configuration import read_config
from rdpt_core.scoring.models.devices import worker_devices
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.prompts.templates import own_template, template_name
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.scoring.models.weights import count_parameters, read_tensors
from rdpt_core.traces.thinking import Spelling

if TYPE_CHECKING:
    from rdpt_core.scoring.engine.kernel import CausalKernel, TokenScores


@dataclass(frozen=True, slots=True)
class TransformersOptions:
    """How a model of this machine runs. `device` and `dtype` are resolved; `batch_tokens` is None for automatic.

    Attributes:
        temperatures: by the key of a variant, what logits are divided by for it, beside the model's own numbers.
    """

    device: str
    dtype: str
    batch_tokens: int | None
    prompting: Prompting
    trust_remote_code: bool = False
    with_ranks: bool = False
    temperatures: Mapping[str, float] = field(default_factory=dict)


class TransformersBackend:
    """A causal language model loaded by transformers on this machine.

    Args:
        lent: where a base is kept for the next role, and taken from.
    """

    def __init__(
        self,
        role: str,
        files: ModelFiles,
        tokenizer: RoleTokenizer,
        distilled_tokenizer: RoleTokenizer | None,
        options: TransformersOptions,
        lent: LentBase,
    ) -> None:
        self._files = files
        self._tokenizer = tokenizer
        self._distilled_tokenizer = distilled_tokenizer
        self._options = options
        self._kernels: list[CausalKernel] = []
        tensors = read_tensors(files)
        config = read_config(files, tensors, options.trust_remote_code)
        self._context_length = getattr(config, "max_position_embeddings", None)
        self._vocabulary_size = int(config.vocab_size)
        self._base: Base | None = Base(files.base_revision, options.dtype)
        if files.adapter is not None:
            from rdpt_core.scoring.models.merging import check_adapter, holds_base

            self._vocabulary_size = check_adapter(files, files.adapter, options.trust_remote_code)
            if not holds_base(files, options.dtype):
                self._base = None
        self._lent, self._is_waiting = lent, True
        lent.expect(self._base)
        self._n_parameters = count_parameters(tensors)
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

    @property
    def prompt_hash(self) -> None:
        """The revision covers everything that decides a prompt."""
        return None

    @property
    def chat_template(self) -> ChatTemplate | None:
        """From the tokenizer."""
        return own_template(self._options.prompting.template_policy, self._model.role, self._tokenizer)

    @property
    def own_marks(self) -> Spelling | None:
        """Those that stand in place of the writer's."""
        return self._options.prompting.marks

    @property
    def served(self) -> None:
        """It runs here."""
        return None

    @property
    def recorded(self) -> None:
        """It is asked now."""
        return None

    def preview(self, traces: Sequence[Trace]) -> Preview:
        """How the model's prompts begin, and whether its tokens are what one expects."""
        return preview_traces(traces, self._tokenizer, self._distilled_tokenizer, self._options.prompting)

    def load(self) -> None:
        """One kernel for every worker's device."""
        from rdpt_core.scoring.engine.kernel import CausalKernel
        from rdpt_core.scoring.models.merging import load_merged

        options, self._is_waiting = self._options, False
        bases = self._lent.take(self._base)
        devices = [str(base.device) for base in bases] or worker_devices(
            options.device, self._n_parameters, options.dtype
        )
        for device in devices:
            model = load_merged(
                self._files,
                device=device,
                dtype=options.dtype,
                trust_remote_code=options.trust_remote_code,
                base=bases.pop(0) if bases else None,
            )
            self._kernels.append(CausalKernel(model, options.batch_tokens))

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """Traces with the same prompt together, the largest batch first; traces without a scorable token last."""
        traces = prepare_traces(
            items, self._tokenizer, self._distilled_tokenizer, self._options.prompting, self._context_length
        )
        scorable = [trace for trace in traces if trace.n_scored > 0]
        kernel = self._kernels[0]
        plan = plan_batches(
            [PlanItem(tuple(trace.prompt), len(trace.prompt), trace.n_scored) for trace in scorable],
            kernel.budget_rows,
            share=kernel.shares,
        )
        batches = [[scorable[position] for position in positions] for positions in plan]
        rest = [trace for trace in traces if trace.n_scored == 0]
        return [*batches, rest] if rest else batches

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """One worker a device; in the order of the batches, whichever worker is done first."""
        workers = [functools.partial(self._score_batch, kernel) for kernel in self._kernels]
        for results in map_in_order(workers, batches):
            if self._options.device == "cpu":
                self._files.check_mapped()
            yield results

    def score_at(
        self, prepared: Iterable[PreparedTrace], temperatures: Sequence[float]
    ) -> Iterator[tuple[PreparedTrace, Floats]]:
        """Traces that have a token to score, with their logprobs after logits were divided by each temperature.

        Shapes: (len(temperatures), n_scored). Units: nats, NaN where the model gives none.
        """
        from rdpt_core.scoring.engine.kernel import TokenSequence, check_ids

        for trace in prepared:
            if trace.n_scored == 0:
                continue
            sequence = TokenSequence(trace.prompt, trace.encoding.token_id[: trace.n_scored])
            check_ids([sequence], self._vocabulary_size, self._files.name)
            logprob = self._kernels[0].score_at(sequence, temperatures)
            if self._options.device == "cpu":
                self._files.check_mapped()
            yield trace, np.where(np.isfinite(logprob), logprob, np.nan)

    def close(self) -> None:
        """Drop the model and return its memory, unless the next role goes on with it as its base."""
        import torch

        if self._is_waiting:
            self._is_waiting = False
            if not self._lent.give_up(self._base):
                # It was never loaded. To look for garbage takes longer than all else that a scored role costs.
                return
        elif self._kernels and self._files.adapter is None:
            self._lent.lend(self._base, self._kernels)
        self._kernels = []
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _score_batch(self, kernel: CausalKernel, batch: Batch) -> list[RoleResult]:
        from rdpt_core.scoring.engine.kernel import TokenSequence, check_ids

        chosen = [number for number, trace in enumerate(batch) if trace.n_scored > 0]
        sequences = [
            TokenSequence(batch[number].prompt, batch[number].encoding.token_id[: batch[number].n_scored])
            for number in chosen
        ]
        scores: dict[int, TokenScores] = {}
        options = self._options
        if sequences:
            check_ids(sequences, self._vocabulary_size, self._files.name)
            temperatures = tuple(options.temperatures.values())
            scored = kernel.score_tokens(sequences, with_ranks=options.with_ranks, temperatures=temperatures)
            scores = dict(zip(chosen, scored, strict=True))
        return [_result(trace, scores.get(number), options) for number, trace in enumerate(batch)]


def _result(prepared: PreparedTrace, scores: TokenScores | None, options: TransformersOptions) -> RoleResult:
    """What is stored of a trace under the model, and under its variants at other temperatures."""
    own = _ranked_result(prepared, None if scores is None else scores.logprob, scores, options)
    variants = {
        key: _ranked_result(prepared, None if scores is None else scores.at[place], scores, options)
        for place, key in enumerate(options.temperatures)
    }
    return replace(own, variants=variants) if variants else own


def _ranked_result(
    prepared: PreparedTrace, logprob: Floats | None, scores: TokenScores | None, options: TransformersOptions
) -> RoleResult:
    """With rank 0 where no logprob came. A temperature changes no rank: what is divided by it keeps its order."""
    result = role_result(prepared, logprob)
    if not options.with_ranks:
        return result
    rank = np.zeros(len(result.tokens), dtype=np.int32)
    if scores is not None and scores.rank is not None:
        rank[: prepared.n_scored] = np.where(np.isnan(result.tokens.logprob[: prepared.n_scored]), 0, scores.rank)
    return replace(result, tokens=replace(result.tokens, rank=rank))
