"""Sample logs of lm-evaluation-harness: whose text begins the answer, and which numbers are verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.imports.import_reports import imported

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is the Louvre?"}]


def line(response: str = "Paris", *, asked: Any = "Where is the Louvre?", **fields: Any) -> dict[str, Any]:
    return {
        "doc_id": 0,
        "doc": {"question": "Where is the Louvre?"},
        "target": "Paris",
        "arguments": {"gen_args_0": {"arg_0": asked, "arg_1": {}}},
        "resps": [[response]],
        "filtered_resps": [response],
        "filter": "none",
        "metrics": [name for name in ("exact_match", "f1", "bypass") if name in fields],
        **fields,
    }


@pytest.mark.parametrize(
    ("metrics", "correct", "verdict"),
    [
        ({"exact_match": 1.0}, True, "exact_match"),
        ({"exact_match": 0.0}, False, "exact_match"),
        ({"f1": 0.5}, None, "f1 = 0.5 (part mark)"),
        ({"exact_match": float("nan"), "f1": 0.5}, None, "f1 = 0.5 (part mark)"),
        ({"f1": 0.5, "exact_match": 1.0}, True, "exact_match"),
        ({}, True, None),
        ({"bypass": None}, True, None),
    ],
)
def test_a_part_mark_is_no_gap(
    tmp_path: Path, metrics: dict[str, Any], correct: bool | None, verdict: str | None
) -> None:
    (trace,) = imported(tmp_path, (line(**metrics),)).traces
    assert trace.correct is correct
    assert trace.meta["import"].get("verdict") == verdict
    assert ("grading" in trace.meta) == (verdict is None)


def test_one_filters_part_mark_leaves_the_others_verdict(tmp_path: Path) -> None:
    lines = (line(exact_match=0.0, filter="strict"), line(exact_match=0.5, filter="loose"))
    for order in (lines, lines[::-1]):
        (trace,) = imported(tmp_path, order).traces
        assert (trace.correct, trace.meta["import"]["verdict"]) == (False, "exact_match")


def test_the_beginning_that_the_task_gives_is_joined(tmp_path: Path) -> None:
    asked = json.dumps([*CHAT, {"role": "assistant", "content": "It is in "}])
    done = imported(tmp_path, (line(asked=[asked], exact_match=1.0),))
    (trace,) = done.traces
    assert trace.response == "It is in Paris"
    assert [message.role for message in trace.messages] == ["system", "user"]
    assert trace.meta["import"]["prefill"] == {"char_end": 9}
    assert (done.report.characters_in, done.report.characters_prefilled, done.report.characters_out) == (5, 9, 14)


@pytest.mark.parametrize("metrics", [[["f1"]], [{"name": "f1"}], 3])
def test_metrics_that_are_no_names_stop_nothing(tmp_path: Path, metrics: Any) -> None:
    (trace,) = imported(tmp_path, ({**line(), "metrics": metrics},)).traces
    assert trace.response == "Paris"
