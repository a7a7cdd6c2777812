"""What the conversations before the responses held beside text: what was kept, and what no model will see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.importing.report import FileReport

_OTHERWISE = ("reasoning", "redacted_reasoning", "tool_call")
"""Words of `Message.left_out` for what is no part of another kind than text."""


def account_for(messages: Sequence[Message], entry: FileReport) -> dict[str, Any]:
    """Count the tool calls of a conversation and what was left out of it, for `meta`; the file's report adds it up.

    Returns:
        Whole numbers above zero by kind, and under `kinds` how many of the parts are images, and so on; empty for a
        conversation of nothing but text.
    """
    if not any(message.tool_calls or message.left_out for message in messages):
        return {}
    n_calls = 0
    words: Counter[str] = Counter()
    for message in messages:
        n_calls += len(message.tool_calls)
        words.update(message.left_out)
    parts = {word: n for word, n in sorted(words.items()) if word not in _OTHERWISE}
    counts = {
        "tool_calls": n_calls,
        "parts_that_are_no_text": sum(parts.values()),
        "reasoning_left_out": words["reasoning"],
        "redacted_reasoning": words["redacted_reasoning"],
        "tool_calls_without_a_name": words["tool_call"],
    }
    entry.n_tool_calls += n_calls
    entry.n_question_parts_left_out += counts["parts_that_are_no_text"]
    entry.n_reasoning_left_out += counts["reasoning_left_out"] + counts["redacted_reasoning"]
    entry.n_tool_calls_left_out += counts["tool_calls_without_a_name"]
    told: dict[str, Any] = {name: n for name, n in counts.items() if n}
    return told | {"kinds": parts} if parts else told
