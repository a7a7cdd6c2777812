"""Flags that name a role: values of all sorts, and nothing given twice in silence."""

from __future__ import annotations

import argparse

import pytest

from rdpt_core.cli import make_parser
from rdpt_core.commands.arguments import not_negative_integer, of_role, positive_integer, template_argument
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
    ("text", "role", "rest"),
    [
        ("teacher:code:thinking=true", "teacher:code", ("thinking", True)),
        ("checkpoint:400:n=1", "checkpoint:400", ("n", 1)),
        ("teacher:day=a:b", "teacher", ("day", "a:b")),
        ("control:decoy:day=a:b=c", "control:decoy", ("day", "a:b=c")),
    ],
)
def test_a_further_model_has_two_words_before_the_argument(text: str, role: str, rest: tuple[str, object]) -> None:
    assert template_argument(text) == (role, rest)
    assert of_role("teacher:code:tool_use") == ("teacher:code", "tool_use")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--template-arguments", "thinking=true"], "teacher:, student: or distilled: first"),
        (["--template-arguments", "tutor:thinking=true"], "teacher:, student: or distilled: first"),
        (["--template-arguments", "teacher:thinking"], "expected ROLE:NAME=VALUE"),
        (["--template-arguments", "teacher:x=1", "teacher:x=2"], "given twice for the teacher: x"),
        (
            ["--template-arguments", "teacher:thinking=False"],
            "expected true, false, null, .* got 'teacher:thinking=False'",
        ),
        (["--template-arguments", "teacher:thinking=TRUE"], "expected true, false, null"),
        (["--template-arguments", "teacher:tools=None"], "expected true, false, null"),
        (["--template-arguments", "teacher:tools=[1, 2"], "or JSON that is whole"),
        (["--template-arguments", "teacher:tools={'a': 1}"], "or JSON that is whole"),
        (["--template-arguments", 'teacher:day="5'], "or JSON that is whole"),
        (["--template-arguments", "teacher:x=1", "--template-arguments", "teacher:x=1"], "given twice"),
        (["--template-name", "teacher:a", "teacher:b"], "given twice for the teacher: a and b"),
        (["--template-name", "teacher:"], "and something behind it"),
    ],
)
def test_what_names_no_role_or_comes_twice_is_refused(flags: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_parser().parse_args([*SCORE, *flags])


@pytest.mark.parametrize("text", ["-1", "x", "", "0.5", str(2**31)])
def test_a_number_that_may_be_zero_is_told_of_as_such(text: str) -> None:
    assert [not_negative_integer(number) for number in ("0", " 0", "00", "7")] == [0, 0, 0, 7]
    with pytest.raises(argparse.ArgumentTypeError, match="a whole number from 0 to 2147483647"):
        not_negative_integer(text)
    with pytest.raises(argparse.ArgumentTypeError, match="a whole number from 1 to 2147483647"):
        positive_integer("0")
