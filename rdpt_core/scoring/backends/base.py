"""Where token logprobs come from. One interface; what stands downstream does not know which backend answered.

A backend describes its model before loading it (the run's identity needs that), cuts windows of traces into batches,
scores batches, and gives its memory back when closed. Cutting and scoring may run in two threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from rdpt_core.arrays import Floats
from rdpt_core.records import (
    RoleResult,
    ScoredModel,
    Span,
    TemplatePolicy,
    TokenLogprobs,
    TooLong,
    Trace,
    UnscoredReason,
)
from rdpt_core.scoring.backends.recorded.judgement import Verdict
from rdpt_core.scoring.backends.served.greeting import ServedAs
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.prompts.templates import Rendering, Unrendered, render_prompts
from rdpt_core.scoring.models.tokenization import Encoding, RoleTokenizer
from rdpt_core.scoring.models.tokenizer_files import Difference
from rdpt_core.traces.respelling import respell
from rdpt_core.traces.thinking import Spelling
from rdpt_core.traces.token_spans import assign_tokens

_COMPARED_CHARS = 20_000
"""Of each text that is cut twice to compare: a difference shows in its first page or not at all."""


@dataclass(frozen=True, slots=True)
class ScoringItem:
    """One trace on its way through a backend.

    Attributes:
        unasked: why the model is not asked at all; None if it is.
    """

    trace_no: int
    trace: Trace
    spans: Sequence[Span]
    unasked: Unrendered | None = None


@dataclass(frozen=True, slots=True)
class PreparedTrace:
    """One trace as one model sees it: prompt ids, response tokens, how many of these are scored, why not all.

    `detail` says more exactly why nothing is.
    """

    item: ScoringItem
    prompt: list[int]
    encoding: Encoding
    n_scored: int
    reason: UnscoredReason | None
    detail: str | None = None


Batch = list[PreparedTrace]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sample of the traces shows of how a role sees them, before anything is scored.

    Attributes:
        first_id: the token that its prompts begin with; None if not all begin alike.
        first_token: the same as the vocabulary writes it.
        difference: the first piece of a text that transformers alone would cut otherwise than the model's files say.
    """

    first_id: int | None
    first_token: str | None
    difference: Difference | None


class Backend(Protocol):
    """Token logprobs of responses after their prompts, for one role."""

    @property
    def model(self) -> ScoredModel:
        """The model as it is used, known before anything is loaded."""
        ...

    @property
    def prompt_hash(self) -> str | None:
        """Of what decides the tokens of a prompt; None where the model's revision covers that, or no prompt is made."""
        ...

    @property
    def own_marks(self) -> Spelling | None:
        """The marks that the role sees in place of the writer's; None if it sees the writer's."""
        ...

    @property
    def chat_template(self) -> ChatTemplate | None:
        """The model's own, if it makes prompts of the run: this role's, or every role's."""
        ...

    @property
    def served(self) -> ServedAs | None:
        """The model as its server answered just now; None for one that is not served."""
        ...

    @property
    def recorded(self) -> Verdict | None:
        """What recorded numbers are; None for a model that is asked now."""
        ...

    def preview(self, traces: Sequence[Trace]) -> Preview | None:
        """What these traces show of the prompts and tokens that are made here; None if none are.

        Raises:
            ModelError: the chat template is broken or does not end.
        """
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
    """How a trace becomes a prompt and a response, under any backend that tokenises here.

    Attributes:
        marks: the role's own, to put in place of the writer's; None to leave these.
    """

    template_policy: TemplatePolicy
    too_long: TooLong
    marks: Spelling | None = None


def preview_traces(
    traces: Sequence[Trace], tokenizer: RoleTokenizer, distilled_tokenizer: RoleTokenizer | None, prompting: Prompting
) -> Preview:
    """See `Backend.preview`."""
    marks = prompting.marks
    made = render_prompts(prompting.template_policy, traces, tokenizer, distilled_tokenizer, marks)
    renderings = [rendering for rendering in made if isinstance(rendering, Rendering)]
    prompts = [tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos) for rendering in renderings]
    first_ids = {prompt[0] for prompt in prompts if prompt}
    first_id = first_ids.pop() if len(first_ids) == 1 else None
    responses = [trace.response if marks is None else respell(trace.response, marks).text for trace in traces]
    texts = [*responses, *(rendering.text for rendering in renderings)]
    return Preview(
        first_id,
        None if first_id is None else tokenizer.token_text(first_id),
        tokenizer.difference_from_transformers(text[:_COMPARED_CHARS] for text in texts),
    )


def prepare_traces(
    items: Sequence[ScoringItem],
    tokenizer: RoleTokenizer,
    distilled_tokenizer: RoleTokenizer | None,
    prompting: Prompting,
    context_length: int | None,
) -> list[PreparedTrace]:
    """Render and tokenise traces, and find how much of each fits the context.

    Raises:
        ModelError: the chat template is broken or does not end.
    """
    traces = [item.trace for item in items]
    renderings = render_prompts(prompting.template_policy, traces, tokenizer, distilled_tokenizer, prompting.marks)
    return [
        _prepare(item, item.unasked or rendering, tokenizer, prompting, context_length)
        for item, rendering in zip(items, renderings, strict=True)
    ]


def _prepare(
    item: ScoringItem,
    rendering: Rendering | Unrendered,
    tokenizer: RoleTokenizer,
    prompting: Prompting,
    context_length: int | None,
) -> PreparedTrace:
    nothing = np.empty(0, dtype=np.int32)
    if isinstance(rendering, Unrendered):
        return PreparedTrace(item, [], Encoding(nothing, nothing, nothing), 0, rendering.reason, rendering.detail)
    prompt = tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)
    encoding = _encode(item.trace.response, tokenizer, prompting.marks)
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


def _encode(response: str, tokenizer: RoleTokenizer, marks: Spelling | None) -> Encoding | None:
    """Tokens of a response as the role sees it, at the offsets of the response as it was written."""
    if marks is None:
        return tokenizer.encode_response(response)
    respelled = respell(response, marks)
    encoding = tokenizer.encode_response(respelled.text)
    if encoding is None:
        return None
    char_start, char_end = respelled.in_response(encoding.char_start, encoding.char_end)
    return replace(encoding, char_start=char_start, char_end=char_end)


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
    return RoleResult(item.trace_no, tokens, n_straddling, reason, detail or prepared.detail)
