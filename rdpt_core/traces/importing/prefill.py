"""Responses that continue a turn which the model was given: the beginning is joined to them, and the seam is kept.

A conversation that ends with the assistant's own turn is a *prefill*: the model writes on where that turn stops. No
chat template renders a question after which another turn of the assistant begins, so the response has to start with
what the model was given. Those characters are not the model's: `meta.import.prefill.char_end` says where they end.
"""

from __future__ import annotations

from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.formats.base import Draft, RecordError
from rdpt_core.traces.formats.reasoning import continuing
from rdpt_core.traces.thinking import split_thinking

_TELLING_CHARS = 4
"""A response may begin with a letter or two of its prefill by chance; with more it repeats it."""


def join_last_turn(draft: Draft, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], dict[str, Any] | None]:
    """Take the assistant's turn from the end of a conversation, and put it in front of the draft's response.

    Args:
        draft: its response and its reasoning are changed.
        messages: the conversation, which ends with a turn of the assistant.

    Returns:
        The conversation without that turn, and what `meta` says of the prefill: None where the turn was the whole
        response once more, as some files repeat it.

    Raises:
        RecordError: the source does not say that the response continues that turn, or the turn has called a tool: then
            its text has ended, and without the call it would be another turn.
    """
    beginning, response = messages[-1].content, draft.response
    if messages[-1].tool_calls:
        raise RecordError(
            "the conversation before the response ends with a turn of the assistant that calls a tool; expected the "
            "tool's result after it, or the conversation without the response's own turn"
        )
    if beginning and beginning == response.text:
        return messages[:-1], None
    if not draft.continues or not beginning:
        raise RecordError(
            "the conversation before the response ends with a turn of the assistant, and nothing says that the "
            "response continues it; a request that says so holds continue_final_message, or join the two in the file"
        )
    first, origin = response.pieces[0]
    if origin == "source" and first.startswith(beginning) and len(beginning.strip()) >= _TELLING_CHARS:
        return messages[:-1], {"char_end": len(beginning), "repeated_by_response": True}
    is_thinking = split_thinking(beginning)[1] is None
    draft.response, draft.reasoning = continuing(response, draft.reasoning, beginning, is_thinking)
    return messages[:-1], {"char_end": len(beginning)}
