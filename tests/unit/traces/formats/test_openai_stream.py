"""Streams: thinking that was cut stays open, and tool calls are counted once however many chunks they take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.imports.imported import read


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "s", "object": "chat.completion.chunk", "model": "qwen3", "choices": [choice]}


@pytest.mark.parametrize(
    ("finish", "closing", "truncated"),
    [
        ("length", "cut", "stopped at the token limit"),
        (None, "cut", "the thinking never ends"),
        ("stop", "not known", "no answer after the thinking"),
    ],
)
def test_a_stream_of_thinking_alone_is_not_closed(finish: str | None, closing: str, truncated: str) -> None:
    (trace,), _ = read((chunk(reasoning_content="two "), chunk(reasoning_content="and"), chunk(finish)))
    assert trace.response == "<think>\ntwo and"
    assert trace.meta["import"]["reasoning"]["closing"] == closing
    assert trace.meta["truncated"] == truncated


def test_a_call_in_many_chunks_is_one_call() -> None:
    calls = [chunk(tool_calls=[{"index": index, "function": {"arguments": "{"}}]) for index in (0, 0, 1)]
    (trace,), _ = read((chunk(reasoning="R"), *calls, chunk("tool_calls")))
    assert trace.meta["source"]["tool_calls"] == 2
    assert trace.meta["import"]["reasoning"]["closing"] == "a tool call follows"
    traces, (reject,) = read((*calls, chunk("tool_calls")))
    assert traces == []
    assert "a tool call without text" in reject.reason


def test_a_call_as_it_was_before_tools_is_a_call() -> None:
    traces, (reject,) = read((chunk(content="", function_call={"name": "f"}), chunk("function_call")))
    assert traces == []
    assert "a tool call without text" in reject.reason
