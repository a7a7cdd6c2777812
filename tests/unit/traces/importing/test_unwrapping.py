"""Records inside of one object: taken out where a format knows them, and only there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import InputError
from tests.support.imports.imported import read
from tests.support.imports.imported_paths import pair, read_paths

ROWS = [pair(n, gold=str(n + 1)) for n in range(3)]
TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


@pytest.mark.parametrize("name", ["results", "data", "rows", "samples", "records", "items", "traces", "outputs"])
def test_a_list_beside_other_fields_holds_the_records(name: str) -> None:
    traces, rejects = read({"model": "r1", "task": "sums", "config": {"model": "no"}, "seed": 1, name: ROWS})
    assert not rejects
    assert [trace.gold for trace in traces] == ["1", "2", "3"]
    assert [trace.meta["import"]["line"] for trace in traces] == [1, 2, 3]
    assert {(trace.model, trace.benchmark) for trace in traces} == {("r1", "sums")}
    assert "source" not in traces[0].meta


def test_what_a_record_says_itself_counts() -> None:
    rows = [{**ROWS[0], "model_name": "own"}, {**ROWS[1], "model": None}, {**ROWS[2], "dataset": "mine"}]
    traces, _ = read({"model": "r1", "benchmark": "sums", "results": rows})
    assert [trace.model for trace in traces] == ["own", "r1", "r1"]
    assert [trace.benchmark for trace in traces] == ["sums", "sums", "mine"]


def test_only_short_texts_are_given_to_the_records() -> None:
    for model in ({"name": "r1"}, ["r1"], 7, "x" * 400):
        traces, _ = read({"model": model, "results": ROWS})
        assert {trace.model for trace in traces} == {None}


def test_canonical_records_pass_through_unchanged() -> None:
    row = {"trace_id": "t", "question_id": "q", "question": "q", "response": "r"}
    (trace,), _ = read({"model": "r1", "traces": [row]})
    assert (trace.trace_id, trace.model, trace.meta) == ("t", None, {})


def test_a_bad_record_costs_itself() -> None:
    traces, rejects = read({"results": [ROWS[0], {"question": "q"}, 7, ROWS[1]]})
    assert len(traces) == 2
    assert [reject.line for reject in rejects] == [2, 3]


def test_lines_of_wrappers_keep_their_line() -> None:
    traces, rejects = read(({"data": ROWS}, {"data": []}, {"x": 1}, {"data": ROWS[:1]}))
    assert [trace.meta["import"]["line"] for trace in traces] == [1, 1, 1, 4]
    assert [reject.line for reject in rejects] == [2, 3]


@pytest.mark.parametrize(
    ("value", "format"),
    [
        ({"results": [{"question": "q", "completions": [{"full_model_response": "a"}]}]}, "reasoning-gym"),
        ({"eval": {}, "samples": [{"id": 1, "question": "q", "response": "a"}]}, "inspect"),
        ({"prompt": "q", "outputs": [{"text": "a", "question": "q", "response": "b"}]}, "vllm"),
        ({"choices": [{"message": TURNS[1]}], "data": ROWS}, "openai"),
        ({"messages": TURNS, "data": ROWS}, "messages"),
        ({"question": "q", "response": "r", "samples": ROWS}, "pairs"),
    ],
)
def test_a_wrapper_never_hides_a_format(tmp_path: Path, value: Any, format: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(value))
    _, _, report = read_paths(path)
    assert report.files[0].format == format
    assert report.files[0].n_records == 1


@pytest.mark.parametrize(
    "value",
    [
        {"data": ROWS, "results": ROWS},
        {"results": [1, 2]},
        {"results": {"results": ROWS}},
        {"request": {"x": 1}, "answer": ROWS[0]},
        {"results": []},
    ],
)
def test_what_could_be_several_things_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match=r"no format that is known|holds no traces"):
        read(value)


@pytest.mark.parametrize(
    "value",
    [
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        {name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]},
        {str(n): row for n, row in enumerate(ROWS)},
        {"columns": list(ROWS[0]), "index": [0, 1, 2], "data": [list(row.values()) for row in ROWS]},
        {"schema": {"primaryKey": ["index"]}, "data": [{"index": n, **row} for n, row in enumerate(ROWS)]},
    ],
)
def test_tables_in_one_object_are_read_as_rows(value: Any) -> None:
    traces, rejects = read(value)
    assert not rejects
    assert [trace.response for trace in traces] == [row["response"] for row in ROWS]
    assert [trace.gold for trace in traces] == ["1", "2", "3"]
    # An index is no name of a question.
    assert all(trace.question_id.startswith("q-") for trace in traces)


def served(*rows: tuple[dict[str, Any], list[str]]) -> dict[str, Any]:
    made = [{"row_idx": n, "row": row, "truncated_cells": cut} for n, (row, cut) in enumerate(rows)]
    return {"features": [], "rows": made, "num_rows_total": 9, "partial": False}


def test_rows_of_the_hubs_server_are_read() -> None:
    traces, rejects = read(served(*((row, []) for row in ROWS)))
    assert (len(traces), len(rejects)) == (3, 0)


@pytest.mark.parametrize("name", ["response", "question", "gold"])
def test_a_row_that_the_server_has_cut_short_is_never_taken_as_whole(name: str) -> None:
    traces, rejects = read(served((ROWS[0], []), (ROWS[1], [name]), (ROWS[2], ["notes", name])))
    assert len(traces) == 1
    assert [reject.line for reject in rejects] == [2, 3]
    assert f"has cut {name} short" in rejects[0].reason


def test_a_cut_cell_that_is_only_shown_is_left_out_and_named() -> None:
    (trace,), rejects = read(served(({**ROWS[0], "embedding": "[0.1, 0."}, ["embedding"])))
    assert not rejects
    assert trace.meta["source"] == {"truncated_cells": ["embedding"]}


def test_a_format_or_columns_that_were_asked_for_decide(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"data": [{"ask": "q", "reply": "r"}], "results": [{"other": 1}]}))
    traces, _, _ = read_paths(path, column_map={"question": "ask", "response": "reply"})
    assert [trace.response for trace in traces] == ["r"]
    path.write_text(json.dumps({"ask": ["q", "p"], "reply": ["r", "s"]}))
    traces, _, _ = read_paths(path, column_map={"question": "ask", "response": "reply"})
    assert [(trace.messages[0].content, trace.response) for trace in traces] == [("q", "r"), ("p", "s")]
    path.write_text(json.dumps({"ask": "q", "reply": ["r", "s"]}))
    traces, _, _ = read_paths(path, column_map={"question": "ask", "response": "reply"})
    assert [(trace.messages[0].content, trace.response) for trace in traces] == [("q", "r"), ("q", "s")]
    path.write_text(json.dumps({"results": [{"messages": TURNS}]}))
    traces, _, _ = read_paths(path, format="messages")
    assert [trace.response for trace in traces] == ["a"]
