"""Gemini: the API's names and the SDK's, the batches of Gemini and Vertex, and what has no text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.importing.pipeline import import_traces
from tests.support.imports.imported import read

REQUEST = {
    "systemInstruction": {"parts": [{"text": "Add."}]},
    "contents": [{"role": "user", "parts": [{"text": "2+2?"}]}],
}
THOUGHT = "<think>\nhm\n</think>\n\n4"


def candidate(*parts: Any, reason: str = "STOP") -> dict[str, Any]:
    return {"content": {"parts": list(parts), "role": "model"}, "finishReason": reason}


def response(*candidates: Any) -> dict[str, Any]:
    given = candidates or (candidate({"text": "hm", "thought": True}, {"text": "4"}),)
    return {"candidates": list(given), "modelVersion": "qwen3", "responseId": "r1", "usageMetadata": {}}


DUMP: dict[str, Any] = {
    "sdk_http_response": {"headers": {}}, "model_version": "qwen3", "response_id": "r1", "prompt_feedback": None,
    "usage_metadata": {"thoughts_token_count": 3}, "automatic_function_calling_history": [], "parsed": None,
    "candidates": [{"finish_reason": "FinishReason.MAX_TOKENS", "index": None, "content": {"role": "model", "parts": [
        {"text": "4", "thought": None, "inline_data": None, "thought_signature": None},
        {"text": None, "thought": None, "inline_data": {"data": "AA=="}}]}}],
}  # fmt: skip


def test_a_dump_of_the_sdk_is_read_under_its_own_names() -> None:
    (trace,), rejects = read(DUMP)
    assert rejects == []
    assert (trace.response, trace.model) == ("4", "qwen3")
    assert trace.meta["truncated"] == "stopped at the token limit"
    assert trace.meta["import"]["reasoning"] == {"redacted": 1}
    assert trace.meta["source"] == {"parts_that_are_no_text": 1}


@pytest.mark.parametrize(
    "record",
    [
        {"key": "k", "request": REQUEST, "response": response()},
        {"status": "", "processed_time": "t", "request": REQUEST, "response": response()},
        {"status": "", "request": json.dumps(REQUEST), "response": json.dumps(response())},
        {"contents": "2+2?", "system_instruction": "Add.", **response()},
    ],
)
def test_lines_with_their_request_have_their_question(record: dict[str, Any]) -> None:
    (trace,), rejects = read((record,))
    assert rejects == []
    assert trace.response == THOUGHT
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]


def test_a_batch_finds_its_questions_in_its_request_file(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"key": "k", "request": REQUEST}))
    (tmp_path / "out.jsonl").write_text(json.dumps({"key": "k", "response": response()}))
    (trace,) = import_traces([tmp_path], rejects=RejectLog())
    assert (trace.response, trace.messages[-1].content) == (THOUGHT, "2+2?")


@pytest.mark.parametrize("name", ["inlinedResponses", "inlined_responses"])
def test_a_job_with_its_responses_in_itself(name: str) -> None:
    rows = [{"response": response(), "metadata": {"key": "k"}}, {"error": {"code": 3, "message": "bad"}}]
    nested: Any = {name: rows} if name == "inlinedResponses" else rows
    traces, rejects = read({"name": "batches/1", "done": True, "response": {name: nested}})
    assert [t.response for t in traces] == [THOUGHT]
    assert [r.reason for r in rejects] == ["the request failed: bad"]


def test_what_has_no_text_is_rejected_with_its_own_reason_and_stops_no_other() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {}}
    failed = {"status": 'Bad Request: {"error": 400}', "request": REQUEST}
    empty = {"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}
    refused = {"finishReason": "SAFETY", "finishMessage": "not allowed"}
    record = response(empty, candidate({"text": "4"}), refused)
    traces, rejects = read((response(), blocked, failed, record, response(empty)))
    assert [(t.response, t.sample) for t in traces] == [(THOUGHT, 0), ("4", 1)]
    assert [r.reason for r in rejects] == [
        "the prompt was blocked (SAFETY)",
        'the request failed: Bad Request: {"error": 400}',
        "candidate 0 holds no text (MAX_TOKENS)",
        "candidate 2 holds no text (SAFETY: not allowed)",
        "candidate 0 holds no text (MAX_TOKENS)",
    ]


def chunk(*parts: Any, name: str = "r1", **fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, "index": 0, **fields}], "modelVersion": "qwen3",
            "responseId": name, "usageMetadata": {}}  # fmt: skip


def test_the_responses_of_a_stream_are_one() -> None:
    stream = [chunk({"text": "h", "thought": True}), chunk({"text": "m", "thought": True}), chunk({"text": "4"})]
    end = {**chunk(finishReason="STOP"), "usageMetadata": {"thoughtsTokenCount": 2}}
    traces, rejects = read([*stream, end, chunk({"text": "5"}, name="r2", finishReason="STOP")])
    assert rejects == []
    assert [(t.response, t.meta["import"]["line"]) for t in traces] == [(THOUGHT, 1), ("5", 5)]
    assert "truncated" not in traces[0].meta


def test_a_stream_that_breaks_off_is_truncated() -> None:
    traces, _ = read([chunk({"text": "4"}), chunk({"text": "2"}), chunk({"text": "5"}, name="r2")])
    assert [(t.response, bool(t.meta.get("truncated"))) for t in traces] == [("42", True), ("5", False)]
