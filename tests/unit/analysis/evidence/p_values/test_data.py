"""From the file to p-values and false discoveries, whatever the run is seen with and whatever is in scope."""

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.calibration import UNTESTED, calibrate, of_places
from rdpt_core.analysis.evidence.p_values.data import RATE, evidence_from, in_traces
from rdpt_core.analysis.evidence.p_values.references import references_of
from rdpt_core.analysis.evidence.p_values.sums import MISSING, load_sums
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.false_discoveries import q_values

RULE = LabelRule.make()


def test_p_values_are_those_of_calibration(evidence) -> None:
    own = evidence(5)
    with own.data.open_reader() as reader:
        sums = load_sums(reader, own.data.run, references_of(own.data.run))
    expected = calibrate(sums.teacher, sums.references, sums.n_tokens).p_values()
    found = own.evidence(RULE)
    assert found.p_values() == pytest.approx(expected, nan_ok=True)
    assert found.p_values(slice(3, 9)) == pytest.approx(expected[3:9], nan_ok=True)
    assert (found.n_as_high == MISSING).tolist() == np.isnan(expected).tolist()


def test_enough_references_give_ranks(evidence) -> None:
    found = evidence(19).evidence(RULE)
    n = found.n_as_high.astype(float)
    assert found.p_values() == pytest.approx(np.where(n == MISSING, np.nan, (1 + n) / 20), nan_ok=True)
    assert np.nanmin(found.p_values()) == 0.05


def test_too_few_give_counts_and_no_p(evidence) -> None:
    own = evidence(2)
    found = own.evidence(RULE)
    assert set(found.n_as_high.tolist()) <= {0, 1, 2, MISSING}
    assert np.isnan(found.p_values()).all() and np.isnan(own.q_values(RULE, Scope())).all()
    with pytest.raises(ValueError, match="2 references"):
        own.calibrated(RULE)


@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="clock"), Scope(grade="correct")])
@pytest.mark.parametrize("dependence", ["positive", "any"])
def test_q_values_are_over_the_sentences_in_scope(evidence, scope, dependence) -> None:
    own = evidence(5)
    found, rows = own.evidence(RULE), own.sentences(RULE, scope)
    in_scope = in_traces(found.start, own.rows(RULE, scope))
    assert rows.tolist() == np.flatnonzero(in_scope).tolist()
    expected = q_values(found.calibrated.p_values()[rows], dependence=dependence)
    assert own.q_values(RULE, scope, dependence)[rows] == pytest.approx(expected, nan_ok=True)
    assert len(rows) > 0 and np.isnan(expected).any() == np.isin(UNTESTED, found.calibrated.place[rows])


def test_what_is_found_is_likelier_under_the_teacher(evidence) -> None:
    own = evidence(5)
    q = own.q_values(RULE, Scope())
    labels = own.data.codes(RULE)
    is_teacher = labels == own.data.labels.index("Teacher") + 1
    assert (q[is_teacher] <= RATE).mean() > 0.6
    assert (q[(labels > 0) & ~is_teacher] <= RATE).mean() < 0.2


def test_each_reference_in_the_teachers_place_is_held_against_the_others(evidence) -> None:
    own = evidence(5)
    assert own.can_place and not evidence(5, "a").can_place and not evidence(2).can_place
    table = own.placed(RULE, Scope())
    assert table.column("control").to_pylist() == list("abcde")
    for name, share in zip("abcde", table.column("share_found").to_pylist(), strict=True):
        alone = evidence(5, name)
        q = alone.q_values(RULE, Scope())
        assert share == pytest.approx(np.nanmean(np.where(np.isnan(q), np.nan, q <= RATE)), abs=0.02)


def test_marks_and_thresholds_decide_nothing(evidence) -> None:
    own = evidence(5)
    other = LabelRule.make(alpha=0.01, beta=0.3)
    assert own.evidence(other) is own.evidence(RULE)


def test_a_reader_alone_is_enough(evidence) -> None:
    own = evidence(5, "b")
    with own.data.open_reader() as reader:
        found = evidence_from(reader, own.data.run).evidence(RULE)
    assert found.p_values() == pytest.approx(own.evidence(RULE).p_values(), nan_ok=True)
    assert of_places(found.calibrated.p_of_place, found.calibrated.place).shape == found.p_values().shape
