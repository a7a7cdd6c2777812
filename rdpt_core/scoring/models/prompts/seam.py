"""Where a prompt ends and a response begins: thinking blocks and turns that one of the two opens.

The response is never changed, so whatever both hold is left out of the prompt, and what neither holds is added to it.
"""

from __future__ import annotations

from typing import NamedTuple

from rdpt_core.traces.thinking import TAGS, split_thinking


class Turn(NamedTuple):
    """An assistant's turn of which the prompt says only that it begins: the model names its kind in a header.

    Attributes:
        start: the prompt's end, after which nothing but a header may come.
        thinking, answer: the header of either kind.
        headers: how any header begins.
    """

    start: str
    thinking: str
    answer: str
    headers: tuple[str, ...]


_TURNS = (
    # Harmony, in which a recipient may stand before the channel.
    Turn("<|start|>assistant", "<|channel|>analysis<|message|>", "<|channel|>final<|message|>", ("<|channel|>", "to=")),
    Turn("<|begin|>assistant", "<|think|>", "<|content|>", ("<|think|>", "<|content|>", "<|tool_calls|>")),
    Turn("<|start|>assistant", " to=self<|message|>", " to=user<|message|>", ("to=", "<|message|>")),
)


def turn_of(template: str) -> Turn | None:
    """The kind of turn that a template's source writes; None for templates whose turns need no header."""
    return next((turn for turn in _TURNS if turn.start + turn.thinking in template), None)


def joined(prompt: str, response: str, template: str) -> str:
    """The prompt as it stands before this response.

    A thinking block or turn that both open is opened by the response alone. A turn whose header neither holds gets the
    one that fits the response.
    """
    begun = response.lstrip()
    opening = open_thinking(prompt)
    if opening is not None and begun.startswith(opening):
        return prompt.rstrip().removesuffix(opening)
    turn = turn_of(template)
    if turn is None or not prompt.endswith(turn.start) or begun.startswith(turn.headers):
        return prompt
    if begun.startswith(turn.start):
        return prompt.removesuffix(turn.start)
    return prompt + (turn.answer if split_thinking(response)[0] is None else turn.thinking)


def open_thinking(prompt: str) -> str | None:
    """The opening of a thinking block with which a prompt ends, but for white space; None if it ends otherwise."""
    end = prompt.rstrip()
    return next((opening for opening, _ in TAGS if end.endswith(opening)), None)


def closed_thinking(prompt: str) -> str | None:
    """The empty thinking block with which a prompt ends, or the closing of one; None if it ends otherwise."""
    end = prompt.rstrip()
    for opening, closing in TAGS:
        if end.endswith(closing):
            before = end.removesuffix(closing).rstrip()
            return end[len(before.removesuffix(opening)) :].lstrip()
    return None
