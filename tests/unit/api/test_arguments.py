"""Arguments that cannot be used are refused before anything slow starts, in the words of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.api.arguments import beside, why_unusable
from rdpt_core.api.models import models_of, reference_of
from rdpt_core.atomic_write import atomic_write
from rdpt_core.records import ROLES, Role

MODELS = {"teacher": "a/b", "student": "a/b", "distilled": "a/b"}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(rdpt.UsageError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "tpu"}, "--device; expected auto, cpu, cuda or cuda:N; got 'tpu'"),
        ({"dtype": "int4"}, "--dtype; expected auto or float32 or bfloat16 or float16; got 'int4'"),
        ({"template": "mine"}, "--template; expected own or distilled or raw"),
        ({"too_long": "cut"}, "--too-long; expected prefix or refuse"),
        ({"engine": "spark"}, "--engine; expected plain or ray"),
        ({"batch_tokens": 0}, "--batch-tokens; expected a whole number from 1"),
        ({"limit": 1.5}, "--limit; expected a whole number from 1 to 2147483647; got 1.5"),
        ({"roles": ["teacher"]}, "these roles cannot be compared"),
        ({"distilled": None}, "got no --distilled"),
        ({"triple": "t.toml"}, "models are given twice"),
        ({"traces": []}, "file of traces"),
        ({"db": "."}, "--db; expected a file; got a folder: ."),
        ({"db": "x" * 300}, "--db; expected a file; got a name of more than 180 bytes"),
        ({"rejects": ""}, "--rejects; expected a file; got nothing"),
    ],
)
def test_score(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    arguments = {"traces": "t.jsonl", "db": tmp_path / "x.duckdb", **MODELS, "quiet": True}
    assert words in refused(lambda: rdpt.score(**{**arguments, **changes}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": "best"}, "unknown strategy"),
        ({"out": "train.json"}, "ends in .jsonl"),
        ({"format": "alpaca"}, "--format; expected messages, prompt-completion, sharegpt; got alpaca"),
        ({"expression": "n_tokens"}, "a formula is given, but nothing asks for it"),
        ({"equal_tokens": "longest,best"}, "unknown strategy"),
        ({"seed": -1}, "--seed; expected a whole number from 0"),
        ({"per_question": 0}, "--per-question"),
        ({"quota": {"math": 0}}, "--quota"),
    ],
)
def test_select(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    arguments = {"db": tmp_path / "none.duckdb", "strategy": "longest", "out": tmp_path / "train.jsonl"}
    assert words in refused(lambda: rdpt.select(**{**arguments, **changes}))


def test_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"question": "1?", "response": "1."}\n', encoding="utf-8")
    assert "would overwrite an input" in refused(lambda: rdpt.import_traces(log, log))
    assert "splitter" in refused(lambda: rdpt.resplit(tmp_path / "none.duckdb", "word"))
    assert "--context" in refused(lambda: rdpt.score_local(tmp_path / "none.duckdb", context=0))
    with pytest.raises(rdpt.StoreMissingError):
        rdpt.score_local(tmp_path / "none.duckdb")


def test_a_text_is_read_as_on_the_command_line_and_a_path_is_a_path() -> None:
    assert (reference_of("org/name@v1").model, reference_of("org/name@v1").revision) == ("org/name", "v1")
    assert reference_of(Path("models/name@v1")).model == str(Path("models/name@v1"))


@pytest.mark.parametrize("roles", ["student,teacher", [Role.STUDENT, "teacher"], ("teacher", "student")])
def test_roles_in_any_form(roles: Any) -> None:
    models = {Role.STUDENT: "a/s", Role.DISTILLED: None}
    assert models_of(None, models, roles, teachers="a/t").roles == ROLES[:2]


def test_the_longest_name_leaves_room_for_every_file_beside_it(tmp_path: Path) -> None:
    longest = "x" * next(n for n in range(255, 0, -1) if why_unusable("x" * n) is None)
    with atomic_write(beside(tmp_path / longest, f".{'0' * 16}.unscored.jsonl"), "the log") as part:
        # The longest numbers that Linux gives to processes and threads.
        longest_part = part.name.rpartition(f".{os.getpid()}-")[0] + f".{2**22}-{2**47}.part"
    assert len(longest_part) <= 255
