"""Flags that name a role: values of all sorts, and nothing given twice in silence."""

from __future__ import annotations

import pytest

from rdpt_core.cli import make_parser
from rdpt_core.errors import UsageError

SCORE = ["score", "--traces", "t.jsonl", "--db", "x.duckdb"]


def test_arguments_of_chat_templates_are_gathered_by_role() -> None:
    arguments = make_parser().parse_args(
        [
            *SCORE,
            *("--template-arguments", "teacher:thinking=true", "teacher:effort=high", "student:n=-1"),
            *("--template-arguments", 'teacher:tools=[{"name": "f"}]', 'student:day="5"', "student:rule=a=b"),
            *("--template-name", "teacher:tool_use", "student:a:b"),
        ]
    )
    assert arguments.template_arguments == {
        "teacher": {"thinking": True, "effort": "high", "tools": [{"name": "f"}]},
        "student": {"n": -1, "day": "5", "rule": "a=b"},
    }
    assert arguments.template_name == {"teacher": "tool_use", "student": "a:b"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--template-arguments", "thinking=true"], "teacher, student or distilled, a colon"),
        (["--template-arguments", "tutor:thinking=true"], "teacher, student or distilled, a colon"),
        (["--template-arguments", "teacher:thinking"], "expected ROLE:NAME=VALUE"),
        (["--template-arguments", "teacher:x=1", "teacher:x=2"], "given twice for the teacher: x"),
        (["--template-arguments", "teacher:x=1", "--template-arguments", "teacher:x=1"], "given twice"),
        (["--template-name", "teacher:a", "teacher:b"], "given twice for the teacher"),
        (["--template-name", "teacher:"], "a colon and a value"),
    ],
)
def test_what_names_no_role_or_comes_twice_is_refused(flags: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_parser().parse_args([*SCORE, *flags])
