"""Tool calls reach the prompt in the shape that a template shows, or the trace goes without them and says why."""

from __future__ import annotations

import pytest

from rdpt_core.errors import ModelError
from rdpt_core.records import Message, ToolCall, Trace
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate, Refused
from rdpt_core.scoring.models.prompts.tool_calls import Shape, Taken, conversation_of, render_traces, taken_by

ASKED = Message("user", "How warm?")
CALL = ToolCall("weather", '{"city": "Oslo"}', "call_abc123DEF456")
OTHER = ToolCall("clock", '{"zone":"CET"}', "call_2")

NAMES = "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
CALLS = "{% for call in m.tool_calls or [] %}{% set f = call.function %}"
END = "{% endfor %}{% endfor %}<assistant>"
OBJECTS = NAMES + CALLS + "[{{ f.name }} {{ f.arguments | tojson }}]" + END
KEYS = NAMES + CALLS + "[{{ f.name }}{% for k, v in f.arguments.items() %} {{ k }}={{ v }}{% endfor %}]" + END
TEXTS = NAMES + CALLS + "{{ '[' + f.name + ' ' + f.arguments + ']' }}" + END
WHOLE = NAMES + CALLS + "{{ call | tojson }}" + END
IF_NO_CONTENT = (
    "{% for m in messages %}{% if m.content is none %}" + CALLS + "[{{ f.name }} {{ f.arguments }}]{% endfor %}"
    "{% else %}<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}"
)
ONE = NAMES + (
    "{% if m.tool_calls %}{% if m.tool_calls | length != 1 %}{{ raise_exception('one only') }}{% endif %}"
    "{% set f = m.tool_calls[0].function %}[{{ f.name }} {{ f.arguments | tojson }}]{% endif %}{% endfor %}"
)
FIRST_ONLY = ONE.replace("{{ raise_exception('one only') }}", "")
NINE = (
    NAMES
    + CALLS
    + (
        "{% if call.id | length != 9 %}{{ raise_exception('nine') }}{% endif %}[{{ call.id }} {{ f.name }} "
        "{{ f.arguments | tojson }}]{% endfor %}{{ m.tool_call_id }}{% endfor %}"
    )
)
NONE = NAMES + "{% endfor %}<assistant>"
PYTHON = NAMES + CALLS + "[{{ f.name }} {{ f.arguments }}]" + END
NO_TOOLS = "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}{{ m.content }}"
NO_TOOLS += "{% endfor %}"

OBJECT = Shape("", False, True)


def template(source: str) -> ChatTemplate:
    return ChatTemplate("m", source, {})


def trace(*calls: ToolCall, content: str = "") -> Trace:
    results = [Message("tool", "3", (), call.id, call.name) for call in calls]
    return Trace("t", "q", "It.", (ASKED, Message("assistant", content, calls), *results))


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        (OBJECTS, Taken(OBJECT, OBJECT)),
        (KEYS, Taken(OBJECT, OBJECT)),
        (WHOLE, Taken(OBJECT, OBJECT)),
        (TEXTS, Taken(Shape("", False, False), Shape("", False, False))),
        (PYTHON, Taken(Shape("", False, False), Shape("", False, False))),
        (IF_NO_CONTENT, Taken(Shape(None, False, False), Shape(None, False, False))),
        (ONE, Taken(OBJECT, None)),
        (FIRST_ONLY, Taken(OBJECT, None)),
        (NINE, Taken(Shape("", True, True), Shape("", True, True))),
        (NONE, Taken(None, None)),
        (NO_TOOLS, Taken(None, None)),
    ],
)
def test_a_probe_finds_the_shape_that_a_template_shows(source: str, taken: Taken) -> None:
    assert taken_by(template(source)) == taken


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (OBJECTS, '<user>How warm?<assistant>Look.[weather {"city": "Oslo"}][clock {"zone": "CET"}]<tool>3<tool>3'),
        (TEXTS, '<user>How warm?<assistant>Look.[weather {"city": "Oslo"}][clock {"zone":"CET"}]<tool>3<tool>3'),
        (KEYS, "<user>How warm?<assistant>Look.[weather city=Oslo][clock zone=CET]<tool>3<tool>3"),
    ],
)
def test_calls_stand_in_the_prompt(source: str, text: str) -> None:
    ((shown, lost),) = render_traces(template(source), [trace(CALL, OTHER, content="Look.")])
    assert (shown, lost) == (f"{text}<assistant>", None)


