"""Recorded logprobs, as the pipeline sees them: no model, no prompt, only text that must be the response's."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rdpt_core.errors import InputError
from rdpt_core.records import ModelReference, RoleResult, ScoredModel, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import Batch, PreparedTrace, ScoringItem
from rdpt_core.scoring.backends.recorded.alignment import Misaligned, ResponseBytes
from rdpt_core.scoring.backends.recorded.judgement import Verdict, judge
from rdpt_core.scoring.backends.recorded.library import read_library
from rdpt_core.scoring.backends.recorded.matching.agreement import disagreement, likeliest
from rdpt_core.scoring.backends.recorded.matching.fitting import Fit, fit
from rdpt_core.scoring.backends.recorded.matching.texts import squeezed
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.models.hashed_files import HashedFiles
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.tokenization import Encoding, RoleTokenizer
from rdpt_core.traces.token_spans import assign_tokens

_LOGGER = logging.getLogger(__name__)

_BATCH_TRACES = 64


@dataclass(slots=True)
class _Use:
    """What became of the recordings: `numbers` are those that were used."""

    numbers: set[int] = field(default_factory=set)
    n_merged_sentences: int = 0
    n_merged_traces: int = 0


class RecordedBackend:
    """One role's logprobs from files. The files are read at once: a run's identity needs to know how they cut text.

    Args:
        lends_template: the other roles' prompts are made by this role's chat template.
        trust: take the numbers as they are, whatever speaks against them.

    Raises:
        InputError: a file holds no recorded logprobs, or changes while it is read; or the numbers are not what the
            model gives at temperature 1.
    """

    def __init__(
        self,
        role: str,
        reference: ModelReference,
        tokenizer: RoleTokenizer | None,
        *,
        lends_template: bool = False,
        trust: bool = False,
    ) -> None:
        lender = tokenizer if lends_template else None
        self._prompt_hash = None if lender is None else lender.prompt_hash()
        self._chat_template = None if lender is None else lender.chat_template
        self._vocabulary = None if tokenizer is None else tokenizer.token_texts()
        paths = [Path(name) for name in reference.files]
        hashed = HashedFiles(lambda: paths)
        self._library = read_library(role, reference.files, self._vocabulary)
        if (changed := hashed.changed()) is not None:
            raise InputError("a file of recorded logprobs changed while it was read", where=changed)
        n_vocabulary = None if tokenizer is None else tokenizer.vocabulary_size
        self._verdict, self._library.recordings = judge(
            role,
            self._library.recordings,
            temperature=reference.temperature,
            n_vocabulary=n_vocabulary,
            trust=trust,
        )
        self._use = _Use()
        self._model = ScoredModel(
            role=role,
            model=reference.model or " + ".join(path.name for path in paths),
            revision=hashed.revision,
            backend="recorded",
            # Other numbers than those that were recorded, or trusted against the evidence, make another run.
            dtype=self._verdict.words,
            template="recorded",
            vocabulary_size=n_vocabulary,
            n_parameters=None,
            context_length=None,
            tokenizer_hash=f"cuts:{self._library.cuts_hash()}" if tokenizer is None else tokenizer.hash,
        )

    @property
    def model(self) -> ScoredModel:
        """The recordings, named by their contents."""
        return self._model

    @property
    def prompt_hash(self) -> str | None:
        """Recordings need no prompt; others may take their template from here."""
        return self._prompt_hash

    @property
    def own_marks(self) -> None:
        """The text is what was recorded."""
        return None

    @property
    def chat_template(self) -> ChatTemplate | None:
        """The one that is lent."""
        return self._chat_template

    @property
    def served(self) -> None:
        """It was recorded."""
        return None

    @property
    def recorded(self) -> Verdict:
        """What its numbers are."""
        return self._verdict

    def preview(self, traces: Sequence[Trace]) -> None:
        """Neither prompts nor tokens are made here."""

    def load(self) -> None:
        """Nothing: the files are read already."""

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """Some traces at a time. Nothing is tokenised: tokens come as they were recorded."""
        nothing = np.empty(0, dtype=np.int32)
        prepared = [PreparedTrace(item, [], Encoding(nothing, nothing, nothing), 0, None) for item in items]
        return [prepared[first : first + _BATCH_TRACES] for first in range(0, len(prepared), _BATCH_TRACES)]

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """Look every trace up and lay its tokens over its response."""
        for batch in batches:
            yield [self._result(prepared.item) for prepared in batch]

    def look_up(self, item: ScoringItem) -> RoleResult:
        """What is recorded of one trace. It counts for nothing that `close` warns of."""
        use, self._use = self._use, _Use()
        result = self._result(item)
        self._use = use
        return result

    def close(self) -> None:
        """Warn of recordings that were of no use, and of numbers that were lost."""
        n = len(self._library.recordings)
        used = self._use.numbers
        if used and len(used) < n:
            unused = f"{n - len(used):,} of {n:,}"
            _LOGGER.warning("%s: %s recordings belong to no trace", self._model.role, unused)
        if self._use.n_merged_traces:
            _LOGGER.warning(
                "%s: %s sentences of %s traces have no logprob, since llama.cpp writes a character of several tokens "
                "down with the logprob of its last token alone; %s",
                self._model.role,
                f"{self._use.n_merged_sentences:,}",
                f"{self._use.n_merged_traces:,}",
                "with `tokenizer`, ids tell which these are" if self._vocabulary is None else "their ids tell",
            )

    def _result(self, item: ScoringItem) -> RoleResult:
        outcome = self._find(item)
        if isinstance(outcome, Fit):
            tokens = outcome.tokens
            why_missing = self._verdict.why_missing(int(np.isnan(tokens.logprob).sum()))
            detail = "; ".join(filter(None, (outcome.detail, why_missing))) or None
            reason = _reason(outcome)
            self._count_merged(item, outcome)
        else:
            reason, detail = outcome
            tokens = _no_tokens()
        n_straddling = assign_tokens(item.trace.response, item.spans, tokens).n_straddling
        return RoleResult(item.trace_no, tokens, n_straddling, reason, detail)

    def _count_merged(self, item: ScoringItem, found: Fit) -> None:
        if found.is_merged is not None:
            sentences = assign_tokens(item.trace.response, item.spans, found.tokens).sentence_index[found.is_merged]
            self._use.n_merged_sentences += len(np.unique(sentences))
            self._use.n_merged_traces += 1

    def _find(self, item: ScoringItem) -> Fit | tuple[UnscoredReason, str]:
        """The tokens of a response, or why there are none: none recorded, none that fit, or several that differ."""
        trace = item.trace
        if not trace.response:
            return Fit(_no_tokens())
        numbers = self._library.candidates(trace)
        if not numbers:
            detail = "no recording has the id or the text of this trace"
            if n := len(self._library.unspelled):
                detail += f"; of {n:,} only the token ids are known, which `tokenizer` would spell"
            return UnscoredReason.NOT_RECORDED, detail
        response = ResponseBytes(trace.response)
        fitting: list[tuple[int, Fit]] = []
        farthest = Misaligned(-1, "")
        for number in numbers:
            recording = self._library.recordings[number]
            outcome = fit(response, item.spans, recording, self._vocabulary)
            if isinstance(outcome, Fit):
                fitting.append((number, outcome))
            elif outcome.char > farthest.char:
                farthest = Misaligned(outcome.char, f"{recording.source}: {outcome.detail}")
        if not fitting:
            return UnscoredReason.NOT_ALIGNED, farthest.detail
        self._use.numbers.update(number for number, _ in fitting)
        if len(fitting) > 1:
            # The same text after several prompts: the question decides, where the prompts were recorded.
            asked = [pair for pair in fitting if _asks(self._library.recordings[pair[0]], trace)]
            fitting = likeliest(asked or fitting)
        difference = disagreement([found for _, found in fitting])
        if difference is not None:
            sources = ", ".join(self._library.recordings[number].source for number, _ in fitting[:4])
            return UnscoredReason.NOT_ALIGNED, f"several recordings have this text and {difference}: {sources}"
        return fitting[0][1]


def _reason(found: Fit) -> UnscoredReason | None:
    """Why sentences of a response that was found have no logprob; None if all have one."""
    is_missing = np.isnan(found.tokens.logprob)
    if found.cut is not None and not is_missing[: len(is_missing) - found.n_cut].any():
        return UnscoredReason.NOT_ALIGNED
    return UnscoredReason.NOT_RECORDED if is_missing.any() else None


def _asks(recording: Recording, trace: Trace) -> bool:
    """Whether the recorded prompt holds the trace's question, or is its prompt."""
    if recording.prompt is None:
        return False
    asked = trace.prompt if not trace.messages else trace.messages[-1].content
    return bool(asked) and squeezed(asked or "") in squeezed(recording.prompt)


def _no_tokens() -> TokenLogprobs:
    nothing = np.empty(0, dtype=np.int32)
    return TokenLogprobs(nothing, nothing, nothing, np.empty(0, dtype=np.float32))
