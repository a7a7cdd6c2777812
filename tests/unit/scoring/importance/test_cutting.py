"""A trace cut by its sentences, on tokens of a few characters each."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.records import Span, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.records.importance import NO_ANSWER
from rdpt_core.scoring.importance.cutting import CutTrace, cut_trace

PROMPT = ("Question?", [7, 8])


def pieces(*texts: str) -> tuple[Trace, list[Span], TokenLogprobs]:
    """Sentences, and tokens of two characters each within them, with ids from 100."""
    spans, starts, ends, place = [], [], [], 0
    for text in texts:
        spans.append(Span(place, place + len(text)))
        for first in range(place, place + len(text), 2):
            starts.append(first)
            ends.append(min(first + 2, place + len(text)))
        place += len(text)
    n = len(starts)
    tokens = TokenLogprobs(
        np.arange(100, 100 + n, dtype=np.int32),
        np.array(starts, dtype=np.int32),
        np.array(ends, dtype=np.int32),
        np.zeros(n, dtype=np.float32),
    )
    return Trace(trace_id="t", question_id="q", response="".join(texts)), spans, tokens


def cut(*texts: str, limit: int | None = None) -> CutTrace | str:
    trace, spans, tokens = pieces(*texts)
    return cut_trace(3, trace, spans, (tokens, None), PROMPT, limit)


def test_sentences_before_the_answer_are_measured() -> None:
    made = cut("A is. ", "B or. ", "The answer is 4. ", "Done. ")
    assert isinstance(made, CutTrace)
    assert (made.answer, made.measured, made.n_answer, made.n_prompt) == (2, (0, 1), 9, 2)
    assert made.ids.tolist() == [7, 8, *range(100, 115)]
    assert made.before(1).tolist() == [7, 8, 100, 101, 102]
    assert made.sentence(1).tolist() == [103, 104, 105]
    assert made.after(1).tolist() == list(range(106, 115))
    assert made.n_branch_ids == (3 + 9) + 9


def test_marks_and_empty_sentences_are_not_measured() -> None:
    trace, spans, tokens = pieces("<think>", "A is. ", "B. ", "</think>", "It is 5.", "</s>")
    kept = ~np.isin(tokens.char_start, [13, 15])  # The tokens of "B. ".
    some = TokenLogprobs(
        *(array[kept] for array in (tokens.token_id, tokens.char_start, tokens.char_end, tokens.logprob))
    )
    made = cut_trace(0, trace, spans, (some, None), PROMPT, None)
    assert isinstance(made, CutTrace)
    # A mark at the end is no answer.
    assert (made.answer, made.measured) == (4, (1,))


def test_the_sentence_of_a_token_that_reaches_into_the_answer() -> None:
    trace, spans, tokens = pieces("A is. ", "4")
    # One token holds the end of the first sentence and all of the second.
    joined = TokenLogprobs(
        tokens.token_id[:3], tokens.char_start[:3], np.array([2, 4, 7], dtype=np.int32), tokens.logprob[:3]
    )
    made = cut_trace(0, trace, spans, (joined, None), PROMPT, None)
    assert isinstance(made, CutTrace)
    assert (made.answer, made.measured, made.n_answer) == (0, (), 3)


def test_why_a_trace_is_not_cut() -> None:
    trace, spans, tokens = pieces("A is. ", "It is 4.")
    nothing = TokenLogprobs(*(np.empty(0, dtype=np.int32),) * 3, np.empty(0, dtype=np.float32))
    assert cut_trace(0, trace, spans, (nothing, "untokenizable"), PROMPT, None) == "untokenizable"
    assert cut_trace(0, trace, spans, (nothing, None), PROMPT, None) == UnscoredReason.NO_TOKENS
    assert cut_trace(0, trace, spans, (tokens, None), ("", []), None) == UnscoredReason.EMPTY_PROMPT
    assert cut("<think>", "A is. ") == NO_ANSWER
    assert cut("<think>", "A is. ", "</think>", "<|im_end|>") == NO_ANSWER
    assert cut("A is. ", "It is 4.", limit=8) == UnscoredReason.CONTEXT_LENGTH
    assert isinstance(cut("A is. ", "It is 4.", limit=9), CutTrace)


def test_what_follows_the_answer_needs_no_room() -> None:
    made = cut("A is. ", "The answer is 4. ", "And so on.", limit=2 + 3 + 9)
    assert isinstance(made, CutTrace)
    assert len(made.ids) == 14


@pytest.mark.parametrize("text", ["4", "It is 4."])
def test_an_answer_alone(text: str) -> None:
    made = cut(text)
    assert isinstance(made, CutTrace)
    assert (made.answer, made.measured, made.n_branch_ids) == (0, (), 0)
