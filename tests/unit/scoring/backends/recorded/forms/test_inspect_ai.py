"""Inspect's samples: alone, in a log, several choices and epochs, and the names that `import` makes of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.library import read_library


def sample(epoch: int | None, *choices: str, name: object = "q 1") -> dict[str, Any]:
    outputs = [
        {"message": {"content": text}, "logprobs": {"content": [{"token": text, "logprob": -0.5, "bytes": None}]}}
        for text in choices
    ]
    made = {"id": name, "input": "What?", "target": "4", "output": {"model": "m", "choices": outputs}}
    return made if epoch is None else {**made, "epoch": epoch}


def test_a_sample_is_known_by_its_id_and_epoch() -> None:
    assert [one.keys for one in recordings_of(sample(1, "4"), "f:1")] == [("q 1-s0",)]
    assert [one.keys for one in recordings_of(sample(3, "4", "5"), "f:1")] == [("q 1-s4",), ("q 1-s5",)]
    assert [one.keys for one in recordings_of(sample(None, "4", name=7), "f:1")] == [("7",)]


def test_every_sample_of_a_log() -> None:
    samples = [sample(1, "4"), {"id": "failed", "epoch": 1, "error": "…", "output": None}, sample(2, "five")]
    found = recordings_of({"version": 2, "eval": {"task": "sums"}, "samples": samples}, "f:1")
    assert [(one.keys, one.texts) for one in found] == [(("q 1-s0",), ["4"]), (("q 1-s1",), ["five"])]


@pytest.mark.parametrize(
    ("usage", "calls", "n_choices", "expected"),
    [
        ({"output_tokens": 3}, None, 1, 3),
        ({"output_tokens": 3, "reasoning_tokens": 2}, None, 1, None),
        ({"output_tokens": 3}, [{"function": "f"}], 1, None),
        ({"output_tokens": 3}, None, 2, None),
        (None, None, 1, None),
    ],
)
def test_the_count_of_tokens_is_that_of_what_was_said(
    usage: object, calls: object, n_choices: int, expected: int | None
) -> None:
    value = sample(1, *["4"] * n_choices)
    value["output"]["usage"] = usage
    for choice in value["output"]["choices"]:
        choice["message"]["tool_calls"] = calls
    assert {one.n_generated for one in recordings_of(value, "f:1")} == {expected}


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}])
def test_a_choice_without_logprobs_is_no_recording(logprobs: object) -> None:
    value = sample(1, "4")
    value["output"]["choices"][0]["logprobs"] = logprobs
    assert recordings_of(value, "f:1") == []


def test_an_archive_of_samples(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", json.dumps({"version": 2, "eval": {"task": "sums"}, "status": "success"}))
        for epoch in (1, 2):
            archive.writestr(f"samples/q 1_epoch_{epoch}.json", json.dumps(sample(epoch, f"epoch {epoch}")))
    found = read_library(Role.TEACHER, [str(path)], None).recordings
    assert [(one.keys, one.texts) for one in found] == [(("q 1-s0",), ["epoch 1"]), (("q 1-s1",), ["epoch 2"])]
