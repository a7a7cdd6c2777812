"""Importance of the sentences of a run: ln p(answer) with each of them, minus ln p(answer) without it.

    drop(i) = ln p(answer | prompt, s_1 … s_m) − ln p(answer | prompt, s_1 … s_{i−1}, x, s_{i+1} … s_m)

x is nothing (deletion), or sentences that the same model draws after s_1 … s_{i−1} (replacement: ln p is then the mean
over them). All other sentences keep their token ids, and positions close up. A sentence that is drawn exactly as it
stands has a drop of exactly 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from rdpt_core.arrays import Doubles, SmallInts
from rdpt_core.records import (
    DEFAULT_TEMPLATE,
    ModelReference,
    RunKey,
    ScoredModel,
    Span,
    TemplatePolicy,
    TemplateSettings,
    TokenLogprobs,
    Trace,
    UnscoredReason,
)
from rdpt_core.records.importance import ImportanceMethod, Sampling, TraceImportance
from rdpt_core.scoring.importance.cutting import CutTrace, cut_trace
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.models.devices import resolve_device
from rdpt_core.scoring.models.prompts.templates import Rendering, Unrendered, render_prompts
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.stored import same_model
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces import get_splitter
from rdpt_core.traces.thinking import Spelling

IMPORTANCE_VERSION = 1
"""Rises with whatever gives other numbers for the same run: what the answer is, what is deleted, how one draws."""

_TRACES_PER_COMMIT = 64
_IDS_PER_COMMIT = 1 << 20
"""So many ids of branches, or one trace, are measured before they are stored."""


class ImportanceStore(Protocol):
    """What the pass asks of the database."""

    def traces(self, run: RunKey, first: int, last: int) -> list[Trace]: ...
    def spans(self, run: RunKey, first: int, last: int) -> Mapping[int, Sequence[Span]]: ...
    def tokens(
        self, run: RunKey, role: str, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]: ...
    def measured_trace_nos(self, run: RunKey, method: str, settings: Mapping[str, Any]) -> set[int]: ...
    def commit_importance(
        self, run: RunKey, method: str, settings: Mapping[str, Any], measured: Sequence[TraceImportance]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportanceRequest:
    """Which traces of which run, under its distilled model, by which method.

    Attributes:
        trace_nos: which of the run's traces, in order.
        splitter: the name of the run's.
        marks: those that the model saw in place of the writer's; None if it saw the writer's.
    """

    run: RunKey
    trace_nos: Sequence[int]
    model: ScoredModel
    template_policy: TemplatePolicy
    splitter: str
    method: ImportanceMethod = ImportanceMethod.DELETION
    sampling: Sampling = Sampling()
    template: TemplateSettings = DEFAULT_TEMPLATE
    marks: Spelling | None = None
    reference: ModelReference | None = None
    device: str = "auto"
    trust_remote_code: bool = False
    quiet: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that changes a number and is not the run's."""
        drawn = asdict(self.sampling) if self.method is ImportanceMethod.REPLACEMENT else {}
        return {"version": IMPORTANCE_VERSION, **drawn}


def measure_importance(request: ImportanceRequest, store: ImportanceStore) -> int:
    """Measure every trace that was asked for and is not measured yet; returns how many these were.

    Raises:
        UsageError: some traces are measured with other settings.
        ModelError: the model is not the one that scored the run.
    """
    run, role, settings = request.run, request.model.role, request.settings
    files, tokenizer = same_model(
        request.model, request.template, request.reference, trust_remote_code=request.trust_remote_code
    )
    done = store.measured_trace_nos(run, request.method, settings)
    waiting = [number for number in request.trace_nos if number not in done]
    if not waiting:
        return 0
    meter = _Meter(request, files, tokenizer)
    n_traces = len(request.trace_nos)
    bar = RoleProgressBar(role, n_traces, n_traces - len(waiting), quiet=request.quiet)
    for first in range(0, len(waiting), _TRACES_PER_COMMIT):
        numbers = waiting[first : first + _TRACES_PER_COMMIT]
        for cuts in _groups(meter.cut(numbers, store)):
            measured = meter.measure(cuts)
            files.check_mapped()
            store.commit_importance(run, request.method, settings, measured)
            bar.advance(len(cuts), sum(cut.n_branch_ids for cut in cuts if isinstance(cut, CutTrace)))
    bar.close()
    return len(waiting)


@dataclass(frozen=True, slots=True)
class _Uncut:
    """A trace that cannot be measured."""

    trace_no: int
    n_sentences: int
    reason: str


_Cut = CutTrace | _Uncut


def _groups(cuts: Sequence[_Cut]) -> Iterator[list[_Cut]]:
    """Traces that are measured and stored together."""
    group: list[_Cut] = []
    n_ids = 0
    for cut in cuts:
        n = cut.n_branch_ids if isinstance(cut, CutTrace) else 0
        if group and n_ids + n > _IDS_PER_COMMIT:
            yield group
            group, n_ids = [], 0
        group.append(cut)
        n_ids += n
    if group:
        yield group


