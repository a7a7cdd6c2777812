"""One recording laid over one response: the tokens that are the response's, and what of them is in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rdpt_core.arrays import Bools
from rdpt_core.records import Span, TokenLogprobs
from rdpt_core.scoring.backends.recorded.alignment import Aligned, Misaligned, ResponseBytes, align
from rdpt_core.scoring.backends.recorded.matching.merged import Merged, merged_tokens
from rdpt_core.scoring.backends.recorded.matching.texts import squeezed, text_of
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording
from rdpt_core.scoring.backends.recorded.spelling import Spelled, spellings


@dataclass(frozen=True, slots=True)
class Fit:
    """The tokens of a response, with NaN where a logprob is in doubt.

    Attributes:
        is_exact: the tokens spell the response and nothing else.
        cut: why the last tokens are in doubt; None if they are not.
        n_cut: how many these are.
        merged: why tokens of characters are in doubt; None if none are.
        is_merged: which these are. Shape: (n_tokens,).
    """

    tokens: TokenLogprobs
    is_exact: bool = True
    cut: str | None = None
    merged: str | None = None
    is_merged: Bools | None = None
    n_cut: int = 0

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
    short: Misaligned | None = None
    for spelled in spellings(recording, vocabulary):
        for first in _beginnings(response.text, spelled, recording.is_prompt):
            outcome = align(response, spelled, first, recording.seams)
            if isinstance(outcome, Misaligned):
                farthest = outcome if outcome.char >= farthest.char else farthest
                short = outcome if outcome.short is not None and first == 0 else short
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
    if best is not None:
        return _fit(response, recording, *best, merged_tokens(recording, vocabulary))
    if short is None or short.short is None or _crossing(sentences, short.short) is not None:
        return farthest
    begun = _fit(response, recording, short.short, [], merged_tokens(recording, vocabulary))
    return _with_rest(begun, response, sentences, short.char, f"{recording.source}: {short.detail}")


def _with_rest(begun: Fit, response: ResponseBytes, sentences: Sequence[Span], char: int, why: str) -> Fit:
    """Tokens that end at a character before the response does, and one without a logprob for each sentence behind."""
    # Blank space is of the token behind it, whose sentence begins after it.
    char += len(response.text[char:]) - len(response.text[char:].lstrip())
    rest = [span for span in sentences if span.char_end > char]
    if not rest:
        return replace(begun, is_exact=False)
    tokens = begun.tokens
    start = np.array([max(span.char_start, char) for span in rest], dtype=np.int32)
    end = np.array([span.char_end for span in rest], dtype=np.int32)
    unknown = np.full(len(rest), UNKNOWN_ID, dtype=np.int32)
    nothing = np.full(len(rest), np.nan, dtype=np.float32)
    is_merged = begun.is_merged
    return replace(
        begun,
        tokens=TokenLogprobs(
            np.concatenate([tokens.token_id, unknown]),
            np.concatenate([tokens.char_start, start]),
            np.concatenate([tokens.char_end, end]),
            np.concatenate([tokens.logprob, nothing]),
        ),
        is_exact=False,
        cut=why,
        n_cut=len(rest),
        is_merged=None if is_merged is None else np.concatenate([is_merged, np.zeros(len(rest), dtype=np.bool_)]),
    )


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
        return Fit(tokens, aligned.is_exact, cut, n_cut=int(aligned.is_cut))
    detail = f"{recording.source}: {merged.detail}"
    return Fit(tokens, aligned.is_exact, cut, detail, is_merged, n_cut=int(aligned.is_cut))


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
