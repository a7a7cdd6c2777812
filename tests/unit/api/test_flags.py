"""Every flag of a command is an argument of the function behind it, with the same name and the same default."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.selection.settings import Settings
from rdpt_core.cli import make_parser
from rdpt_core.commands.arguments import keywords
from rdpt_core.commands.score import _OF_THE_RUN

SHORTEST = {
    "score": ["--traces", "t.jsonl", "--db", "x.duckdb"],
    "import": ["log.csv"],
    "validate": ["--traces", "t.jsonl"],
    "resplit": ["--db", "x.duckdb"],
    "local": ["--db", "x.duckdb"],
    "calibrate": ["--db", "x.duckdb"],
    "importance": ["--db", "x.duckdb"],
    "overlap": ["--db", "x.duckdb", "--training", "t.jsonl"],
    "select": ["--db", "x.duckdb", "--strategy", "longest", "--out", "o.jsonl"],
}
FUNCTIONS: dict[str, Callable[..., object]] = {
    "score": rdpt.score,
    "import": rdpt.import_traces,
    "validate": rdpt.validate,
    "resplit": rdpt.resplit,
    "local": rdpt.score_local,
    "calibrate": rdpt.calibrate,
    "importance": rdpt.importance,
    "overlap": rdpt.overlap,
    "select": rdpt.select,
}
COMMAND_ONLY = {
    "score": ["add", "run_key"],
    "import": ["list_formats", "json"],
    "validate": ["json"],
    "select": ["json"],
}
FUNCTION_ONLY = {"on_stages"}
# The same default in the form that each side has for it.
# What decides the run is left out by the command unless it is given, since `--add` takes it from the run.
SPELLED = {
    "template": (None, "own"),
    "marks": (None, "writer"),
    "too_long": (None, "prefix"),
    "splitter": (None, "sentence"),
    "batch_tokens": (None, "auto"),
    "equal_tokens": ("", ()),
}


def parsed(command: str, more: Sequence[str] = ()) -> dict[str, Any]:
    arguments = make_parser().parse_args([command, *SHORTEST[command], *more])
    return keywords(arguments, without=COMMAND_ONLY.get(command, ()))


@pytest.mark.parametrize("command", FUNCTIONS)
def test_flags_are_arguments(command: str) -> None:
    flags, parameters = parsed(command), inspect.signature(FUNCTIONS[command]).parameters
    assert set(flags) == set(parameters) - FUNCTION_ONLY
    for name, parameter in parameters.items():
        if parameter.default is not parameter.empty and name not in FUNCTION_ONLY:
            spelled = SPELLED if command == "score" or name in ("batch_tokens", "equal_tokens") else {}
            expected = spelled.get(name, (parameter.default, parameter.default))
            assert (flags[name] or None, parameter.default or None) == (expected[0] or None, expected[1] or None), name


def test_flags_of_score_are_arguments_of_add() -> None:
    flags = set(vars(make_parser().parse_args(["score", "--add", "--db", "x.duckdb"])))
    parameters = inspect.signature(rdpt.add).parameters
    assert set(parameters) - FUNCTION_ONLY <= {*flags, "run"}
    of_score = inspect.signature(rdpt.score).parameters
    assert all(
        parameter.default == of_score[name].default for name, parameter in parameters.items() if name in of_score
    )
    # Whatever `score` takes is taken by both, or refused beside --add.
    assert set(of_score) - set(parameters) == set(_OF_THE_RUN)


def test_the_settings_of_a_selection_are_its_arguments() -> None:
    parameters = inspect.signature(rdpt.select).parameters
    settings = {item.name for item in fields(Settings)}
    # Where the candidates come from is no setting: file, run, and which model is seen as its teacher.
    assert settings == set(parameters) - {"db", "out", "run", "teacher"}
    for item in fields(Settings):
        if item.name != "strategy":
            assert (getattr(Settings("longest"), item.name) or None) == (parameters[item.name].default or None)


@pytest.mark.parametrize(
    "settings",
    [
        Settings("longest"),
        Settings("random", format="sharegpt", seed=7, per_question=2, samples=3, tokens=40, min_tokens=1, max_tokens=9),
        Settings("expression", expression="n_teacher - 0.01 * n_tokens", correct_only=True, basket=True),
        Settings("lalp", beta=0.123456789, unit="byte", space="ratio", local_context=4),
        Settings("grape", beta=1.0, equal_tokens=("longest", "grape"), quota={"a b=c": 2, "math": 1}),
    ],
)
def test_flags_are_read_back_as_the_same_settings(settings: Settings) -> None:
    line = shlex.split(" ".join(settings.flags()))
    arguments = vars(make_parser().parse_args(["select", *line]))
    read = {item.name: arguments[item.name] for item in fields(Settings)}
    names = tuple(name for name in read["equal_tokens"].split(",") if name)
    assert Settings(**{**read, "equal_tokens": names, "quota": dict(read["quota"])}) == settings


def test_flags_leave_out_what_is_at_its_default() -> None:
    assert Settings("longest", beta=0.1, seed=0).flags() == ["--strategy longest", "--beta 0.1"]
