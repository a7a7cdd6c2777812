"""Triples from TOML and from flags: what is accepted, and what every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.config import parse_reference, parse_roles, read_triple
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, Role


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_triple_from_toml(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    toml = write(
        tmp_path / "triple.toml",
        '[teacher]\nmodel = "org/name"\nrevision = "main"\ndtype = "bfloat16"\n'
        '[student]\nmodel = "own"\n[distilled]\nmodel = "org/other"\n',
    )
    models = read_triple(toml)
    assert models.roles == ROLES
    assert models.references[Role.TEACHER].revision == "main"
    assert models.references[Role.TEACHER].dtype == "bfloat16"
    # A relative folder is found beside the file, wherever the command runs.
    assert models.references[Role.STUDENT].model == str(tmp_path / "own")
    assert models.references[Role.DISTILLED].model == "org/other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[teacher\n", "TOML"),
        ('[teacher]\nmodel = "a"\n[student]\nmodel = "b"\n', "a role is missing"),
        ('[teacher]\nmodel = 3\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "non-empty string"),
        ('[teacher]\nmodle = "a"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "unknown key"),
        ('[teacher]\nrevision = "a"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "names no model"),
        ('[teacher]\nmodel="a"\ndtype="int4"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "unknown dtype"),
        ('[tutor]\nmodel="a"\n', "unknown table"),
        ('teacher = "org/name"\n[student]\nmodel="b"\n[distilled]\nmodel="c"\n', "a role is missing"),
    ],
)
def test_a_wrong_triple_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_triple(write(tmp_path / "triple.toml", text))
    assert said in str(caught.value)
    assert "triple.toml" in str(caught.value)


def test_a_missing_triple_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        read_triple(tmp_path / "nowhere.toml")


def test_references(tmp_path: Path) -> None:
    assert parse_reference("org/name").revision is None
    assert parse_reference("org/name@v2").model == "org/name"
    assert parse_reference("org/name@v2").revision == "v2"
    folder = tmp_path / "odd@name"
    folder.mkdir()
    assert parse_reference(str(folder)).model == str(folder)


def test_roles() -> None:
    assert parse_roles("student, teacher") == (Role.TEACHER, Role.STUDENT)
    assert parse_roles("teacher,student,distilled") == ROLES
    for wrong in ("teacher", "teacher,teacher,student", "teacher,pupil", ""):
        with pytest.raises(UsageError):
            parse_roles(wrong)
