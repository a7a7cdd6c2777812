"""Streams among other records, as files have them: lines, events with `data:`, and replies that came whole."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.library import read_library


def chunk(stream: str, text: str, finish_reason: str | None = None) -> dict[str, Any]:
    logprobs = {"content": [{"token": text, "logprob": -0.5, "bytes": None}]}
    choice = {"index": 0, "delta": {"content": text}, "logprobs": logprobs, "finish_reason": finish_reason}
    return {"id": stream, "object": "chat.completion.chunk", "choices": [choice]}


WHOLE = {"custom_id": "w", "choices": [{"logprobs": {"content": [{"token": "4", "logprob": -1.0, "bytes": None}]}}]}


def library_texts(path: Path) -> list[tuple[str, str]]:
    found = read_library(Role.TEACHER, [str(path)], None).recordings
    return [(one.source, "".join(one.texts or [])) for one in found]


def test_streams_and_whole_replies_in_one_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "mixed.jsonl"
    silent = {"object": "chat.completion.chunk", "id": "s", "choices": [{"index": 0, "delta": {"content": "x"}}]}
    records = [chunk("a", "It"), WHOLE, silent, silent, chunk("a", " is", "stop")]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    with caplog.at_level(logging.WARNING):
        assert library_texts(path) == [("mixed.jsonl:2", "4"), ("mixed.jsonl:1", "It is")]
    assert "1 records" in caplog.text and "mixed.jsonl:3: a stream without logprobs" in caplog.text


def test_server_sent_events(tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    lines = [f"data: {json.dumps(record)}\n\n" for record in (chunk("a", "It"), chunk("a", " is", "stop"))]
    path.write_text(": ping\n\n" + "".join(lines) + "data: [DONE]\n\n")
    assert library_texts(path) == [("events.txt:3", "It is")]


def test_a_reply_that_looks_like_a_wrapper_is_read_itself(tmp_path: Path) -> None:
    path = tmp_path / "ollama.json"
    reply = {"model": "m", "created_at": "…", "response": '{"choices": []}', "done": True}
    path.write_text(json.dumps({**reply, "logprobs": [{"token": '{"choices": []}', "logprob": -0.5}]}))
    assert library_texts(path) == [("ollama.json:1", '{"choices": []}')]
