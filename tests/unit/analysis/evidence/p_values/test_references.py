"""Which models stand for no teacher."""

from dataclasses import replace

from rdpt_core.analysis.evidence.p_values.references import FEWEST, RANKED, can_test, references_of


def test_references_are_the_finished_controls(evidence) -> None:
    run = evidence(5).data.run
    found = references_of(run)
    assert found.roles == tuple(f"control:{name}" for name in "abcde") and found.names == tuple("abcde")
    state = run.companions[2].state._replace(finished_at=None)
    unfinished = replace(run.companions[2], state=state)
    fewer = replace(run, companions=(*run.companions[:2], unfinished, *run.companions[3:]))
    assert set(found.roles) - set(references_of(fewer).roles) == {unfinished.role}


def test_a_control_in_the_teachers_place_is_tested_and_no_reference(evidence) -> None:
    assert references_of(evidence(5, "b").data.run).names == tuple("acde")


def test_how_many_are_enough(evidence) -> None:
    few, some, many = (references_of(evidence(n).data.run) for n in (2, 5, 19))
    assert (few.have_p, few.n_missing, some.have_p, some.n_missing) == (False, FEWEST - 2, True, 0)
    assert (some.are_ranked, many.are_ranked, RANKED) == (False, True, 19)


def test_without_a_teacher_or_a_reference_nothing_is_tested(evidence) -> None:
    run = evidence(5).data.run
    assert can_test(run) and not can_test(evidence(0).data.run)
    assert not can_test(replace(run, roles=("student", "distilled")))
