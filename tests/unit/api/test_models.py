"""The models that arguments name, companions among them, and what is given to their chat templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.api.models import companions_of, models_of, with_templates
from rdpt_core.config import ModelSet
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role, TemplateSettings

IN_FILE = TemplateSettings("chat", {"thinking": False, "effort": "low"})
MODELS = ModelSet({Role.TEACHER: ModelReference("a", template=IN_FILE), Role.STUDENT: ModelReference("b")})


def test_what_is_given_replaces_what_the_triple_says_by_name() -> None:
    models = with_templates(MODELS, {"student": "tool_use"}, {"teacher": {"thinking": True}})
    assert models.references[Role.TEACHER].template == TemplateSettings("chat", {"thinking": True, "effort": "low"})
    assert models.references[Role.STUDENT].template == TemplateSettings("tool_use")
    assert with_templates(MODELS, {}, {}) == MODELS


@pytest.mark.parametrize(
    ("names", "arguments", "said"),
    [
        ({"distilled": "x"}, {}, "not scored: --template-name.*got distilled"),
        ({}, {"tutor": {"x": 1}}, "not scored: --template-arguments.*got tutor"),
        ({}, {"teacher": "x=1"}, "are given by name"),
        ({}, {"teacher": {"messages": []}}, "no argument of this name: --template-arguments teacher"),
        ({}, {"teacher": {"x": "\udcff"}}, "cannot be given this value"),
        ({}, {"teacher": {"x": {1, 2}}}, "cannot be given this value: --template-arguments teacher x"),
    ],
)
def test_what_cannot_be_given_is_refused(names: dict, arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_templates(MODELS, names, arguments)


OTHERS = {Role.STUDENT: "a/s", Role.DISTILLED: "a/d"}
TRIPLE = (
    '[teacher]\nmodel = "a/t"\n[student]\nmodel = "a/s"\n[distilled]\nmodel = "a/d"\n[teachers.code]\nmodel = "a/c"\n'
)


@pytest.mark.parametrize(
    "teachers",
    [
        ["math=a/t", "code=a/c@v1"],
        {"math": "a/t", "code": "a/c@v1"},
        {"math": Path("a/t"), "code": "a/c@v1"},
    ],
)
def test_the_first_teacher_is_the_triple_s_and_the_others_stand_beside_it(teachers: Any) -> None:
    given = models_of(
        None, OTHERS, None, teachers=teachers, controls=["decoy=a/x"], checkpoints=["800=a/8", "90=a/9", "last=a/l"]
    )
    assert (given.teacher_name, given.references[Role.TEACHER].model) == ("math", "a/t")
    # Teachers, controls, checkpoints; these by their number.
    beside = ("teacher:code", "control:decoy", "checkpoint:last", "checkpoint:90", "checkpoint:800")
    assert given.keys == (*ROLES, *beside)
    assert given.reference("teacher:code") == ModelReference("a/c", "v1")
    assert [given.name_of(key) for key in given.keys[:4]] == ["math", None, None, "code"]


def test_one_teacher_needs_no_name() -> None:
    assert models_of(None, OTHERS, None, teachers="a/t").teacher_name is None
    given = models_of(None, OTHERS, None, teachers=["a/t", "code=a/c"])
    assert (given.teacher_name, *given.companions) == (None, "teacher:code")


def test_without_a_teacher_in_the_triple_all_named_ones_stand_beside_it() -> None:
    given = models_of(None, OTHERS, "student,distilled", teachers=["math=a/t", "code=a/c"])
    assert given.keys == ("student", "distilled", "teacher:code", "teacher:math")
    assert given.teacher_name is None


def test_more_models_beside_those_of_a_file(tmp_path: Path) -> None:
    toml = tmp_path / "triple.toml"
    toml.write_text(TRIPLE, encoding="utf-8")
    nobody = dict.fromkeys(OTHERS)
    given = models_of(toml, nobody, None, teachers=["law=a/l"], controls={"decoy": "a/x"})
    assert given.keys == (*ROLES, "teacher:code", "teacher:law", "control:decoy")
    assert companions_of(toml, controls=["x=a/x"]).keys == ("teacher:code", "control:x")
    for teachers, said in (("a/t", "NAME=REF"), ("code=a/c", "one name"), ("CODE=a/c", "one name")):
        with pytest.raises(UsageError, match=said):
            models_of(toml, nobody, None, teachers=[teachers])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"teachers": ["a/t", "a/c"]}, "needs a name: --teacher.*got a/c.*Only the first"),
        ({"teachers": "a/t", "controls": ["a/x"]}, "needs a name: --control.*decoy=org/name; got a/x"),
        ({"teachers": "a/t", "checkpoints": ["base=a/x,adapter=b"]}, "needs a name: --checkpoint"),
        ({"teachers": ["math=a/t", "Math=a/c"]}, "one name: --teacher Math.*got Math, as --teacher math has math"),
        ({"teachers": "a/t", "controls": ["x=a", "x=b"]}, "one name: --control.*got x"),
        ({"teachers": ["x=a/t"], "controls": ["x=a"]}, "one name: --control x"),
        ({"teachers": "a/t", "controls": ["x="]}, "a name has no model: --control.*got x="),
        ({"teachers": ["a/t", "a b=a/c"]}, "cannot have this name: --teacher.*at most 40 letters.*got 'a b'"),
        ({"teachers": "my model=a/t"}, "cannot have this name: --teacher.*got 'my model'"),
        ({"teachers": "a/t", "checkpoints": ["9" * 41 + "=a/x"]}, "cannot have this name: --checkpoint.*got '9999"),
        ({"teachers": "a/t", "controls": ["=a/x"]}, "cannot have this name: --control.*got ''"),
        ({"teachers": "a/t", "controls": ["./lr=3"]}, "needs a name: --control.*got ./lr=3"),
        ({"teachers": "a/t", "controls": {"a b": "a/x"}}, "cannot have this name: --control.*got 'a b'"),
        ({"teachers": "a/t", "controls": {"base": "a/x"}}, "cannot have this name"),
    ],
)
def test_what_names_no_further_model_is_refused(given: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        models_of(None, OTHERS, None, **given)


def test_nothing_to_add() -> None:
    with pytest.raises(UsageError, match="no model is named that could be added: score --add"):
        companions_of(None)


def test_templates_of_further_models() -> None:
    given = models_of(None, OTHERS, None, teachers=["math=a/t", "code=a/c"])
    told = with_templates(given, {"teacher:math": "chat"}, {"teacher:code": {"thinking": True}})
    assert told.references[Role.TEACHER].template == TemplateSettings("chat")
    assert told.companions["teacher:code"].template == TemplateSettings(arguments={"thinking": True})
    assert (told.teacher_name, told.keys) == (given.teacher_name, given.keys)
    with pytest.raises(UsageError, match="not scored.*got control:decoy"):
        with_templates(given, {"control:decoy": "x"}, {})
