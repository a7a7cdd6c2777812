"""Local scores: how likely each sentence is with only the few sentences before it in view.

Source: local average log probability, LALP (arXiv 2510.03988, "The Signal is in the Steps"). As we read it, a response
is a row of steps s_1 … s_m, and each step is scored with a short window of context in place of all that precedes it:

    local(j) = mean over tokens t of s_j of ln p(t | s_{j−n} … s_{j−1}, tokens of s_j before t)
    LALP     = mean over j of local(j)

Steps here are the run's own sentences that have tokens. **Ours**, where we found no statement: the prompt stands before
the first step, so it is in view of the first n steps and of no later one; a model that begins every text with its BOS
gets it before every window; n is 4 unless chosen.

    n = 2     prompt s1 s2 s3 s4        s1 sees prompt · s2 sees prompt s1 · s3 sees s1 s2 · s4 sees s2 s3

A second kind of pass (**ours**) keeps the prompt in view of every step, so that a sentence can be compared with itself
where all that precedes it is in view:

    n = 1, with the prompt        s1 sees prompt · s2 sees prompt s1 · s3 sees prompt s2 · s4 sees prompt s3
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rdpt_core.arrays import Doubles, Ints, SmallInts
from rdpt_core.errors import UsageError
from rdpt_core.records import (
    DEFAULT_TEMPLATE,
    LocalScores,
    ModelReference,
    RunKey,
    ScoredModel,
    Span,
    TemplatePolicy,
    TemplateSettings,
    TokenLogprobs,
    Trace,
)
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.models.devices import resolve_device
from rdpt_core.scoring.models.prompts.templates import Unrendered, render_prompts
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.stored import same_model
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.thinking import Spelling
from rdpt_core.traces.token_spans import assign_tokens

DEFAULT_CONTEXT = 4
DEFAULT_CONTEXT_WITH_PROMPT = 1

_TRACES_PER_COMMIT = 64


class LocalStore(Protocol):
    """What the pass asks of the database."""

    def traces(self, run: RunKey, first: int, last: int) -> list[Trace]: ...
    def spans(self, run: RunKey, first: int, last: int) -> Mapping[int, Sequence[Span]]: ...
    def tokens(
        self, run: RunKey, role: str, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]: ...
    def local_trace_nos(self, run: RunKey, role: str, n_context: int, *, with_prompt: bool) -> set[int]: ...
    def commit_local(
        self, run: RunKey, role: str, n_context: int, scores: Sequence[LocalScores], *, with_prompt: bool
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalRequest:
    """Which run, under which of its models, and how far a token looks back, in sentences.

    Attributes:
        marks: those that the model saw in place of the writer's; None if it saw the writer's.
        with_prompt: whether every step sees the prompt, and not the first ones only.
    """

    run: RunKey
    n_traces: int
    model: ScoredModel
    template_policy: TemplatePolicy
    template: TemplateSettings = DEFAULT_TEMPLATE
    marks: Spelling | None = None
    n_context: int = DEFAULT_CONTEXT
    with_prompt: bool = False
    reference: ModelReference | None = None
    device: str = "auto"
    trust_remote_code: bool = False
    quiet: bool = False


def score_locally(request: LocalRequest, store: LocalStore) -> int:
    """Score every trace of the run that has no local scores yet; returns how many these were.

    Raises:
        UsageError: the run's prompts cannot be made from this model alone.
        ModelError: the model is not the one that scored the run.
    """
    role, n_context, with_prompt = request.model.role, request.n_context, request.with_prompt
    files, tokenizer = _same_model(request)
    done = store.local_trace_nos(request.run, role, n_context, with_prompt=with_prompt)
    waiting = [number for number in range(request.n_traces) if number not in done]
    if not waiting:
        return 0
    scorer = _Scorer(request, files, tokenizer)
    bar = RoleProgressBar(role, request.n_traces, len(done), quiet=request.quiet)
    for first in range(0, request.n_traces, _TRACES_PER_COMMIT):
        last = min(first + _TRACES_PER_COMMIT, request.n_traces)
        missing = [number for number in range(first, last) if number not in done]
        if not missing:
            continue
        traces = store.traces(request.run, first, last)
        spans = store.spans(request.run, first, last)
        tokens = store.tokens(request.run, role, missing)
        cuts = [_CutTrace.of(number, traces[number - first], spans[number], tokens[number][0]) for number in missing]
        scores = scorer.score(cuts)
        files.check_mapped()
        store.commit_local(request.run, role, n_context, scores, with_prompt=with_prompt)
        bar.advance(len(scores), sum(len(cut.tokens) for cut in cuts))
    bar.close()
    return len(waiting)


def _same_model(request: LocalRequest) -> tuple[ModelFiles, RoleTokenizer]:
    if request.template_policy is TemplatePolicy.DISTILLED:
        raise UsageError(
            "the prompts of this run were made by the distilled model's template",
            where=f"template policy `{request.template_policy}`",
            expected="a run with the policy `own` or `raw`",
            hint="Score the traces again with `--template own`.",
        )
    return same_model(request.model, request.template, request.reference, trust_remote_code=request.trust_remote_code)


@dataclass(frozen=True, slots=True)
class _CutTrace:
    """A trace cut into its sentences' token ids; `steps` are the sentences that have any."""

    trace_no: int
    trace: Trace
    n_sentences: int
    steps: tuple[int, ...]
    tokens: SmallInts
    bounds: Ints

    @classmethod
    def of(cls, trace_no: int, trace: Trace, spans: Sequence[Span], tokens: TokenLogprobs) -> _CutTrace:
        sentence = assign_tokens(trace.response, spans, tokens).sentence_index
        bounds = np.searchsorted(sentence, np.arange(len(spans) + 1))
        steps = tuple(int(step) for step in np.flatnonzero(np.diff(bounds)))
        return cls(trace_no, trace, len(spans), steps, tokens.token_id, bounds)

    def step(self, position: int) -> SmallInts:
        """The tokens of a step."""
        sentence = self.steps[position]
        return self.tokens[self.bounds[sentence] : self.bounds[sentence + 1]]

    def before(self, position: int, n_context: int) -> SmallInts:
        """The tokens of the steps before a step that it sees."""
        if not position:
            return self.tokens[:0]
        first = self.steps[max(0, position - n_context)]
        return self.tokens[self.bounds[first] : self.bounds[self.steps[position - 1] + 1]]


