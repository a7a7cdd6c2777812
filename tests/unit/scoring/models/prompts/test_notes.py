"""Prompts after which these responses make little sense are told of, with the argument that makes better ones."""

from __future__ import annotations

import pytest

from rdpt_core.records import Message, Role, ToolCall, Trace
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.prompts.notes import prompt_notes, tool_call_notes

TURNS = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|assistant|>"
CLOSED = TURNS + "{% if thinking is defined and thinking %}<think>{% else %}<think></think>{% endif %}"
ALWAYS_CLOSED = TURNS + "</think>"
OPENED_ON_DEMAND = TURNS + "{% if enable_thinking %}<think>\n{% endif %}"
ASKS_ON_DEMAND = "{% if thinking %}Think first. {% endif %}" + TURNS
BY_EFFORT = TURNS + "<think>{% if reasoning_effort | default('no') == 'no' %}</think>{% endif %}"
EFFORT = "Effort: {{ reasoning_effort | default('medium') }}. " + TURNS
HARMONY = TURNS + "<|start|>assistant{{ '' if true else '<|start|>assistant<|channel|>analysis<|message|>' }}"
WHOLE, INSIDE, PLAIN = "<think>Hm.</think>It.", "Hm.</think>It.", "It."


def notes(source: str, *responses: str, **arguments: object) -> list[str]:
    traces = [Trace(str(n), "q", text, messages=(Message("user", "?"),)) for n, text in enumerate(responses)]
    return prompt_notes(Role.TEACHER, ChatTemplate("m", source, {}, arguments), traces)


@pytest.mark.parametrize(
    ("source", "responses", "said"),
    [
        (CLOSED, [WHOLE, PLAIN, INSIDE], ["(<think></think>)", "2 of the first 3", "teacher:thinking=true"]),
        (ALWAYS_CLOSED, [WHOLE], ["(</think>)", "No known argument opens the block"]),
        (BY_EFFORT, [WHOLE], ["(<think></think>)", "teacher:reasoning_effort=high"]),
        (OPENED_ON_DEMAND, [INSIDE, WHOLE], ["opens no", "1 of the first 2", "teacher:enable_thinking=true"]),
        (OPENED_ON_DEMAND, [WHOLE], ["does not ask for thinking", "teacher:enable_thinking=true"]),
        (ASKS_ON_DEMAND, [WHOLE], ["does not ask for thinking", "teacher:thinking=true"]),
        (TURNS, [INSIDE], ["opens no thinking block", "No known argument"]),
        (HARMONY, [WHOLE, PLAIN], ["header", "2 of the first 2", "<|channel|>analysis<|message|>"]),
    ],
)
def test_what_is_odd_is_said_with_its_cure(source: str, responses: list[str], said: list[str]) -> None:
    (note,) = notes(source, *responses)
    assert note.startswith("teacher: ") and "\n" not in note
    for words in said:
        assert words in note


@pytest.mark.parametrize(
    ("source", "responses"),
    [
        (CLOSED, [PLAIN]),
        (TURNS, [WHOLE, PLAIN]),
        (TURNS + "<think>\n", [WHOLE, INSIDE]),
        # How much a model thinks is nobody's mistake.
        (EFFORT, [WHOLE]),
        (HARMONY, ["<|channel|>final<|message|>It."]),
        ("{{ raise_exception('no') }}", [WHOLE]),
        (TURNS, ["<|channel|>final<|message|>It."]),
        (CLOSED, []),
    ],
)
def test_nothing_is_said_of_what_fits(source: str, responses: list[str]) -> None:
    assert notes(source, *responses) == []


def test_an_argument_that_is_given_is_heeded() -> None:
    assert notes(CLOSED, WHOLE, thinking=True) == []
    (note,) = notes(CLOSED, WHOLE, thinking=False)
    assert "teacher:thinking=true` opens the block" in note


def test_tool_calls_that_are_not_in_the_prompts_are_told_of_with_their_number() -> None:
    talk = (Message("user", "?"), Message("assistant", "", (ToolCall("f", '{"a": 1}'),)), Message("tool", "2"))
    calling = [Trace(str(n), "q", PLAIN, messages=talk) for n in range(2)]
    (note,) = tool_call_notes(Role.STUDENT, ChatTemplate("m", TURNS, {}), calling, 1_200)
    assert note.startswith("student: the chat template shows no tool calls, so 2 of the first 2 traces")
    assert "(1,200 in all)" in note
    shown = TURNS.replace("{{ m.content }}", "{{ m.content }}{{ m.tool_calls | tojson if m.tool_calls }}")
    assert tool_call_notes(Role.STUDENT, ChatTemplate("m", shown, {}), calling, 1_200) == []
    assert tool_call_notes(Role.STUDENT, ChatTemplate("m", TURNS, {}), [], 0) == []
