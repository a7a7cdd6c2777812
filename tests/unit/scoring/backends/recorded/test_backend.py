"""What becomes of a trace: its tokens, the reason where sentences have none, and what is said at the end."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.records import ModelReference, Role, RoleResult, Span, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.backends.recorded.backend import RecordedBackend
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling

Entries = list[tuple[str, float]]


def backend_of(path: Path, *recordings: Entries) -> RecordedBackend:
    lines = []
    for number, entries in enumerate(recordings):
        content = [{"token": text, "bytes": list(text.encode()), "logprob": value} for text, value in entries]
        lines.append(json.dumps({"custom_id": f"r{number}", "choices": [{"logprobs": {"content": content}}]}))
    path.write_text("\n".join(lines), encoding="utf-8")
    return RecordedBackend(Role.TEACHER, ModelReference("", backend="recorded", files=(str(path),)), None)


def item_of(response: str, trace_id: str = "t1") -> ScoringItem:
    return ScoringItem(0, Trace(trace_id, "q1", response), [Span(0, len(response))])


def result(backend: RecordedBackend, response: str, trace_id: str = "t1") -> RoleResult:
    ((found,),) = backend.score(backend.prepare([item_of(response, trace_id)]))
    return found


def test_two_recordings_that_agree_are_one(tmp_path: Path) -> None:
    backend = backend_of(tmp_path / "r.jsonl", [("So", -0.1), (" it", -0.2)], [("So", -0.10001), (" it", -0.2)])
    found = result(backend, "So it")
    assert found.unscored_reason is None
    assert found.tokens.logprob.tolist() == pytest.approx([-0.1, -0.2])


def test_two_recordings_that_differ_say_by_how_much(tmp_path: Path) -> None:
    backend = backend_of(tmp_path / "r.jsonl", [("So", -0.1), (" it", -0.2)], [("So", -0.1), (" it", -0.32)])
    found = result(backend, "So it")
    assert (found.unscored_reason, len(found.tokens)) == (UnscoredReason.NOT_ALIGNED, 0)
    assert found.detail == (
        "several recordings have this text and differ by up to 0.12 nats (token 1, character 2): r.jsonl:1, r.jsonl:2"
    )
    # An id tells which one is meant, and a text that one of them spells exactly is that one's.
    assert result(backend, "So it", "r1").tokens.logprob.tolist() == pytest.approx([-0.1, -0.32])
    thought = [("So", -0.1), (" it", -0.2)]
    backend = backend_of(tmp_path / "s.jsonl", thought, [("<think>", -0.5), *thought])
    assert result(backend, "<think>So it").tokens.logprob.tolist() == pytest.approx([-0.5, -0.1, -0.2])
    assert result(backend, "So it").tokens.logprob.tolist() == pytest.approx([-0.1, -0.2])


def test_a_text_that_a_stop_string_cut_is_found_and_keeps_its_tokens(tmp_path: Path) -> None:
    backend = backend_of(tmp_path / "r.jsonl", [("So", -0.1), (" it", -0.2), (" takes", -0.3), (" two", -0.4)])
    found = result(backend, "So it t")
    assert found.unscored_reason is UnscoredReason.NOT_ALIGNED
    assert found.detail is not None and found.detail.startswith("r.jsonl:1: the response ends inside token 2")
    assert np.isnan(found.tokens.logprob).tolist() == [False, False, True]


def test_characters_of_several_tokens_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    backend = backend_of(tmp_path / "r.jsonl", [("So", -0.1), (" 🌳", -0.2), (".", -0.3)])
    (recording,) = backend._library.recordings
    backend._library.recordings = [
        Recording(
            "r.jsonl:1",
            recording.keys,
            recording.token_id,
            recording.logprob,
            texts=recording.texts,
            raw=recording.raw,
            n_generated=6,
            sampling=Sampling(server="llama.cpp"),
        )
    ]
    found = result(backend, "So 🌳.")
    assert found.unscored_reason is UnscoredReason.NOT_RECORDED
    assert found.detail is not None and "6 tokens were made, 3 are recorded" in found.detail
    assert np.isnan(found.tokens.logprob).tolist() == [False, True, False]
    # A look before the run is none of the run's.
    backend.look_up(item_of("So 🌳."))
    with caplog.at_level(logging.WARNING):
        backend.close()
    assert [record.getMessage() for record in caplog.records] == [
        "teacher: 1 sentences of 1 traces have no logprob, since llama.cpp writes a character of several tokens down "
        "with the logprob of its last token alone; with `tokenizer`, ids tell which these are"
    ]
