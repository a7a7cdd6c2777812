"""Which controls a run can have, by what its models are."""

from __future__ import annotations

import pytest

from rdpt_core.config import ModelSet
from rdpt_core.errors import UsageError
from rdpt_core.records import ModelReference, Role
from rdpt_core.records.companions import Variant
from rdpt_core.scoring.variants import (
    TEMPERATURES,
    Control,
    base_of,
    is_other_question,
    parse_controls,
    variant_identity,
    variants_of,
    with_variants,
)

HERE = {"teacher": "transformers", "student": "transformers", "distilled": "transformers"}


def keys(controls: str, backends: dict[str, str]) -> list[str]:
    return [variant.key for variant in variants_of(parse_controls(controls), backends)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ((), ()),
        ("all", tuple(Control)),
        ("other-question, temperature", tuple(Control)),
        (["temperature"], (Control.TEMPERATURE,)),
        (["other-question", "temperature,all"], tuple(Control)),
    ],
)
def test_controls_are_named_in_any_order(given: str | list[str] | None, expected: tuple[Control, ...]) -> None:
    assert parse_controls(given) == expected


@pytest.mark.parametrize("given", ["heat", "temperature heat", "", ["temperature", "0.5"]])
def test_what_is_no_control_is_refused(given: str | list[str]) -> None:
    with pytest.raises(UsageError, match="there is no such control"):
        parse_controls(given)


def test_all_variants_of_models_that_run_here() -> None:
    assert keys("all", HERE) == [
        "variant:teacher-t0.667",
        "variant:teacher-t1.5",
        "variant:student-t0.667",
        "variant:student-t1.5",
        "variant:teacher-other-question",
    ]
    assert keys("all", {"student": "transformers", "distilled": "transformers"}) == [
        "variant:student-t0.667",
        "variant:student-t1.5",
    ]
    assert variants_of((), HERE) == ()


def test_what_a_model_cannot_give_is_said_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    found = keys("all", {**HERE, "teacher": "recorded"})
    assert found == ["variant:student-t0.667", "variant:student-t1.5"]
    assert [record.getMessage() for record in caplog.records] == [
        "no other temperature of the teacher, which is recorded: its logits are not known here",
        "no other question to the teacher, which is recorded: it cannot be asked again",
    ]
    assert keys("all", {"teacher": "openai", "student": "openai"}) == ["variant:teacher-other-question"]


@pytest.mark.parametrize(
    ("controls", "backends", "told"),
    [
        ("temperature", {"teacher": "openai", "student": "recorded"}, "which is served"),
        ("other-question", {**HERE, "teacher": "recorded"}, "cannot be asked again"),
        ("other-question", {"student": "transformers"}, "no teacher"),
    ],
)
def test_controls_that_nothing_can_give_are_refused(controls: str, backends: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        keys(controls, backends)
    assert refused.value.hint == "Leave out --controls."


def test_the_identity_has_the_temperature_that_the_name_rounds() -> None:
    sharp, _ = TEMPERATURES
    assert Variant.parse("variant:teacher-t0.667").temperature != sharp
    assert variant_identity(Variant("teacher", sharp)) == {"of": "teacher", "temperature": sharp}
    assert variant_identity(Variant("teacher", other_question=True)) != variant_identity(Variant("teacher"))


@pytest.mark.parametrize("change", ["t1.50", "t01.5", "t9999", f"t{'9' * 30}", "t0", "tNaN", "t-1", "t1e3", "t"])
def test_a_temperature_that_no_key_spells_so_names_no_variant(change: str) -> None:
    """A page would ask for the model by the key of what it has read, and find none."""
    with pytest.raises(ValueError, match="no variant"):
        Variant.parse(f"variant:teacher-{change}")


def test_a_key_tells_whose_model_it_is() -> None:
    roles = ["teacher", "student", "teacher:code", "control:student-t2", "variant:student-t1.5"]
    assert [base_of(key) for key in roles] == ["teacher", "student", None, None, "student"]
    assert is_other_question("variant:teacher-other-question")
    assert not is_other_question("variant:teacher-t1.5") and not is_other_question("control:teacher-other-question")


def test_a_model_that_is_asked_another_question_is_scored_as_a_companion() -> None:
    references = {Role.TEACHER: ModelReference("t"), Role.STUDENT: ModelReference("s")}
    models = ModelSet(references, {"checkpoint:4": ModelReference("c")}, "math")
    made = with_variants(models, variants_of(list(Control), {"teacher": "transformers", "student": "transformers"}))
    assert made.keys == ("teacher", "student", "checkpoint:4", "variant:teacher-other-question")
    assert made.reference("variant:teacher-other-question") is references[Role.TEACHER]
    assert made.teacher_name == "math"
    taken = ModelSet(references, {"control:Teacher-T1.5": ModelReference("c")})
    with pytest.raises(UsageError, match="two models of a run have one name"):
        with_variants(taken, [Variant("teacher", 1.5)])