class _Meter:
    """The loaded model."""

    def __init__(self, request: ImportanceRequest, files: ModelFiles, tokenizer: RoleTokenizer) -> None:
        from rdpt_core.scoring.models.merging import load_merged

        self._request, self._tokenizer = request, tokenizer
        self._loaded = load_merged(
            files,
            device=resolve_device(request.device),
            dtype=request.model.dtype,
            trust_remote_code=request.trust_remote_code,
        )
        self._kernel: Any = None

    def cut(self, numbers: Sequence[int], store: ImportanceStore) -> list[_Cut]:
        """Read and cut some traces of the run, given in order."""
        request, first, last = self._request, numbers[0], numbers[-1] + 1
        stored, spans = store.traces(request.run, first, last), store.spans(request.run, first, last)
        tokens = store.tokens(request.run, request.model.role, numbers)
        traces = [stored[number - first] for number in numbers]
        tokenizer = self._tokenizer
        renderings = render_prompts(request.template_policy, traces, tokenizer, tokenizer, request.marks)
        return [
            self._cut(number, trace, spans[number], tokens[number], rendering)
            for number, trace, rendering in zip(numbers, traces, renderings, strict=True)
        ]

    def _cut(
        self,
        number: int,
        trace: Trace,
        spans: Sequence[Span],
        tokens: tuple[TokenLogprobs, str | None],
        rendering: Rendering | Unrendered,
    ) -> _Cut:
        if isinstance(rendering, Unrendered):
            return _Uncut(number, len(spans), rendering.reason)
        prompt = rendering.text, self._tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)
        cut = cut_trace(number, trace, spans, tokens, prompt, self._request.model.context_length)
        return _Uncut(number, len(spans), cut) if isinstance(cut, str) else cut

    def measure(self, cuts: Sequence[_Cut]) -> list[TraceImportance]:
        """The result of every trace, in order."""
        whole = [cut for cut in cuts if isinstance(cut, CutTrace)]
        if self._request.method is ImportanceMethod.DELETION:
            drawn = [{number: [_NOTHING] for number in cut.measured} for cut in whole]
        else:
            drawn = self._draw(whole)
        measured = iter(self._measure(whole, drawn) if whole else [])
        return [
            next(measured)
            if isinstance(cut, CutTrace)
            else TraceImportance(cut.trace_no, None, None, None, np.full(cut.n_sentences, np.nan), cut.reason)
            for cut in cuts
        ]

    def _draw(self, cuts: Sequence[CutTrace]) -> list[dict[int, list[SmallInts]]]:
        from rdpt_core.scoring.importance.resampling import draw_sentences

        if self._kernel is not None:
            # It draws by its own forward pass, which the kernel has replaced.
            self._loaded, self._kernel = self._kernel.release(), None
        return draw_sentences(
            self._loaded,
            self._tokenizer,
            get_splitter(self._request.splitter).split,
            cuts,
            self._request.sampling,
            self._request.model.context_length,
        )

    def _measure(
        self, cuts: Sequence[CutTrace], drawn: Sequence[Mapping[int, Sequence[SmallInts]]]
    ) -> list[TraceImportance]:
        from rdpt_core.scoring.engine.branches import Branch, BranchedSequence, score_branches
        from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence, check_ids

        if self._kernel is None:
            self._kernel = CausalKernel(self._loaded)
        name = self._request.model.model
        check_ids(
            [TokenSequence(cut.ids[: cut.n_prompt].tolist(), cut.ids[cut.n_prompt :]) for cut in cuts],
            self._kernel.model.get_input_embeddings().num_embeddings,
            name,
        )
        origins = [list(_origins(cut, sentences)) for cut, sentences in zip(cuts, drawn, strict=True)]
        sequences = [
            BranchedSequence(
                cut.ids,
                cut.n_answer,
                tuple(Branch(int(cut.bounds[number]), np.concatenate([ids, cut.after(number)])) for number, ids in own),
            )
            for cut, own in zip(cuts, origins, strict=True)
        ]
        results = []
        for cut, sentences, own, scored in zip(
            cuts, drawn, origins, score_branches(self._kernel, sequences), strict=True
        ):
            results.append(_result(cut, sentences, [number for number, _ in own], scored))
        return results


_NOTHING: SmallInts = np.empty(0, dtype=np.int32)


def _origins(cut: CutTrace, drawn: Mapping[int, Sequence[SmallInts]]) -> Iterator[tuple[int, SmallInts]]:
    """Number of a sentence, and what stands in its place; without those that were drawn as they stand."""
    for number, sentences in drawn.items():
        for ids in sentences:
            if not np.array_equal(ids, cut.sentence(number)):
                yield number, ids


def _result(
    cut: CutTrace, drawn: Mapping[int, Sequence[SmallInts]], numbers: Sequence[int], scored: Doubles
) -> TraceImportance:
    """The means over what was drawn. Shapes: scored (1 + len(numbers),), the whole trace first."""
    drops = np.full(len(cut.spans), np.nan)
    answer = cut.spans[cut.answer]
    whole, branches = float(scored[0]), scored[1:]
    if not np.isfinite(whole):
        return TraceImportance(cut.trace_no, answer, cut.n_answer, None, drops, UnscoredReason.NON_FINITE)
    falls: dict[int, list[float]] = {number: [] for number in drawn}
    for number, logprob in zip(numbers, branches, strict=True):
        falls[number].append(whole - float(logprob))
    for number, own in falls.items():
        # What was drawn as it stands takes nothing away.
        mean = sum(own) / len(drawn[number]) if drawn[number] else np.nan
        drops[number] = mean if np.isfinite(mean) else np.nan
    return TraceImportance(cut.trace_no, answer, cut.n_answer, whole, drops)
