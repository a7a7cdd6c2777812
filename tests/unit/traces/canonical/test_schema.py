"""Traces written as canonical lines read back equal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.errors import InputError
from rdpt_core.records import Message, ToolCall, Trace
from rdpt_core.traces.canonical.reader import iter_traces
from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.canonical.schema import trace_to_json

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAME = TEXT.filter(bool)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CALLS = st.lists(st.builds(ToolCall, NAME, TEXT, st.none() | NAME), max_size=2).map(tuple)
TURNS = st.builds(Message, NAME, TEXT) | st.builds(Message, NAME, TEXT, CALLS, st.none() | NAME, st.none() | NAME)
LAST_TURN = st.builds(Message, st.sampled_from(["user", "tool"]), TEXT, st.just(()), st.none() | NAME, st.none() | NAME)
CONVERSATION = st.tuples(st.lists(TURNS, max_size=2), LAST_TURN).map(lambda parts: (*parts[0], parts[1]))
TRACES = st.builds(
    Trace,
    trace_id=NAME,
    question_id=NAME,
    response=TEXT,
    messages=CONVERSATION,
    prompt=st.none() | NAME,
    benchmark=TEXT,
    domain=st.none() | TEXT,
    model=st.none() | TEXT,
    difficulty=st.none() | TEXT,
    teacher_id=st.none() | TEXT,
    gold=st.none() | TEXT,
    correct=st.none() | st.booleans(),
    sample=st.integers(0, 2**31 - 1),
    meta=st.dictionaries(TEXT, JSON, max_size=3),
)


@given(trace=TRACES)
def test_a_written_trace_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    written = trace_to_json(trace)
    assert "\n" not in written
    path = tmp_path_factory.getbasetemp() / "round-trip.jsonl"
    path.write_text(written + "\n", encoding="utf-8")
    (back,) = iter_traces([path], rejects=RejectLog())
    assert back == trace
    assert trace_to_json(back) == written


def test_the_written_line_is_fixed() -> None:
    trace = Trace("t", "q", "é\n", (Message("user", "1?"),), correct=True, meta={"b": 1, "a": {"d": 2, "c": 3}})
    assert trace_to_json(trace) == (
        '{"trace_id": "t", "question_id": "q", "benchmark": "unknown", "sample": 0, "correct": true, '
        '"question": "1?", "response": "é\\n", "meta": {"a": {"c": 3, "d": 2}, "b": 1}}'
    )


@pytest.mark.parametrize("change", [{"meta": {"x": float("nan")}}, {"meta": {"x": object()}}, {"response": "\ud800"}])
def test_what_json_cannot_say_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cannot be written as JSON: t"):
        trace_to_json(replace(Trace("t", "q", "r"), **change))


def test_a_line_without_a_routed_teacher_is_what_it_was_before_there_were_any() -> None:
    trace = Trace("t", "q", "2.", (Message("user", "?"),))
    before = '{"trace_id": "t", "question_id": "q", "benchmark": "unknown", '
    after = '"sample": 0, "question": "?", "response": "2."}'
    assert trace_to_json(trace) == before + after
    assert trace_to_json(replace(trace, teacher_id="code")) == f'{before}"teacher_id": "code", {after}'
