"""One recording laid over one response: the tokens that are the response's, and what of them is in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Bools
from rdpt_core.records import Span, TokenLogprobs
from rdpt_core.scoring.backends.recorded.alignment import Aligned, Misaligned, ResponseBytes, align
from rdpt_core.scoring.backends.recorded.matching.merged import Merged, merged_tokens
from rdpt_core.scoring.backends.recorded.matching.texts import squeezed, text_of
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.spelling import Spelled, spellings


@dataclass(frozen=True, slots=True)
class Fit:
    """The tokens of a response, with NaN where a logprob is in doubt.

    Attributes:
        is_exact: the tokens spell the response and nothing else.
        cut: why the last token is in doubt; None if it is not.
        merged: why tokens of characters are in doubt; None if none are.
        is_merged: which these are. Shape: (n_tokens,).
    """

    tokens: TokenLogprobs
    is_exact: bool = True
    cut: str | None = None
    merged: str | None = None
    is_merged: Bools | None = None

    @property
    def detail(self) -> str | None:
        """What is in doubt, in words."""
        return "; ".join(filter(None, (self.merged, self.cut))) or None


def fit(
    response: ResponseBytes, sentences: Sequence[Span], recording: Recording, vocabulary: Mapping[int, str] | None
) -> Fit | Misaligned:
    """The tokens of a recording laid over a response, from its start or from wherever the response begins in it."""
    if recording.fault is not None:
        return Misaligned(0, recording.fault)
    if recording.char_start is not None and recording.char_end is not None:
        return _by_offsets(response, recording)
    farthest = Misaligned(0, "the recording has neither texts nor offsets; with `tokenizer`, its ids can be read")
    best: tuple[Aligned, Spelled] | None = None
    for spelled in spellings(recording, vocabulary):
        for first in _beginnings(response.text, spelled, recording.is_prompt):
            outcome = align(response, spelled, first, recording.seams)
            if isinstance(outcome, Misaligned):
                farthest = outcome if outcome.char >= farthest.char else farthest
                continue
            if _is_unclear(response.text, spelled, first):
                what = f"token {first - 1} is empty and may be of the prompt or of the response"
                return Misaligned(0, f"{what}; with `tokenizer`, ids can tell")
            if (crossing := _crossing(sentences, outcome)) is not None:
                return crossing
            if best is None or _doubts(outcome) < _doubts(best[0]):
                best = outcome, spelled
            if outcome.is_exact:
                return _fit(response, recording, *best, merged_tokens(recording, vocabulary))
    return farthest if best is None else _fit(response, recording, *best, merged_tokens(recording, vocabulary))


def _doubts(aligned: Aligned) -> tuple[bool, int]:
    return aligned.is_cut, aligned.n_seams


def _beginnings(text: str, tokens: Spelled, is_prompt: bool) -> Iterator[int]:
    """Numbers of the tokens at which the response may begin: the first, or those where the rest reads like it."""
    if not is_prompt:
        yield 0
    n_before = squeezed(text_of(tokens)).rfind(squeezed(text))
    if n_before < 0:
        return
    lengths = np.cumsum([0, *(len(squeezed(text_of([token]))) for token in tokens)])
    for number in np.flatnonzero(lengths[:-1] == n_before).tolist():
        if tokens[number] != b"" and (is_prompt or number):
            yield number


def _is_unclear(text: str, tokens: Spelled, first: int) -> bool:
    """Whether an empty token before the response may be a piece of its first character."""
    return first > 0 and tokens[first - 1] == b"" and not text[:1].isascii()


def _crossing(sentences: Sequence[Span], aligned: Aligned) -> Misaligned | None:
    """Why tokens cannot be told apart that share characters of two sentences."""
    ends = {span.char_end for span in sentences} if aligned.shared else set()
    for group in aligned.shared:
        if not ends.isdisjoint(range(group.char_start + 1, group.char_end)):
            what = "unreadable tokens cross the end of a sentence"
            return Misaligned(group.char_start, f"{what} (character {group.char_start}); set `tokenizer`")
    return None


def _fit(
    response: ResponseBytes, recording: Recording, aligned: Aligned, spelled: Spelled, merged: Merged | None
) -> Fit:
    number = aligned.number
    logprob = recording.logprob[number]
    is_merged = None if merged is None else merged.is_short[number]
    if is_merged is not None:
        logprob[is_merged] = np.nan
    cut = None
    if aligned.is_cut:
        last = int(number[-1])
        text = (spelled[last] or b"").decode("utf-8", "replace")
        rest = response.text[int(aligned.char_start[-1]) :]
        cut = (
            f"{recording.source}: the response ends inside token {last}, {text!r}, with {rest!r} "
            f"(character {int(aligned.char_start[-1])}), and the logprob is the whole token's"
        )
        logprob[-1] = np.nan
    tokens = TokenLogprobs(recording.token_id[number], aligned.char_start, aligned.char_end, logprob)
    if merged is None or is_merged is None or not is_merged.any():
        return Fit(tokens, aligned.is_exact, cut)
    return Fit(tokens, aligned.is_exact, cut, f"{recording.source}: {merged.detail}", is_merged)


def _by_offsets(response: ResponseBytes, recording: Recording) -> Fit | Misaligned:
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
    return Fit(TokenLogprobs(recording.token_id, start, end, recording.logprob))
