"""Of an Inspect message, what the model wrote is told from what solvers made of it."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.traces.formats.inspect_output import Originals, with_attachments

CALL = {"id": "call", "function": "submit", "arguments": {"answer": "4"}, "type": "function"}


def message(content: Any, identity: str = "m", **more: Any) -> dict[str, Any]:
    return {"id": identity, "role": "assistant", "content": content, **more}


def event(written: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"event": "model", "output": {"choices": [{"message": written}]}, **more}


def text(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": part} for part in texts]


def test_the_message_of_the_model_event_is_what_the_model_wrote() -> None:
    logged = message(text("I submit.", "4"), tool_calls=[CALL])
    sample = {"events": [{"event": "info"}, event(message(text("I submit."), tool_calls=[CALL]))]}
    written = Originals(sample).of(logged)
    assert written.message["content"] == text("I submit.")
    assert (written.set_aside, written.submitted) == ("4", "4")


@pytest.mark.parametrize(
    ("own", "logged", "aside"),
    [
        ("I submit.", "I submit.\n\n4", "\n\n4"),
        (" I submit. ", "I submit. \n\n4", " \n\n4"),
        ("I submit.", "I submit. ==> 4", " ==> 4"),
        ("", "4", "4"),
    ],
)
def test_an_answer_that_an_agent_joins_is_known_by_the_event(own: str, logged: str, aside: str) -> None:
    events = [event(message(own, tool_calls=[CALL]))]
    written = Originals({"events": events}).of(message(logged, tool_calls=[CALL]))
    assert (written.message["content"], written.set_aside, written.submitted) == (own, aside, "4")


def test_a_message_that_nobody_changed_stays_as_the_log_has_it() -> None:
    logged = message("4", tool_calls=[CALL])
    for sample in ({"events": [event(message("4"))]}, {"events": [event(message("5", "other"))]}, {}):
        written = Originals(sample).of(logged)
        assert written.message is logged
        assert (written.set_aside, written.submitted, written.shown) == ("", None, None)


@pytest.mark.parametrize("inline", [True, False])
def test_of_a_changed_message_the_conversation_comes_from_the_event_too(inline: bool) -> None:
    asked = [{"role": "user", "content": "A) 4 B) 5"}]
    where: dict[str, Any] = {"input": asked} if inline else {"input": [], "input_refs": [[1, 2]]}
    pool = [{"role": "system", "content": "other"}, {"role": "user", "content": "attachment://0"}]
    sample = {
        "events": [event(message("Sum first. ANSWER: A"), **where)],
        "events_data": {"messages": pool},
        "attachments": {"0": "A) 4 B) 5"},
    }
    written = Originals(sample).of(message("ANSWER: B"))
    assert written.message["content"] == "Sum first. ANSWER: A"
    assert (written.set_aside, written.submitted, written.shown) == ("ANSWER: B", None, asked)


@pytest.mark.parametrize("ranges", [[["a", 2]], [[0]], 3, [[5, 9]]])
def test_ranges_that_name_no_messages_give_no_conversation(ranges: Any) -> None:
    sample = {"events": [event(message("x"), input_refs=ranges)], "events_data": {"messages": [{"role": "user"}]}}
    assert Originals(sample).of(message("y")).shown is None


@pytest.mark.parametrize(
    ("content", "own", "aside"),
    [
        (text("I submit.", "4"), text("I submit."), "4"),
        ("I submit.\n\n4", "I submit.", "\n\n4"),
        ("4", "", "4"),
    ],
)
def test_without_events_an_appended_answer_is_known_by_its_call(content: Any, own: Any, aside: str) -> None:
    logged = message(content, tool_calls=[CALL])
    written = Originals({"messages": [{"role": "user", "content": "2+2?"}, message(content)]}).of(logged)
    assert (written.message["content"], written.set_aside, written.submitted) == (own, aside, "4")


@pytest.mark.parametrize(
    "sample",
    [
        {"messages": [message("I submit.\n\n4", tool_calls=[CALL])]},  # the call was kept, so nothing was appended
        {},
    ],
)
def test_an_answer_whose_call_stands_in_the_conversation_is_the_models_own(sample: dict[str, Any]) -> None:
    logged = message("I submit.\n\n4", tool_calls=[CALL])
    assert Originals(sample).of(logged).message is logged


def test_attachments_are_put_back_wherever_messages_hold_text() -> None:
    value = [{"content": [{"text": "attachment://a"}, "attachment://b", 3]}]
    assert with_attachments(value, {"a": "long"}) == [{"content": [{"text": "long"}, "attachment://b", 3]}]
    assert with_attachments(value, None) is value
