"""Ollama: whole answers, streams, and streams that break off."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read


def line(done: bool = True, **fields: Any) -> dict[str, Any]:
    end = {"done_reason": "stop", "eval_count": 1, "context": [1]} if done else {}
    return {"model": "qwen3:8b", "created_at": "t", "done": done, **end, **fields}


def chat(content: str, done: bool = True, **message: Any) -> dict[str, Any]:
    return line(done, message={"role": "assistant", "content": content, **message})


def test_whole_answers_of_both_kinds_are_read() -> None:
    traces, rejects = read((line(response="4", prompt="2+2?"), chat("4", messages=[{"role": "user", "content": "no"}])))
    assert rejects == []
    assert [t.response for t in traces] == ["4", "4"]
    assert (traces[0].prompt, traces[0].messages[0].content, traces[0].model) == ("2+2?", "2+2?", "qwen3:8b")


def test_a_logged_request_gives_the_question_and_thinking_is_put_back() -> None:
    request = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "2+2?"}]}
    (trace,), _ = read(({"request": request, "response": chat("4", thinking="hm"), "benchmark": "sums", "gold": "4"},))
    assert trace.response == "<think>\nhm\n</think>\n\n4"
    assert (trace.messages[0].content, trace.benchmark, trace.gold) == ("2+2?", "sums", "4")


def test_streams_are_joined_and_end_with_done() -> None:
    first = (chat("", False, thinking="h"), chat("", False, thinking="m"), chat("4", False), chat("2"))
    second = (line(False, response="5"), line(response="", done_reason="length"))
    traces, rejects = read(first + second)
    assert rejects == []
    assert [t.response for t in traces] == ["<think>\nhm\n</think>\n\n42", "5"]
    assert [t.meta.get("truncated") for t in traces] == [None, "stopped at the token limit"]
    assert [t.meta["import"]["line"] for t in traces] == [1, 5]


def test_a_stream_that_breaks_off_is_truncated() -> None:
    other = {**chat("5"), "model": "other"}
    traces, _ = read((chat("4", False), other, chat("6", False)))
    assert [(t.response, bool(t.meta.get("truncated"))) for t in traces] == [("4", True), ("5", False), ("6", True)]


def test_what_is_no_answer_is_rejected_with_the_reason() -> None:
    calls = chat("", tool_calls=[{"function": {"name": "f", "arguments": {}}}])
    traces, rejects = read((line(response="", done_reason="load"), calls, {"error": "model not found"}, chat("4")))
    assert [t.response for t in traces] == ["4"]
    assert [r.reason for r in rejects] == [
        "nothing was generated: the request served to load the model",
        "the turn is a tool call without text",
        "the request failed: model not found",
    ]
