"""llama.cpp: whole answers, and streams as server-sent events."""

from __future__ import annotations

import json
from typing import Any

from tests.support.imports.imported import read


def whole(content: str, **fields: Any) -> dict[str, Any]:
    return {"content": content, "stop": True, "prompt": "2+2=", "model": "m.gguf", "generation_settings": {"n": 1},
            "tokens_predicted": 1, "stop_type": "eos", "truncated": False, **fields}  # fmt: skip


def test_a_whole_answer_repeats_its_prompt() -> None:
    (trace,), rejects = read((whole(" 4", gold="4"),))
    assert rejects == []
    assert (trace.response, trace.prompt, trace.model, trace.gold) == (" 4", "2+2=", "m.gguf", "4")
    assert "truncated" not in trace.meta


def test_limits_of_every_version_count_as_truncated() -> None:
    older = {**whole("4"), "stop_type": None, "stopped_limit": True}
    traces, _ = read((whole("4", stop_type="limit"), older, whole("4", truncated=True)))
    assert [t.meta.get("truncated") for t in traces] == ["stopped at the token limit"] * 2 + [None]
    assert traces[2].meta["source"] == {"prompt_was_cut": True}


def test_streams_are_joined() -> None:
    pieces = [{"content": "4", "stop": False, "id_slot": 0}, {"content": "2", "stop": False, "id_slot": 0}, whole("")]
    data = b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces)
    (trace,), rejects = read(data)
    assert rejects == []
    assert (trace.response, trace.prompt) == ("42", "2+2=")


def test_a_stream_that_breaks_off_and_a_failed_request() -> None:
    failed = {"request": {"prompt": "2+3="}, "response": {"error": {"code": 400, "message": "too long"}}}
    traces, rejects = read(({"content": "4", "stop": False, "id_slot": 0}, failed))
    assert [(t.response, bool(t.meta["truncated"])) for t in traces] == [("4", True)]
    assert [r.reason for r in rejects] == ["the request failed: too long"]
