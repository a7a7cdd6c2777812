"""A conversation that ends with the assistant's own turn: a beginning to be continued, a repetition, or neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.records import Message, ToolCall
from rdpt_core.traces.formats.base import Draft, RecordError, Response
from rdpt_core.traces.importing.prefill import join_last_turn
from tests.support.imports.import_reports import eval_archive, imported

ASKED = Message("user", "Where is the Louvre?")


def joined(beginning: str, response: str, *, continues: bool = True) -> tuple[Draft, Any]:
    draft = Draft(Response.verbatim(response), continues=continues)
    messages, prefill = join_last_turn(draft, (ASKED, Message("assistant", beginning)))
    assert messages == (ASKED,)
    return draft, prefill


def test_the_beginning_stands_in_front_and_is_no_text_of_the_source() -> None:
    draft, prefill = joined("It is in ", "Paris")
    assert draft.response.pieces == (("It is in ", "prefilled"), ("Paris", "source"))
    assert prefill == {"char_end": 9}


def test_a_beginning_that_the_response_repeats_is_not_doubled() -> None:
    draft, prefill = joined("It is in ", "It is in Paris")
    assert draft.response == Response.verbatim("It is in Paris")
    assert prefill == {"char_end": 9, "repeated_by_response": True}


def test_a_letter_that_both_begin_with_is_no_repetition() -> None:
    assert joined("A", "And so")[0].response.text == "AAnd so"


@pytest.mark.parametrize("continues", [True, False])
def test_a_turn_that_is_the_response_once_more_is_dropped(continues: bool) -> None:
    draft, prefill = joined("Paris", "Paris", continues=continues)
    assert draft.response == Response.verbatim("Paris")
    assert prefill is None


@pytest.mark.parametrize(("beginning", "continues"), [("It is in ", False), ("", True)])
def test_a_turn_of_which_nothing_says_that_it_is_continued_is_refused(beginning: str, continues: bool) -> None:
    with pytest.raises(RecordError, match="continue_final_message"):
        joined(beginning, "Paris", continues=continues)


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ({"continue_final_message": True}, "It is in Paris"),
        ({}, None),
    ],
)
def test_a_request_for_a_chat_completion_says_it(
    tmp_path: Path, request_: dict[str, Any], response: str | None
) -> None:
    asked = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "It is in "}]
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}
    record = {"object": "chat.completion", "choices": [choice], "request": {"messages": asked, **request_}}
    traces, rejects, _ = imported(tmp_path, (record,))
    assert [trace.response for trace in traces] == ([] if response is None else [response])
    assert len(rejects) == (response is None)


def test_anthropic_always_continues(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "It is in "}]
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Paris"}]}
    (trace,) = imported(tmp_path, ({"request": {"messages": asked}, "response": message},)).traces
    assert trace.response == "It is in Paris"


def test_the_command_says_what_the_model_did_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = {"id": "c", "function": "submit", "arguments": {"answer": "Paris"}}
    answer = {"role": "assistant", "content": "Sent.\n\nParis", "source": "generate"}
    given = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "It is "}]
    choices = [{"message": {**answer, "tool_calls": [call]}, "stop_reason": "tool_calls"}]
    log = tmp_path / "log.eval"
    log.write_bytes(eval_archive({"id": 1, "messages": [*given, answer], "output": {"choices": choices}}))
    assert main(["import", str(log), "--out", str(tmp_path / "out.jsonl")]) == 0
    said = capsys.readouterr().err
    assert "1 response begins with text that the model was given to continue" in said
    assert "beside 1 response stood text that the model did not write" in said


def test_a_turn_that_called_a_tool_is_no_beginning_of_a_response(tmp_path: Path) -> None:
    """It was over; joined to the response, its call would be lost."""
    calling = {"role": "assistant", "content": "It is in ", "tool_calls": [{"function": {"name": "f"}}]}
    asked = [{"role": "user", "content": "Where?"}, calling]
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Paris"}]}
    traces, rejects, _ = imported(tmp_path, ({"request": {"messages": asked}, "response": message},))
    assert traces == [] and len(rejects) == 1


def test_a_turn_that_calls_a_tool_is_not_dropped_either_where_the_response_repeats_its_text() -> None:
    call = ToolCall("search", "{}", None)
    draft = Draft(Response.verbatim("Let me see."))
    with pytest.raises(RecordError, match="calls a tool"):
        join_last_turn(draft, (ASKED, Message("assistant", "Let me see.", (call,))))
