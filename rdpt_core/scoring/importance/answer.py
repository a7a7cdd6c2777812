"""Where the answer of a response is, by what grading takes for it."""

from __future__ import annotations

from typing import NamedTuple

from rdpt_core.traces.grading.answers import find_marked, find_stated
from rdpt_core.traces.thinking import split_thinking

_CLOSING_CHARS = 100
"""A statement in words is the answer only if no more than this follows it, as in grading."""


class Place(NamedTuple):
    """Code points of a response: where what follows the thinking begins, and a character of the final answer."""

    first: int
    answer: int


def find_answer(response: str, prompt: str) -> Place | None:
    r"""Where the final answer of a response is; None if it has none.

    Looked at is what follows the thinking. There the answer is what is marked as final (the last `\boxed{…}`,
    `<answer>…</answer>` or `#### …`), else what is stated in words at the end (`The answer is …`), else the last
    visible character: the last sentence then is the answer.

    Args:
        prompt: what precedes the response, which may have opened the thinking.
    """
    answer = split_thinking(response, prompt)[1]
    if answer is None or not answer.strip():
        return None
    base = len(response) - len(answer)
    marked = find_marked(answer)
    if marked is None:
        stated = find_stated(answer)
        if stated is not None and len(answer) - stated.start - len(stated.text) <= _CLOSING_CHARS:
            marked = stated
    return Place(base, base + (len(answer.rstrip()) - 1 if marked is None else min(marked.start, len(answer) - 1)))
