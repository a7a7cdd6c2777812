"""Chat templates render as transformers renders them, and cannot hang, fill the memory or flood the model."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from jinja2 import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.prompts import chat_template as module
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate, Refused
from tests.support.tiny_models import CHAT_TEMPLATE

DATA = Path(__file__).resolve().parents[5] / "data"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
ASKED = [{"role": "system", "content": 'Be "brief" & <kind>. '}, {"role": "user", "content": "Größe?\n  😀\t"}]
TURNS = [*ASKED, {"role": "assistant", "content": "<think>So.</think> Yes."}, {"role": "user", "content": "Why?"}]
LAST = [{"role": "user", "content": "?"}]

# What the templates of well-known models use of Jinja and of what transformers adds to it.
TEMPLATES = {
    "bundled": (DATA / "teacher" / "chat_template.jinja").read_text(encoding="utf-8"),
    "plain loop": CHAT_TEMPLATE,
    "whitespace": "  {% if true %}\n    a\n  {% endif %}\n\t{%- for m in messages -%}\n {{ m.content | trim }}\n"
    "{% endfor %}\n",
    "tojson": "{{ messages | tojson }}{{ messages | tojson(indent=4, sort_keys=true) }}"
    "{{ {'b': '<&>', 'a': 'ü'} | tojson(ensure_ascii=true, separators=(',', ':')) }}",
    "namespace": "{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% set ns.n = ns.n + 1 %}"
    "{% set ns.last = m.role %}{% endfor %}{{ ns.n }}{{ ns.last }}",
    "loop controls": "{% for m in messages[::-1] %}{% if m.role == 'system' %}{% continue %}{% endif %}"
    "{{ loop.index0 }}{{ m.content }}{% if loop.index > 1 %}{% break %}{% endif %}{% endfor %}",
    "generation": "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{{ eos_token }}"
    "{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}",
    "thinking": "{% for m in messages %}{% if '</think>' in m.content %}"
    "{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<think>\n{% endif %}",
    "macros": "{% macro turn(m, end='.') %}[{{ m.role | upper }}] {{ caller() if caller else m.content }}{{ end }}"
    "{% endmacro %}{% for m in messages %}{{ turn(m, end='!') }}{% endfor %}",
    "what is not there": "{% if tools is defined and tools is not none %}T{% endif %}{{ documents }}{{ nothing }}"
    "{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}{{ date_string }}",
    "dict": "{% set d = dict(a=1) %}{{ d.items() | list }}{{ dict.fromkeys(['x'], 2) }}{{ {'k': [1, 2.5, none]} }}",
    "tests and filters": "{% for m in messages | selectattr('role', 'equalto', 'user') %}{{ m.content | length }}"
    "{{ m.content is string }}{{ m is mapping }}{{ m.tool_calls is defined }}{% endfor %}{{ range(3) | join('-') }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("messages", [ASKED, TURNS, LAST], ids=["asked", "turns", "last"])
def test_a_rendering_is_that_of_transformers(name: str, messages: list[dict[str, str]]) -> None:
    try:
        (expected,), _ = render_jinja_template(
            [messages], chat_template=TEMPLATES[name], add_generation_prompt=True, **TOKENS
        )
    except TemplateError as error:
        expected = Refused(str(error))
    assert ChatTemplate("m", TEMPLATES[name], TOKENS).render([messages]) == [expected]


def test_the_date_is_the_same_every_day() -> None:
    template = ChatTemplate("m", "{{ strftime_now('%d %b %Y') }}, {{ strftime_now(format='%Y-%m-%d %H:%M') }}", {})
    assert template.render([LAST]) == ["01 Jan 2025, 2025-01-01 00:00"]


def test_every_format_of_dates_is_that_of_the_standard_library() -> None:
    formats = [f"%{letter}" for letter in "aAbBcdDefFGHIjmMpRSTuUVwWxXyYzZ%"] + [
        "%-d",
        "%-I",
        "%-m",
        "%j",
        "%d. %B, %I %p",
    ]
    now = datetime.datetime.combine(module.TEMPLATE_DATE, datetime.time())
    source = "\n\n".join(["", *(f"{{{{ strftime_now('{format}') }}}}" for format in formats), "."])
    expected = "\n\n".join(["", *map(now.strftime, formats), "."])
    assert ChatTemplate("m", source, {}).render([LAST]) == [expected]


THINKING = "{{ messages[0].content }}{% if enable_thinking is defined and not enable_thinking %}{{ end }}{% endif %}"


@pytest.mark.parametrize("arguments", [{}, {"enable_thinking": True}, {"enable_thinking": False, "end": "</think>"}])
def test_arguments_are_those_of_transformers(arguments: dict[str, object]) -> None:
    (expected,), _ = render_jinja_template(
        [LAST], chat_template=THINKING, add_generation_prompt=True, **TOKENS, **arguments
    )
    assert ChatTemplate("m", THINKING, TOKENS, arguments).render([LAST]) == [expected]


def test_tools_may_be_given_and_the_conversation_may_not() -> None:
    source = "{{ tools[0].name }}{{ messages[0].content }}{{ add_generation_prompt }}"
    arguments = {"tools": [{"name": "f"}], "messages": [], "add_generation_prompt": False}
    assert ChatTemplate("m", source, {}, arguments).render([LAST]) == ["f?True"]


def test_the_names_that_a_template_reads_are_known() -> None:
    source = (
        "{{ bos_token }}{% if not thinking is defined %}{% set thinking = effort == 'high' %}{% endif %}"
        "{% for m in messages %}{{ m.content }}{{ strftime_now('%Y') }}{% endfor %}{% set own = 1 %}{{ own }}"
    )
    assert ChatTemplate("m", source, TOKENS).names() == {"thinking", "effort"}
    assert ChatTemplate("m", "{{ messages }}", TOKENS).names() == frozenset()
    with pytest.raises(ModelError, match="broken: m"):
        ChatTemplate("m", "{% if", TOKENS).names()


def test_one_conversation_may_be_refused_and_the_others_pass() -> None:
    template = ChatTemplate(
        "m",
        "{% if messages | length > 1 %}{{ raise_exception('one turn only') }}{% endif %}{{ messages[0].content }}",
        {},
    )
    assert template.render([LAST, TURNS, LAST]) == ["?", Refused("one turn only"), "?"]


ENDLESS_CALLS = "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}"


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        (ENDLESS_CALLS, "calls itself"),
        ("{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "more than 1,000,250 characters"),
        ("{{ messages[0].content * 10**10 }}", "more memory"),
        ("{{ messages[0].content.ljust(10**11) }}", "more memory"),
        ("{{ range(10**9) | list }}", "[Rr]ange"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ namespace(__class__=1) }}", "underscore"),
        ("{% include '/etc/passwd' %}", "loader"),
        ("{{ messages[7].content }}", "no element 7"),
        ("{{ raise_exception('x' * 10**7) }}", "x{300}$"),
    ],
)
def test_what_a_template_may_not_do_is_told_of_the_trace(source: str, detail: str) -> None:
    (result,) = ChatTemplate("m", source, {}).render([LAST])
    assert isinstance(result, Refused)
    assert re.search(detail, result.detail)


@pytest.mark.parametrize("source", ["{% for m in messages %}", "{{ 'a' | nothing }}", "{{" * 50, "{{ (" + "(" * 9999])
def test_a_broken_template_stops_the_run(source: str) -> None:
    with pytest.raises(ModelError, match="chat template of this model is broken: m"):
        ChatTemplate("m", source, {}).check()


NESTED_LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize("source", [NESTED_LOOPS, "{{ (messages | length + 8) ** (9**9) }}", "{{ 9 ** (9**9) }}"])
def test_a_template_without_end_stops_the_run_at_once(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 0.3)
    with pytest.raises(ModelError, match="does not come to an end: m"):
        ChatTemplate("m", source, {}).render([TURNS] * 875)
    assert module._RENDERER._process is None
    # The next template has a process of its own.
    monkeypatch.setattr(module, "LIMIT_S", 10.0)
    assert ChatTemplate("m", "{{ messages[0].content }}", {}).render([LAST]) == ["?"]


def test_a_renderer_that_does_not_start_is_not_the_templates_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "worker.py"
    program.write_text("raise MemoryError")
    monkeypatch.setattr(module, "_PROGRAM", program)
    monkeypatch.setattr(module, "_RENDERER", module._Renderer())
    with pytest.raises(ModelError, match="the renderer of chat templates could not be started: m") as raised:
        ChatTemplate("m", "{{ messages[0].content }}", {}).check()
    assert "--template raw" not in str(raised.value)


def test_messages_far_beyond_any_context_are_not_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHARS", 40)
    template = ChatTemplate("m", "{{ messages[0].content }}", {})
    long = [{"role": "user", "content": "x" * 40}]
    results = template.render([LAST, LAST, long, LAST])
    assert [result if isinstance(result, str) else "refused" for result in results] == ["?", "?", "refused", "?"]
