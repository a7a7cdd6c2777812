"""A trace as the token ids of its sentences, and what is left of it without one of them.

    ids        prompt | s0 s1 s2 | answer s3 | s4         without s1:   prompt | s0 s2 | answer s3
    measured            .  .  .

What follows the answer is left out of everything: the answer does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.records import Span, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.records.importance import NO_ANSWER
from rdpt_core.scoring.importance.answer import find_answer
from rdpt_core.traces.markers import is_mark
from rdpt_core.traces.token_spans import assign_tokens


@dataclass(frozen=True, slots=True)
class CutTrace:
    """Shapes: `ids` (n_prompt + tokens up to the end of the answer,); sentence i has the ids from `bounds[i]` up to
    `bounds[i + 1]`, for every sentence up to the answer.

    Attributes:
        answer: number of the sentence that is the answer.
        measured: numbers of the sentences before it that have tokens and are no marks of format.
    """

    trace_no: int
    trace_id: str
    spans: Sequence[Span]
    ids: SmallInts
    n_prompt: int
    bounds: Ints
    answer: int
    measured: tuple[int, ...]

    @property
    def n_answer(self) -> int:
        """Tokens of the answer."""
        return int(self.bounds[self.answer + 1] - self.bounds[self.answer])

    @property
    def n_branch_ids(self) -> int:
        """Tokens after every measured sentence up to the end of the answer, added up: what it costs to measure them."""
        return int((len(self.ids) - self.bounds[[number + 1 for number in self.measured]]).sum())

    def sentence(self, number: int) -> SmallInts:
        """The ids of a sentence."""
        return self.ids[self.bounds[number] : self.bounds[number + 1]]

    def before(self, number: int) -> SmallInts:
        """The prompt, and the ids of what stands before a sentence."""
        return self.ids[: self.bounds[number]]

    def after(self, number: int) -> SmallInts:
        """The ids after a sentence, up to the end of the answer."""
        return self.ids[self.bounds[number + 1] :]


def cut_trace(
    trace_no: int,
    trace: Trace,
    spans: Sequence[Span],
    scored: tuple[TokenLogprobs, str | None],
    prompt: tuple[str, list[int]],
    context_length: int | None,
) -> CutTrace | str:
    """Cut a trace, or say in one word why it cannot be measured.

    Args:
        scored: the model's tokens, as the run has them, and why some have no logprob.
        prompt: as text, and as ids.
    """
    tokens, reason = scored
    text, prompt_ids = prompt
    if len(tokens) == 0:
        return reason or UnscoredReason.NO_TOKENS
    if not prompt_ids:
        return UnscoredReason.EMPTY_PROMPT
    place = find_answer(trace.response, text)
    if place is None:
        return NO_ANSWER
    sentence = assign_tokens(trace.response, spans, tokens).sentence_index
    ends = np.searchsorted(sentence, np.arange(len(spans) + 1))
    is_step = [
        bool(ends[number] < ends[number + 1]) and not is_mark(trace.response, *span)
        for number, span in enumerate(spans)
    ]
    # The sentence of the token that holds the place, or of the last one before it; a mark at the end is no answer.
    answer = int(sentence[max(0, int(np.searchsorted(tokens.char_start, place.answer, side="right")) - 1)])
    while answer >= 0 and not is_step[answer]:
        answer -= 1
    if answer < 0 or spans[answer].char_end <= place.first:
        return NO_ANSWER
    bounds = len(prompt_ids) + ends[: answer + 2]
    if context_length is not None and bounds[-1] > context_length:
        return UnscoredReason.CONTEXT_LENGTH
    measured = tuple(number for number in range(answer) if is_step[number])
    response_ids = tokens.token_id[: bounds[-1] - len(prompt_ids)]
    ids = np.concatenate([np.array(prompt_ids, dtype=np.int32), response_ids])
    return CutTrace(trace_no, trace.trace_id, spans, ids, len(prompt_ids), bounds, answer, measured)
