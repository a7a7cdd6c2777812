"""Langfuse: generations of the API, of traces and of exports whose cells are JSON text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rdpt_core.traces.importing.pipeline import ImportReport, import_traces
from tests.support.imports.imported import Log, read

ASKED = [{"role": "user", "content": "2+2?"}]


def generation(output: Any, given: Any = ASKED, **fields: Any) -> dict[str, Any]:
    return {"id": "g1", "traceId": "t1", "type": "GENERATION", "name": "add", "model": "m", "input": given,
            "output": output, **fields}  # fmt: skip


def test_outputs_of_every_kind_are_read() -> None:
    turn = {"role": "assistant", "content": "4"}
    completion = {"model": "m", "choices": [{"message": turn, "finish_reason": "stop"}]}
    outputs = [
        turn,
        "4",
        [turn],
        completion,
        json.dumps(turn),
        {"role": "assistant", "content": [{"type": "text", "text": "4"}]},
    ]
    traces, rejects = read(tuple(generation(output, id=f"g{i}") for i, output in enumerate(outputs)))
    assert rejects == []
    assert [t.response for t in traces] == ["4"] * 6
    assert {(t.model, t.messages[0].content) for t in traces} == {("m", "2+2?")}


def test_inputs_of_every_kind_are_read() -> None:
    inputs: list[Any] = [{"messages": ASKED}, json.dumps(ASKED), ASKED[0], "2+2?", json.dumps({"messages": ASKED})]
    traces, _ = read(tuple(generation("4", given, id=f"g{i}") for i, given in enumerate(inputs)))
    assert {t.messages[0].content for t in traces} == {"2+2?"}


def test_text_that_looks_like_json_but_is_no_turn_stays_text() -> None:
    (trace,), _ = read((generation('{"answer": 4}'),))
    assert trace.response == '{"answer": 4}'


def test_thinking_in_a_turn_is_put_back() -> None:
    (trace,), _ = read((generation({"role": "assistant", "content": "4", "reasoning_content": "hm"}),))
    assert trace.response == "<think>\nhm\n</think>\n\n4"


def test_traces_with_observations_are_read_and_other_kinds_set_aside(tmp_path: Path) -> None:
    span = generation("4", type="SPAN")
    trace = {"id": "t1", "input": None, "output": None, "observations": [span, generation("4"), generation(None)]}
    path = tmp_path / "export.json"
    path.write_text(json.dumps(trace))
    log, report = Log(), ImportReport()
    traces = list(import_traces([path], rejects=log, report=report))
    assert [t.response for t in traces] == ["4"]
    assert (report.files[0].n_other_records, report.files[0].other_records) == (1, {"span observations": 1})
    assert [r.reason for r in log.rejects] == ["the call gave no output"]
