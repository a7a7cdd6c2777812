"""An error is one line that says what, where, expected, got, and what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import rdpt_core
from rdpt_core import errors
from rdpt_core.errors import InputError, ModelError, RdptError, StoreMissingError, UsageError


def test_one_line_with_every_part() -> None:
    error = InputError("a line is wrong", where="x.jsonl:3", expected="a string", got="a\nlist", hint="Quote it.")
    assert str(error) == "a line is wrong: x.jsonl:3; expected a string; got a list. Quote it."


def test_every_error_of_ours_exits_with_2() -> None:
    for kind in (UsageError, InputError, ModelError, StoreMissingError):
        assert issubclass(kind, RdptError)
        assert kind("x").exit_status == 2


ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, RdptError)}
NAMES = ("GGUF ", "LLaMA-Factory ", "DuckDB ", "Ray ")
"""What a message may begin with in spite of its capital."""


def messages(source: str) -> Iterator[str]:
    """What every error of ours in a file says went wrong, as far as it is written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            first = node.args[0]
            for part in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def is_in_style(message: str) -> bool:
    return (not message[0].isupper() or message.startswith(NAMES)) and not message.endswith(".")


def test_messages_are_in_one_style() -> None:
    files = Path(rdpt_core.__file__).parent.rglob("*.py")
    found = [message for file in files for message in messages(file.read_text(encoding="utf-8"))]
    assert len(found) > 100
    assert [message for message in found if not is_in_style(message)] == []


def test_the_test_of_the_style_sees_what_it_should() -> None:
    source = 'raise UsageError("A wrong start" if a else "a full stop.", where="X.")\nraise ValueError("Not ours.")'
    assert [message for message in messages(source) if not is_in_style(message)] == ["A wrong start", "a full stop."]