class _Scorer:
    """The loaded model."""

    def __init__(self, request: LocalRequest, files: ModelFiles, tokenizer: RoleTokenizer) -> None:
        from rdpt_core.scoring.engine.kernel import CausalKernel
        from rdpt_core.scoring.models.merging import load_merged

        self._request, self._tokenizer = request, tokenizer
        loaded = load_merged(
            files,
            device=resolve_device(request.device),
            dtype=request.model.dtype,
            trust_remote_code=request.trust_remote_code,
        )
        self._kernel = CausalKernel(loaded)
        self._beginning = tokenizer.encode_prompt("", add_bos=True)

    def score(self, cuts: Sequence[_CutTrace]) -> list[LocalScores]:
        """All steps of some traces in one call, so that windows of all of them share packs."""
        from rdpt_core.scoring.engine.kernel import TokenSequence, check_ids

        origins: list[tuple[int, int]] = []
        sequences: list[TokenSequence] = []
        for number, cut in enumerate(cuts):
            for sentence, prompt, response in self._windows(cut):
                origins.append((number, sentence))
                sequences.append(TokenSequence(prompt, response))
        check_ids(sequences, self._kernel.model.get_input_embeddings().num_embeddings, self._request.model.model)
        sums = [np.full(cut.n_sentences, np.nan) for cut in cuts]
        lengths = [np.diff(cut.bounds) for cut in cuts]
        for (number, sentence), logprob in zip(origins, self._kernel.score(sequences), strict=True):
            # What the response begins with is in view only.
            own = logprob[len(logprob) - lengths[number][sentence] :]
            sums[number][sentence] = float(own.astype(np.float64).sum())
        return [
            LocalScores(cut.trace_no, total, _step_mean(total, n))
            for cut, total, n in zip(cuts, sums, lengths, strict=True)
        ]

    def _windows(self, cut: _CutTrace) -> Iterator[tuple[int, list[int], SmallInts]]:
        """Sentence, prompt and response of every step that fits into the model; the response ends with the step.

        Where the prompt is in view of all steps, the sentences that a step sees begin its response. They are scored in
        vain, but the prompt is then the same for all windows of a question, and a pack holds it once.
        """
        prompt = self._prompt(cut.trace)
        limit, n_context = self._request.model.context_length, self._request.n_context
        for position, sentence in enumerate(cut.steps):
            before, tokens = cut.before(position, n_context), cut.step(position)
            if self._request.with_prompt:
                context, response = prompt, np.concatenate([before, tokens])
            else:
                reaches_prompt = position < n_context
                context, response = [*(prompt if reaches_prompt else self._beginning), *before.tolist()], tokens
            if context and (limit is None or len(context) + len(response) <= limit):
                yield sentence, context, response

    def _prompt(self, trace: Trace) -> list[int]:
        """Empty if there is none; then the steps that would see it stay without a number."""
        request = self._request
        (rendering,) = render_prompts(request.template_policy, [trace], self._tokenizer, None, request.marks)
        if isinstance(rendering, Unrendered):
            return []
        return self._tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)


def _step_mean(total: Doubles, n_tokens: Ints) -> float | None:
    """Mean over the steps of their mean logprob; None without steps, or if one has no finite number."""
    has_tokens = n_tokens > 0
    if not has_tokens.any():
        return None
    mean = float((total[has_tokens] / n_tokens[has_tokens]).mean())
    return mean if np.isfinite(mean) else None
