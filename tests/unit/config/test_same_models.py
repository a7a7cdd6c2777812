"""Which roles of a run are said to be one model."""

from __future__ import annotations

from dataclasses import replace

from rdpt_core.config.same_models import joined_identity, same_model_notes
from rdpt_core.records import Role
from tests.support.synthetic import model


def test_one_model_in_two_roles_is_noted() -> None:
    teacher, student, distilled = (model(role) for role in Role)
    assert same_model_notes([teacher, student, distilled], {}) == []
    twin = replace(teacher, role=Role.STUDENT, model="elsewhere/teacher")
    (note,) = same_model_notes([teacher, twin, distilled], {})
    assert "teacher and student are the same model" in note and "no sentence can be labelled Teacher or Student" in note
    (note,) = same_model_notes([teacher, student, replace(student, role=Role.DISTILLED)], {})
    assert "student and distilled are the same model, so every gap between them is 0" in note
    assert "labelled" not in note
    assert same_model_notes([teacher, replace(twin, dtype="bfloat16")], {}) == []
    served = replace(teacher, backend="openai", revision="not told")
    assert same_model_notes([served, replace(served, role=Role.STUDENT)], {}) == []


def test_without_a_teacher_the_note_names_the_labels_of_such_a_run() -> None:
    student = model(Role.STUDENT)
    (note,) = same_model_notes([student, replace(student, role=Role.DISTILLED)], {})
    assert note.endswith("and no sentence can be labelled Gained or Lost")


def test_one_model_that_sees_other_prompts_or_marks_is_not_the_same() -> None:
    teacher = model(Role.TEACHER)
    pair = [teacher, replace(teacher, role=Role.STUDENT)]
    thinking = {"teacher": {"template_arguments": {"enable_thinking": True}}, "student": {}}
    assert same_model_notes(pair, {"models": thinking}) == []
    assert same_model_notes(pair, {"models": {role: thinking["teacher"] for role in thinking}})
    marks = dict.fromkeys(("family", "open", "close", "end"), "x")
    assert same_model_notes(pair, {"own_marks": {"teacher": marks, "student": None}}) == []


def test_companions_are_compared_too_whatever_they_are_called() -> None:
    teacher = replace(model(Role.TEACHER), name="math")
    twin = replace(teacher, role="teacher:code", name="code")
    identity = {"models": {"teacher": {"model": None}}}
    (note,) = same_model_notes([teacher, twin], joined_identity(identity, {"teacher:code": {"model": {"model": None}}}))
    assert note == "teacher and teacher:code are the same model, so every gap between them is 0"
    told = {"model": {"template_arguments": {"thinking": True}}}
    assert same_model_notes([teacher, twin], joined_identity(identity, {"teacher:code": told})) == []
