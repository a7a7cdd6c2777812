"""OpenAI evals: samplings become traces, and a match judges one only where it is certain which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import InputError
from tests.support.imports.import_reports import imported
from tests.support.imports.imported import read

SPEC = {"spec": {"completion_fns": ["gpt-4o"], "eval_name": "sums.dev.v0", "base_eval": "sums"}}
REPORT = {"final_report": {"accuracy": 1.0}}


def event(kind: str, data: Any, sample: str = "s.1") -> dict[str, Any]:
    return {"run_id": "r", "event_id": 0, "sample_id": sample, "type": kind, "data": data, "created_at": "t"}


def sampling(*texts: Any, sample: str = "s.1") -> dict[str, Any]:
    asked = [{"role": "system", "content": "Add."}, {"role": "user", "content": "2+2?"}]
    return event("sampling", {"prompt": asked, "sampled": list(texts), "model": "gpt"}, sample)


def test_a_match_gives_the_verdict_wherever_it_stands() -> None:
    match = event("match", {"correct": False, "expected": "5", "picked": None})
    (trace,), rejects = read((SPEC, match, sampling("4"), event("metrics", {"n": 1}), REPORT))
    assert rejects == []
    assert (trace.response, trace.correct, trace.gold) == ("4", False, "5")
    assert (trace.model, trace.benchmark, trace.meta["import"]["line"]) == ("gpt-4o", "sums", 3)
    assert [m.role for m in trace.messages] == ["system", "user"]


def test_of_several_texts_only_the_one_that_the_match_repeats_is_judged() -> None:
    def match(sampled: str) -> dict[str, Any]:
        return event("match", {"correct": True, "expected": "4", "sampled": sampled})

    traces, _ = read((SPEC, sampling("4"), sampling("Yes, it is right."), match("4")))
    assert [(t.response, t.correct, t.gold) for t in traces] == [("4", True, "4"), ("Yes, it is right.", None, None)]
    traces, _ = read((SPEC, sampling("4", "5"), match("6")))
    assert [t.correct for t in traces] == [None, None]


def test_samples_are_kept_apart_and_a_broken_one_stops_no_other() -> None:
    traces, rejects = read((SPEC, sampling(4, sample="s.2"), sampling("4"), event("sampling", None), {"odd": 1}))
    assert [t.response for t in traces] == ["4"]
    assert [(r.line, r.reason) for r in rejects] == [
        (2, "what was sampled must be a string; got a number"),
        (4, "a sampling must be an object; got null"),
        (5, "expected an event; got an object with odd"),
    ]


def test_a_match_that_says_nothing_leaves_the_answer_to_be_graded(tmp_path: Path) -> None:
    match = event("match", {"expected": "4"}), event("match", {"correct": 0.5, "expected": "4"}, "s.2")
    traces = imported(tmp_path, (SPEC, sampling("4"), sampling("4", sample="s.2"), *match)).traces
    assert [(t.correct, t.meta["import"].get("verdict")) for t in traces] == [
        (True, None),
        (None, "match.correct = 0.5 (part mark)"),
    ]


def test_a_last_line_with_an_odd_specification_crashes_nothing() -> None:
    (trace,), rejects = read((SPEC, sampling("4"), {**REPORT, "spec": 5}))
    assert (trace.model, rejects) == ("gpt-4o", [])
    with pytest.raises(InputError, match="no format"):
        read(({**REPORT, "spec": 5},))
