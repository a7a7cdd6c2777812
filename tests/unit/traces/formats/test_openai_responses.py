"""Responses API: dumps of the SDK, requests beside them, and what is no text of the model."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read

DUMP: dict[str, Any] = {
    "id": "r1", "object": "response", "created_at": 1.0, "error": None, "incomplete_details": None, "metadata": {},
    "instructions": "Add.", "model": "qwen3", "status": "completed", "output_text": "4", "usage": None, "output": [
        {"id": "a", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "content": None,
         "encrypted_content": None, "status": None},
        {"id": "b", "type": "message", "role": "assistant", "status": "completed", "phase": None, "content": [
            {"type": "output_text", "text": "4", "annotations": [], "logprobs": None}, {"type": "output_image"}]},
        {"type": "web_search_call"}],
}  # fmt: skip


def test_a_dump_with_nulls_is_read_and_what_is_no_text_counted() -> None:
    (trace,), rejects = read([DUMP])
    assert rejects == []
    assert trace.response == "<think>\nhm\n</think>\n\n4"
    assert trace.meta["source"] == {
        "items_that_are_no_text": 1, "parts_that_are_no_text": 1, "reasoning_summaries": 1}  # fmt: skip
    assert trace.meta["import"]["question"] == "missing"


def test_input_and_instructions_are_the_conversation() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "2+2?"}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "1", "name": "add", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "4"},
    ]
    lines = ({"request": {"input": items}, "response": DUMP}, {"input": "2+2?", "response": DUMP})
    traces, rejects = read(lines)
    assert rejects == []
    assert [m.role for m in traces[0].messages] == ["system", "user", "assistant", "tool"]
    assert [(m.role, m.content) for m in traces[1].messages] == [("system", "Add."), ("user", "2+2?")]


def test_the_instructions_of_the_request_are_not_doubled() -> None:
    (trace,), _ = read(({"request": {"input": "2+2?", "instructions": "Add."}, "response": DUMP},))
    assert [m.role for m in trace.messages] == ["system", "user"]


def test_failed_responses_say_why() -> None:
    failed = {**DUMP, "status": "failed", "output": [], "error": {"code": "server_error", "message": "oops"}}
    refused = {"custom_id": "x", "response": {"status_code": 400, "body": {"error": {"message": "bad"}}}, "error": None}
    traces, rejects = read((DUMP, failed, refused))
    assert len(traces) == 1
    assert [r.reason for r in rejects] == [
        "the response holds no text (0 other items, status failed: oops)",
        "the request failed (status 400): bad",
    ]


def test_thinking_that_ends_in_a_call_says_so() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    (trace,), _ = read([{**DUMP, "output": [DUMP["output"][0], call]}])
    assert trace.response == "<think>\nhm"
    assert trace.meta["import"]["reasoning"]["closing"] == "a tool call follows"
