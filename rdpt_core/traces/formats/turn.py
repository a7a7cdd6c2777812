"""One assistant turn, in the shape that chat APIs share, to a draft: its content, and its reasoning if given apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdpt_core.traces.formats.base import Draft, RecordError
from rdpt_core.traces.formats.conversation import content_of, parts_of
from rdpt_core.traces.formats.fields import brings_thinking, is_switch
from rdpt_core.traces.formats.reasoning import TOOL_CALL, put_back
from rdpt_core.traces.formats.tool_calls import calls_of_turn

_REASONING = ("reasoning_content", "reasoning", "thinking")


def build(turn: Mapping[str, Any], model: str | None) -> Draft:
    """A draft of a turn, with nothing but its response and what `meta` says of it.

    Raises:
        RecordError: the turn holds no text, such as a bare tool call or a refusal without words.
    """
    content = parts_of(content_of(turn))
    parts = content.parts
    apart = _reasoning(turn)
    if apart and not any(kind == "reasoning" for kind, _ in parts) and not _is_inline(content.text(), apart):
        parts = [("reasoning", apart), *parts]
    calls, n_nameless = calls_of_turn(turn)
    n_calls = len(calls) + n_nameless
    has_text = any(text for _, text in parts)
    if not has_text and isinstance(turn.get("refusal"), str):
        parts, has_text = [("text", turn["refusal"])], True
    if not has_text and n_calls:
        raise RecordError("the turn is a tool call without text")
    if content_of(turn) is None and not parts:
        raise RecordError("the turn has no content")
    response, reasoning = put_back(parts, model, redacted=content.redacted + _encrypted(turn))
    if n_calls and reasoning is not None and "closing" in reasoning:
        reasoning = {**reasoning, "closing": TOOL_CALL}
    draft = Draft(response, model=model, reasoning=reasoning)
    if n_calls:
        draft.meta["tool_calls"] = n_calls
    if content.other:
        draft.meta["parts_that_are_no_text"] = content.other
    return draft


def continues_last_turn(*requests: Any) -> bool:
    """Whether one of several requests, or its body, asked the server to continue the last turn of the conversation.

    vLLM, SGLang and transformers call it `continue_final_message`; DeepSeek and Mistral mark the turn with `prefix`,
    Moonshot and Qwen with `partial`.
    """
    for request in requests:
        if not isinstance(request, dict):
            continue
        holders = [request, *(request[name] for name in ("body", "params", "extra_body") if name in request)]
        for holder in holders:
            if not isinstance(holder, dict):
                continue
            messages = holder.get("messages")
            last = messages[-1] if isinstance(messages, list) and messages else None
            marked = isinstance(last, dict) and (last.get("prefix") is True or last.get("partial") is True)
            if marked or holder.get("continue_final_message") is True:
                return True
    return False


def _reasoning(turn: Mapping[str, Any]) -> str:
    for name in _REASONING:
        value = turn.get(name)
        if isinstance(value, str) and value and not is_switch(value):
            return value
        if isinstance(value, list) and value:
            return "".join(text for _, text in parts_of(value).parts)
    details = turn.get("reasoning_details")
    texts = [part.get("text") for part in details if isinstance(part, dict)] if isinstance(details, list) else []
    return "".join(text for text in texts if isinstance(text, str))


def _encrypted(turn: Mapping[str, Any]) -> int:
    """How many of OpenRouter's details are reasoning that only its provider can read."""
    details = turn.get("reasoning_details")
    parts = [part for part in details if isinstance(part, dict)] if isinstance(details, list) else []
    return sum(part.get("type") == "reasoning.encrypted" for part in parts)


def _is_inline(content: str, reasoning: str) -> bool:
    """Whether the content already holds the reasoning as its thinking, so that putting it back would double it.

    The opening tag may stand in the prompt. Thinking with other words is no copy: a parser that splits at the first of
    two closing tags leaves the second one in the content.
    """
    return brings_thinking(content) and reasoning.strip() in content
