"""Inspect's archives: every sample once, whatever its id, and the right word where there is none."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.support.imports.imported import read

HEADER = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "m"}, "plan": {}}


def sample(name: Any, epoch: int = 1, answer: str = "4") -> dict[str, Any]:
    turn = {"role": "assistant", "content": answer}
    return {"id": name, "epoch": epoch, "input": "2+2?", "output": {"choices": [{"message": turn}]}}


def archive(members: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, value in members.items():
            packed.writestr(name, json.dumps(value))
    return file.getvalue()


def test_ids_may_hold_slashes() -> None:
    names = ["HumanEval/0", "test/algebra/12.json", "messages/0", "org/sample.json", "plain"]
    members = {f"samples/{name}_epoch_{epoch}.json": sample(name, epoch) for name in names for epoch in (1, 2)}
    traces, rejects = read(archive({"header.json": HEADER, **members, "summaries.json": []}))
    assert not rejects
    assert sorted((trace.trace_id, trace.sample) for trace in traces) == sorted(
        (f"sums-{name.replace('/', '-')}-s{n}", n) for name in names for n in (0, 1)
    )


def test_a_sample_in_chunks_is_one_sample_with_its_messages() -> None:
    folder = "samples/org/repo-1_epoch_1"
    turns = [{"role": "user", "content": "attachment://0"}, {"role": "assistant", "content": "4"}]
    members = {
        f"{folder}/sample.json": {**sample("org/repo-1"), "message_refs": [[0, 2]]},
        f"{folder}/messages/0.json": turns,
        f"{folder}/attachments/0.json": ["What is 2 + 2?"],
        f"{folder}/events/0.json": [{"event": "model"}],
        "samples/other_epoch_1/sample.json": {**sample("other"), "message_refs": []},
    }
    traces, rejects = read(archive({"header.json": HEADER, **members}))
    assert not rejects
    assert [trace.messages[0].content for trace in traces] == ["What is 2 + 2?", "2+2?"]


def test_a_sample_that_was_written_whole_and_in_chunks_is_read_once() -> None:
    members = {"samples/a_epoch_1.json": sample("a", answer="whole"), "samples/a_epoch_1/sample.json": sample("a")}
    traces, _ = read(archive(members))
    assert [trace.response for trace in traces] == ["4"]


def test_a_log_without_samples_is_a_log_without_samples() -> None:
    for members in ({"header.json": HEADER}, {"_journal/start.json": HEADER, "summaries.json": []}):
        traces, rejects = read(archive(members))
        assert not traces
        assert "the log holds no samples" in rejects[0].reason
    json_form = read({**HEADER, "samples": []})[1]
    assert json_form[0].reason == rejects[0].reason


@pytest.mark.parametrize("other", ["a list", {"notes": 1}])
def test_a_member_named_like_a_sample_costs_only_itself(other: Any) -> None:
    members = {"header.json": HEADER, "samples/a_epoch_1.json": sample("a"), "samples/notes.json": other}
    traces, rejects = read(archive(members))
    assert len(traces) == len(rejects) == 1
