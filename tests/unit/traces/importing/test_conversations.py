"""What a conversation held beside text is counted in `meta` and in the report of its file."""

from __future__ import annotations

import json
from typing import Any

from rdpt_core.records import Message, ToolCall
from rdpt_core.traces.importing.conversations import account_for
from rdpt_core.traces.importing.report import FileReport
from tests.support.imports.imported import read

CALL = ToolCall("f", "{}")


def test_every_kind_is_counted_and_the_report_adds_up() -> None:
    entry = FileReport("file")
    talk = (
        Message("user", "?", left_out=("image", "image", "file")),
        Message("assistant", "", (CALL, CALL), left_out=("reasoning", "redacted_reasoning", "tool_call")),
    )
    assert account_for(talk, entry) == {
        "tool_calls": 2,
        "parts_that_are_no_text": 3,
        "reasoning_left_out": 1,
        "redacted_reasoning": 1,
        "tool_calls_without_a_name": 1,
        "kinds": {"file": 1, "image": 2},
    }
    account_for(talk, entry)
    assert (entry.n_tool_calls, entry.n_question_parts_left_out) == (4, 6)
    assert (entry.n_reasoning_left_out, entry.n_tool_calls_left_out) == (4, 2)
    assert account_for((Message("user", "?"),), entry) == {}


def conversation(**call: Any) -> dict[str, Any]:
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "1+1?"}, {"type": "image_url"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": call}]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {"role": "assistant", "content": "It is 2."},
    ]
    return {"messages": turns}


def test_an_imported_conversation_says_what_it_held() -> None:
    (trace,), rejects = read((conversation(name="add", arguments={"a": 1}),))
    assert rejects == []
    assert trace.messages[1:] == (
        Message("assistant", "", (ToolCall("add", '{"a": 1}', "c1"),)),
        Message("tool", "2", (), "c1"),
    )
    told = trace.meta["import"]["conversation"]
    assert told == {"tool_calls": 1, "parts_that_are_no_text": 1, "kinds": {"image": 1}}


def test_questions_that_differ_in_a_call_are_two() -> None:
    lines = [conversation(name="add", arguments={"a": n}) for n in (1, 1, 2)]
    traces, _ = read(tuple(lines))
    assert [trace.question_id == traces[0].question_id for trace in traces] == [True, True, False]


def test_a_call_with_half_a_surrogate_pair_costs_its_record_only() -> None:
    lines = [conversation(name="add", arguments=text) for text in ("\ud800", "{}")]
    lines.append(conversation(name="add", arguments={"\udfff": 1}))
    traces, rejects = read(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert len(traces) == 1
    assert ["surrogate" in reject.reason for reject in rejects] == [True, True]
