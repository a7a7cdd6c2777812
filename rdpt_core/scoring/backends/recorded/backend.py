"""Recorded logprobs, as the pipeline sees them: no model, no prompt, only text that must be the response's."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from rdpt_core.errors import InputError
from rdpt_core.records import ModelReference, Role, RoleResult, ScoredModel, Span, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import Batch, PreparedTrace, ScoringItem
from rdpt_core.scoring.backends.recorded.alignment import Aligned, Misaligned, ResponseBytes, align
from rdpt_core.scoring.backends.recorded.judgement import Verdict, judge
from rdpt_core.scoring.backends.recorded.library import read_library, squeezed, text_of
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.spelling import Spelled, spellings
from rdpt_core.scoring.models.hashed_files import HashedFiles
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.tokenization import Encoding, RoleTokenizer
from rdpt_core.traces.token_spans import assign_tokens

_LOGGER = logging.getLogger(__name__)

_BATCH_TRACES = 64


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
        role: Role,
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
        self._used: set[int] = set()
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
        """What is recorded of one trace. It does not count as use of its recording."""
        used = set(self._used)
        result = self._result(item)
        self._used = used
        return result

    def close(self) -> None:
        """Warn of recordings that were of no use."""
        n = len(self._library.recordings)
        if self._used and len(self._used) < n:
            unused = f"{n - len(self._used):,} of {n:,}"
            _LOGGER.warning("%s: %s recordings belong to no trace", self._model.role, unused)

    def _result(self, item: ScoringItem) -> RoleResult:
        outcome = self._find(item)
        if isinstance(outcome, TokenLogprobs):
            reason = UnscoredReason.NOT_RECORDED if np.isnan(outcome.logprob).any() else None
            detail = self._verdict.why_missing(int(np.isnan(outcome.logprob).sum()))
            tokens = outcome
        else:
            reason, detail = outcome
            tokens = _no_tokens()
        n_straddling = assign_tokens(item.trace.response, item.spans, tokens).n_straddling
        return RoleResult(item.trace_no, tokens, n_straddling, reason, detail)

    def _find(self, item: ScoringItem) -> TokenLogprobs | tuple[UnscoredReason, str]:
        """The tokens of a response, or why there are none: none recorded, none that fit, or several that differ."""
        trace = item.trace
        if not trace.response:
            return _no_tokens()
        numbers = self._library.candidates(trace)
        if not numbers:
            detail = "no recording has the id or the text of this trace"
            if n := len(self._library.unspelled):
                detail += f"; of {n:,} only the token ids are known, which `tokenizer` would spell"
            return UnscoredReason.NOT_RECORDED, detail
        response = ResponseBytes(trace.response)
        fitting: list[tuple[int, TokenLogprobs]] = []
        farthest = Misaligned(-1, "")
        for number in numbers:
            recording = self._library.recordings[number]
            outcome = _fit(response, item.spans, recording, self._vocabulary)
            if isinstance(outcome, TokenLogprobs):
                fitting.append((number, outcome))
            elif outcome.char > farthest.char:
                farthest = Misaligned(outcome.char, f"{recording.source}: {outcome.detail}")
        if not fitting:
            return UnscoredReason.NOT_ALIGNED, farthest.detail
        self._used.update(number for number, _ in fitting)
        if len(fitting) > 1:
            # The same text after several prompts: the question decides, where the prompts were recorded.
            asked = [pair for pair in fitting if _asks(self._library.recordings[pair[0]], trace)]
            fitting = asked or fitting
        if any(not _same(a, b) for (_, a), (_, b) in pairwise(fitting)):
            sources = ", ".join(self._library.recordings[number].source for number, _ in fitting[:4])
            return UnscoredReason.NOT_ALIGNED, f"several recordings have this text and differ: {sources}"
        return fitting[0][1]


def _fit(
    response: ResponseBytes, sentences: Sequence[Span], recording: Recording, vocabulary: Mapping[int, str] | None
) -> TokenLogprobs | Misaligned:
    """The tokens of a recording laid over a response, from its start or from wherever the response begins in it."""
    if recording.fault is not None:
        return Misaligned(0, recording.fault)
    if recording.char_start is not None and recording.char_end is not None:
        return _by_offsets(response, recording)
    farthest = Misaligned(0, "the recording has neither texts nor offsets; with `tokenizer`, its ids can be read")
    for spelled in spellings(recording, vocabulary):
        for first in _beginnings(response.text, spelled, recording.is_prompt):
            outcome = align(response, spelled, first)
            if isinstance(outcome, Aligned) and _is_unclear(response.text, spelled, first):
                what = f"token {first - 1} is empty and may be of the prompt or of the response"
                return Misaligned(0, f"{what}; with `tokenizer`, ids can tell")
            if isinstance(outcome, Aligned):
                ends = {span.char_end for span in sentences}
                for shared in outcome.shared:
                    if not ends.isdisjoint(range(shared.char_start + 1, shared.char_end)):
                        what = "unreadable tokens cross the end of a sentence"
                        return Misaligned(shared.char_start, f"{what} (character {shared.char_start}); set `tokenizer`")
                return _cut(recording, outcome)
            if outcome.char >= farthest.char:
                farthest = outcome
    return farthest


def _beginnings(text: str, tokens: Spelled, is_prompt: bool) -> list[int]:
    """Numbers of the tokens at which the response may begin: the first, or those where the rest reads like it."""
    lengths = np.cumsum([0, *(len(squeezed(text_of([token]))) for token in tokens)])
    n_before = squeezed(text_of(tokens)).rfind(squeezed(text))
    later = np.flatnonzero(lengths[:-1] == n_before).tolist() if n_before >= 0 else []
    later = [number for number in later if tokens[number] != b""]
    return later if is_prompt else list(dict.fromkeys([0, *later]))


def _is_unclear(text: str, tokens: Spelled, first: int) -> bool:
    """Whether an empty token before the response may be a piece of its first character."""
    return first > 0 and tokens[first - 1] == b"" and not text[:1].isascii()


def _by_offsets(response: ResponseBytes, recording: Recording) -> TokenLogprobs | Misaligned:
    """Offsets are taken as they are, once they cover what is visible and leave nothing out."""
    start, end = recording.char_start, recording.char_end
    assert start is not None and end is not None
    n = len(response.text)
    wrong = np.flatnonzero((start < 0) | (end > n) | (end <= start) | np.r_[False, np.diff(start) < 0])
    if len(wrong):
        number = int(wrong[0])
        return Misaligned(
            0, f"token {number} has the offsets {start[number]}–{end[number]} in a response of {n} characters"
        )
    depth = np.zeros(n + 1, dtype=np.int32)
    np.add.at(depth, start, 1)
    np.add.at(depth, end, -1)
    for gap in np.flatnonzero(np.cumsum(depth)[:-1] <= 0):
        if not response.text[gap].isspace():
            return Misaligned(int(gap), f"no token covers {response.text[gap]!r} (character {gap})")
    if recording.texts is not None:
        for number, text in enumerate(recording.texts):
            covered = response.text[start[number] : end[number]]
            if text.isascii() and squeezed(text) not in squeezed(covered):
                return Misaligned(
                    int(start[number]), f"token {number} is {text[:40]!r} where the response has {covered[:40]!r}"
                )
    return TokenLogprobs(recording.token_id, start, end, recording.logprob)


def _cut(recording: Recording, aligned: Aligned) -> TokenLogprobs:
    kept = slice(aligned.first, aligned.first + len(aligned.char_start))
    return TokenLogprobs(recording.token_id[kept], aligned.char_start, aligned.char_end, recording.logprob[kept])


def _same(a: TokenLogprobs, b: TokenLogprobs) -> bool:
    return (
        len(a) == len(b)
        and np.array_equal(a.char_start, b.char_start)
        and np.array_equal(a.logprob, b.logprob, equal_nan=True)
    )


def _asks(recording: Recording, trace: Trace) -> bool:
    """Whether the recorded prompt holds the trace's question, or is its prompt."""
    if recording.prompt is None:
        return False
    asked = trace.prompt if not trace.messages else trace.messages[-1].content
    return bool(asked) and squeezed(asked or "") in squeezed(recording.prompt)


def _no_tokens() -> TokenLogprobs:
    nothing = np.empty(0, dtype=np.int32)
    return TokenLogprobs(nothing, nothing, nothing, np.empty(0, dtype=np.float32))
