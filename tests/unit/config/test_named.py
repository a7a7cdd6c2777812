"""Names of further models: on the command line, and as keys of tables in TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.config import read_companions, read_triple
from rdpt_core.config.named import split_name, table_of
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, Role

PAIR = '[student]\nmodel = "a/s"\n[distilled]\nmodel = "a/d"\n'
TRIPLE = '[teacher]\nmodel = "a/t"\n' + PAIR


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code=org/name", ("code", "org/name")),
        ("400=./run/400", ("400", "./run/400")),
        ("v1.5-b_x=base=a,adapter=b", ("v1.5-b_x", "base=a,adapter=b")),
        ("code=openai:http://h:1/v1,tokenizer=f", ("code", "openai:http://h:1/v1,tokenizer=f")),
        ("org/name", (None, "org/name")),
        ("base=a,adapter=b", (None, "base=a,adapter=b")),
        ("adapter=b,base=a", (None, "adapter=b,base=a")),
        ("openai:http://h:1/v1,tokenizer=f", (None, "openai:http://h:1/v1,tokenizer=f")),
        ("recorded:a.jsonl,temperature=0.6", (None, "recorded:a.jsonl,temperature=0.6")),
        ("./a=b", (None, "./a=b")),
        ("code=", ("code", "")),
        ("code=" + "a.jsonl," * 60, ("code", "a.jsonl," * 60)),
    ],
)
def test_a_name_stands_before_the_first_equals_sign(text: str, expected: tuple[str | None, str]) -> None:
    assert split_name(text) == expected


def test_a_path_that_exists_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert split_name("lr=3") == ("lr", "3")
    (tmp_path / "lr=3").mkdir()
    assert split_name("lr=3") == (None, "lr=3")
    assert split_name("code=lr=3") == ("code", "lr=3")


def test_tables_of_companions(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    toml = write(
        tmp_path / "triple.toml",
        TRIPLE.replace("[teacher]", '[teacher]\nname = "math"')
        + '[checkpoints.400]\nmodel = "here"\n[checkpoints.90]\nmodel = "here"\n[controls.decoy]\nmodel = "a/x"\n'
        '[teachers.code]\nbackend = "openai"\nbase_url = "http://h:1/v1"\ntokenizer = "here"\n'
        '[teachers."v1.5"]\nmodel = "a/v"\ndtype = "bfloat16"\ntemplate_arguments = { thinking = true }\n',
    )
    models = read_triple(toml)
    beside = ("teacher:code", "teacher:v1.5", "control:decoy", "checkpoint:90", "checkpoint:400")
    assert (models.teacher_name, models.keys) == ("math", (*ROLES, *beside))
    code, older = models.reference("teacher:code"), models.reference("teacher:v1.5")
    assert code.server is not None and code.tokenizer == str(tmp_path / "here")
    assert (older.dtype, older.template.arguments) == ("bfloat16", {"thinking": True})
    assert models.reference("checkpoint:90").model == str(tmp_path / "here")
    assert read_companions(toml).keys == beside
    assert [table_of(key) for key in ("teacher", *beside[:2])] == ["[teacher]", "[teachers.code]", '[teachers."v1.5"]']


def test_without_a_teacher_the_first_of_the_teachers_is_the_triple_s(tmp_path: Path) -> None:
    more = '[teachers.math]\nmodel = "a/m"\n[teachers.code]\nmodel = "a/c"\n'
    toml = write(tmp_path / "triple.toml", PAIR + more)
    models = read_triple(toml)
    assert (models.teacher_name, models.references[Role.TEACHER].model) == ("math", "a/m")
    assert models.keys == (*ROLES, "teacher:code")
    assert read_companions(toml).keys == ("teacher:code",)
    assert read_triple(toml, ROLES[1:]).keys == ("student", "distilled", "teacher:code", "teacher:math")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[teachers.code]\nmodle = "a"\n', r"unknown key.*\[teachers.code\].*got modle"),
        ('[teachers.code]\nmodel = "a"\nname = "x"\n', "unknown key"),
        ("teachers = 3\n", "tables of their own.*teachers.NAME"),
        ('[teachers]\ncode = "a/c"\n', r"a table of its own: .*\[teachers.code\]"),
        ('[teachers."a b"]\nmodel = "a"\n', "cannot have this name.*got 'a b'"),
        ('[tutors.code]\nmodel = "a"\n', "unknown table.*teachers.NAME.*got tutors"),
        ('[teachers.x]\nmodel = "a"\n[controls.X]\nmodel = "a"\n', r"one name.*\[controls.X\]"),
        ('[controls.math]\nmodel = "a"\n', r"one name.*\[controls.math\].*\[teacher\] has math"),
    ],
)
def test_what_is_no_companion_is_refused(tmp_path: Path, more: str, said: str) -> None:
    named = TRIPLE.replace("[teacher]", '[teacher]\nname = "math"')
    text = more + named if more.startswith("teachers") else named + more
    with pytest.raises(UsageError, match=said):
        read_triple(write(tmp_path / "triple.toml", text))


@pytest.mark.parametrize("name", ["3", '""', '"base"', '"a/b"'])
def test_a_name_that_no_teacher_can_have(tmp_path: Path, name: str) -> None:
    toml = write(tmp_path / "triple.toml", TRIPLE.replace("[teacher]", f"[teacher]\nname = {name}"))
    with pytest.raises(UsageError, match=r"cannot have this name: .*\[teacher\] name"):
        read_triple(toml)


def test_a_file_without_companions_adds_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no further model"):
        read_companions(write(tmp_path / "triple.toml", TRIPLE))
