"""Which sentences are reached, against the kinds that were planted."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.evidence.transfer import reached
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.api.scored_run import ScoredRun
from tests.unit.analysis.evidence.transfer.conftest import TRACES

CODES = {"Teacher": reached.ABOVE, "Uncertain": reached.ABOVE, "Boosted": reached.UP, "unscored": reached.NOT_COUNTED}
KINDS = [kind for sketch in TRACES for _, kind in sketch.sentences]


def test_teacher_and_boosted_up_are_told_from_the_rest(scored: ScoredRun) -> None:
    parts = reached.parts_of(scored._data(), LabelRule.make())
    assert parts.tolist() == [CODES.get(kind, reached.OTHER) for kind in KINDS]


def test_with_no_teacher_nothing_is_above_both_others(scored: ScoredRun) -> None:
    without = scored._data(control="distilled")
    rule = LabelRule.make()
    assert not reached.raised(without, rule).any()
    parts = reached.parts_of(without, rule)
    # p_D − p_S > β: Teacher, Boosted up, and what is uncertain with the teacher.
    expected = [kind in ("Teacher", "Boosted", "Uncertain") for kind in KINDS]
    assert (parts == reached.ABOVE).tolist() == expected
    assert not (parts == reached.UP).any()


def test_a_decoy_in_the_teachers_place_leaves_boosted_up(scored: ScoredRun) -> None:
    decoy = scored._data(control="control:decoy")
    table = scored.sentences(teacher=None).to_pydict()
    p_d, p_s = (np.array(table[f"p_{role}"], float) for role in ("distilled", "student"))
    with decoy.open_reader() as reader:
        p_m = reader.query("SELECT p_teacher FROM sentences WHERE run_no = 1 ORDER BY trace_no, sentence_index").column(
            0
        )
    found = reached.raised(decoy, LabelRule.make())
    p = np.array(p_m.to_pylist(), float)
    assert found.tolist() == ((p_d > p_s) & (p_d > p)).tolist()
    assert found.any()


def test_directions_are_the_same_in_ratio_space(scored: ScoredRun) -> None:
    ratio = reached.raised(scored._data(), LabelRule.make(space="ratio"))
    assert ratio.tolist() == reached.raised(scored._data(), LabelRule.make()).tolist()
