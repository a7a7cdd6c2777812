"""What was asked: questions, conversations, conversations as JSON texts, and rendered prompts without their tokens."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from rdpt_core.records import Message
from rdpt_core.traces.formats.asked import asked, is_decoded_chat, is_python_notation, rendered_turns, unpacked
from rdpt_core.traces.formats.base import RecordError

TURNS = [{"role": "user", "content": "2+2?"}]
USER = (Message("user", "2+2?"),)
DECODED = "user\n2+2?\nassistant\n"


@pytest.mark.parametrize(
    "value",
    ["2+2?", TURNS, json.dumps(TURNS), json.dumps(TURNS, indent=1), json.dumps([{"from": "human", "value": "2+2?"}])],
)
def test_a_question_is_found_in_every_dress(value: Any) -> None:
    assert asked(value, "question") == (USER, None)
    assert asked(value, "question", "Be brief.") == ((Message("system", "Be brief."), *USER), None)


def test_a_conversations_own_system_message_is_the_one() -> None:
    turns = [{"role": "system", "content": "Own."}, *TURNS]
    assert asked(turns, "question", "Other.")[0] == (Message("system", "Own."), *USER)


@pytest.mark.parametrize(
    "text",
    [
        '[{"role": "user", "content": "2+2?"}',
        '[{"role": "user"}]',
        "[1, 2]",
        "[{}]",
        '[{"role": "user", "content": "2+2?"}] and more',
        '{"role": "user", "content": "q"}',
    ],
)
def test_a_text_that_is_not_wholly_a_conversation_stays_a_text(text: str) -> None:
    assert unpacked(text) == text
    assert asked(text, "question")[0] == (Message("user", text),)


@pytest.mark.parametrize(
    "text", [str(TURNS), f"array({TURNS}, dtype=object)", "[{'from': 'human', 'value': 'q'}\n {}]"]
)
def test_python_notation_is_refused_and_not_guessed(text: str) -> None:
    assert is_python_notation(text)
    with pytest.raises(RecordError, match=r"messages is a conversation as Python prints it.*json\.dumps"):
        asked(text, "messages")


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        (DECODED, USER),
        ("system\nBe brief.\n" + DECODED, (Message("system", "Be brief."), *USER)),
        (DECODED + "<think>\n", USER),
        (DECODED + "<think>\n\n</think>\n\n", USER),
        ("user\nTwo\nlines\n\nassistant\n", (Message("user", "Two\nlines\n"),)),
        ("<｜begin▁of▁sentence｜>Be brief.<｜User｜>2+2?<｜Assistant｜>", (Message("system", "Be brief."), *USER)),
        ("<｜User｜>2+2?<｜Assistant｜><think>\n", USER),
        ("user\n\n2+2?assistant\n\n", USER),
        ("system\n\nBe brief.user\n\n2+2?assistant\n\n", (Message("system", "Be brief."), *USER)),
        # Not certain: which of these lines are roles?
        ("user\nHi\nassistant\nHello\nuser\n2+2?\nassistant\n", ()),
        ("user\nname the roles:\nuser\nassistant\nassistant\n", ()),
        ("user\nassistant\n", ()),
        ("<｜User｜>a<｜Assistant｜>b<｜User｜>c<｜Assistant｜>", ()),
        ("<｜Assistant｜>b<｜User｜>c", ()),
        ("user\n\nHiassistant\n\nHellouser\n\n2+2?assistant\n\n", ()),
        ("system\n\na power user\n\nuser\n\n2+2?assistant\n\n", ()),
    ],
)
def test_turns_of_a_rendered_prompt_are_read_back_where_they_are_certain(
    prompt: str, messages: tuple[Message, ...]
) -> None:
    assert rendered_turns(prompt) == messages
    assert asked(prompt, "prompt") == (messages, prompt)


@pytest.mark.parametrize(
    "text",
    [
        "2+2?",
        "user\n2+2?",
        "user\n2+2?\nassistant\n4",
        "a\nuser\nb\nassistant\n",
        "system\nassistant\n",
        "users\n2+2?\nassistant\n",
    ],
)
def test_a_question_is_no_rendered_prompt(text: str) -> None:
    assert not is_decoded_chat(text)
    assert asked(text, "prompt") == ((Message("user", text),), None)


@pytest.mark.parametrize("value", [None, 3, [], ["2+2?"], {"role": "user"}])
def test_what_asks_nothing_is_refused(value: Any) -> None:
    with pytest.raises(RecordError, match="the question must be"):
        asked(value, "the question")


@pytest.mark.parametrize(
    "text",
    [
        "[" + " " * 200_000,
        '[{"role":' + "[" * 200_000,
        "user\n" * 200_000,
        "<｜User｜>" * 100_000,
        "system\n" + " \n" * 200_000,
    ],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    start = time.perf_counter()
    asked(text, "question")
    assert time.perf_counter() - start < 5