def test_ids_are_cut_where_a_template_insists() -> None:
    ((shown, lost),) = render_traces(template(NINE), [trace(CALL)])
    assert lost is None
    assert shown == '<user>How warm?<assistant>[123DEF456 weather {"city": "Oslo"}]<tool>3123DEF456'


def test_content_that_is_empty_is_not_an_empty_turn_more() -> None:
    twice = NAMES.replace("<{{ m.role }}>{{ m.content }}", "{% if m.content is not none %}({{ m.content }}){% endif %}")
    source = twice + CALLS + "[{{ f.name }} {{ f.arguments | tojson }}]" + END
    assert taken_by(template(source)).one == Shape(None, False, True)


@pytest.mark.parametrize(
    ("source", "calls", "why"),
    [
        (NONE, (CALL,), "the chat template shows no tool calls"),
        (ONE, (CALL, OTHER), "the chat template shows no more than one tool call a turn"),
        (FIRST_ONLY, (CALL, OTHER), "the chat template shows no more than one tool call a turn"),
        (NINE, (CALL._replace(id=None),), "the chat template refuses tool calls like these (nine)"),
    ],
)
def test_what_a_template_does_not_show_is_left_out_and_said(source: str, calls: tuple[ToolCall, ...], why: str) -> None:
    plain = Trace("t", "q", "It.", (ASKED,))
    before, (shown, lost), after = render_traces(template(source), [plain, trace(*calls), plain])
    assert lost == why
    assert isinstance(shown, str) and "weather" not in shown and "3" in shown
    assert before == after and before.lost is None


def test_a_template_that_takes_no_results_refuses_the_trace_with_its_reason() -> None:
    ((shown, _),) = render_traces(template(NO_TOOLS), [trace(CALL)])
    assert shown == Refused("no tools")


def test_a_broken_template_is_said_to_be_broken() -> None:
    with pytest.raises(ModelError, match="broken"):
        render_traces(template("{% if"), [trace(CALL)])


def test_a_conversation_without_calls_is_a_role_and_a_content_a_turn() -> None:
    talk = Trace("t", "q", "It.", (ASKED, Message("assistant", "Hm."), Message("tool", "3", (), "c1", "clock")))
    expected = [{"role": "user", "content": "How warm?"}, {"role": "assistant", "content": "Hm."}]
    expected.append({"role": "tool", "content": "3", "tool_call_id": "c1", "name": "clock"})
    assert conversation_of(talk) == conversation_of(talk, OBJECT) == expected


@pytest.mark.parametrize(
    "arguments",
    ['{"a": ' * 60 + "1" + "}" * 60, '{"a": ' * 100_000, "no JSON", '{"a": "\\ud800"}', "{" + " " * 6_000_000 + "}"],
    ids=["deep", "unclosed", "no JSON", "half a pair", "huge"],
)
def test_hostile_arguments_stay_text_and_stop_nothing(arguments: str) -> None:
    hostile, plain = trace(CALL._replace(arguments=arguments)), trace(CALL)
    (first, _), (second, lost) = render_traces(template(PYTHON), [hostile, plain])
    assert lost is None and isinstance(second, str) and "Oslo" in second
    assert isinstance(first, Refused) if len(arguments) > 5_000_000 else arguments in str(first)
    if isinstance(first, str):
        first.encode()


def test_a_template_may_not_write_more_than_its_messages_warrant() -> None:
    flood = (
        NAMES + CALLS + "{{ f.name }} {{ f.arguments | tojson }}" + "{{ 'x' * 2000000 if f.name == 'weather' }}" + END
    )
    ((shown, lost),) = render_traces(template(flood), [trace(CALL)])
    assert isinstance(shown, str) and lost is not None and "characters of this conversation" in lost
