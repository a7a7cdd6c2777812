"""An error is one line that says what, where, expected, got, and what to do."""

from rdpt_core.errors import InputError, ModelError, RdptError, StoreMissingError, UsageError


def test_one_line_with_every_part() -> None:
    error = InputError("a line is wrong", where="x.jsonl:3", expected="a string", got="a\nlist", hint="Quote it.")
    assert str(error) == "a line is wrong: x.jsonl:3; expected a string; got a list. Quote it."


def test_every_error_of_ours_exits_with_2() -> None:
    for kind in (UsageError, InputError, ModelError, StoreMissingError):
        assert issubclass(kind, RdptError)
        assert kind("x").exit_status == 2
