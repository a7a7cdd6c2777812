"""p-values: the formula written out, and what they promise where no sentence is the teacher's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from data.recipe.experiments.exchangeable import TAILS, Sums, simulate
from rdpt_core.analysis.evidence.p_values.calibration import N_PLACES, UNTESTED, calibrate, of_places
from rdpt_core.analysis.statistics.false_discoveries import q_values
from tests.support.companions.references import halves


def calibrated(drawn: Sums):
    tested, references = halves(drawn)
    return calibrate(tested, references, drawn.n_tokens.astype(np.uint16))


def naive(drawn: Sums, d0: float, expected: np.ndarray) -> np.ndarray:
    """The p-value of every sentence, model by model and sentence by sentence."""

    def tail(value: float, others: np.ndarray, s0: float) -> float:
        m = len(others)
        variance = (d0 * s0 + (m - 1) * np.var(others, ddof=1)) / (d0 + m - 1)
        return float(stats.t.sf((value - others.mean()) / np.sqrt(variance * (1 + 1 / m)), d0 + m - 1))

    columns = drawn.sums.T
    own = [tail(row[0], row[1:], s0) for row, s0 in zip(columns, expected, strict=True)]
    null = np.array(
        [
            tail(row[j], np.delete(row, [0, j]), s0)
            for row, s0 in zip(columns, expected, strict=True)
            for j in range(1, len(row))
        ]
    )
    return np.array([(1 + (null <= p).sum()) / (1 + len(null)) for p in own])


@pytest.mark.parametrize("n_references", [4, 9])
def test_they_are_the_formula(n_references: int) -> None:
    drawn = simulate(n_references, "heavy", 0, n_questions=20, n_per_question=4, planted=0.2)
    found = calibrated(drawn)
    expected = naive(drawn, found.prior.degrees, found.prior.variances(drawn.n_tokens))
    p = found.p_values()
    # A place reaches over a hundredth of t, and a count may be one place too large; never too small.
    assert p == pytest.approx(expected, rel=0.04, abs=2.5 / (len(p) * n_references))
    assert (p >= expected - 1e-3).all()


def test_what_lies_higher_has_the_smaller_p() -> None:
    found = calibrated(simulate(5, "normal", 1, planted=0.3))
    assert (np.diff(found.p_of_place) <= 0).all()
    assert len(found.p_of_place) == len(found.t_of_place) == N_PLACES
    assert found.counts().sum() == len(found.place)
    assert found.counts(np.arange(10)).sum() == 10


def test_a_sentence_without_a_number_has_none_and_does_not_count() -> None:
    drawn = simulate(4, "normal", 2)
    tested, references = halves(drawn)
    gone = np.arange(len(tested)) % 7 == 0
    tested[gone] = np.nan
    some = calibrate(tested, references, drawn.n_tokens.astype(np.uint16))
    assert (some.place == UNTESTED).tolist() == gone.tolist()
    assert np.isnan(some.p_values()).tolist() == gone.tolist()
    rest = calibrate(tested[~gone], tuple(r[~gone] for r in references), drawn.n_tokens[~gone].astype(np.uint16))
    assert some.p_values()[~gone] == pytest.approx(rest.p_values(), rel=1e-9)


def test_a_missing_reference_is_missing() -> None:
    drawn = simulate(4, "normal", 3)
    tested, references = halves(drawn)
    references[2][5] = np.nan
    assert np.flatnonzero(
        calibrate(tested, references, drawn.n_tokens.astype(np.uint16)).place == UNTESTED
    ).tolist() == [5]


def test_references_that_agree_on_everything_leave_a_p_value() -> None:
    zeros = np.zeros(30, np.float16)
    tested = zeros.copy()
    tested[:3] = 1
    found = calibrate(tested, (zeros,) * 4, np.full(30, 5, np.uint16))
    assert found.p_values()[:3] == pytest.approx(1 / 121)
    assert (found.p_values()[3:] == 1).all()


def test_nothing_is_nothing() -> None:
    nothing = np.zeros(0, np.float16)
    found = calibrate(nothing, (nothing,) * 4, np.zeros(0, np.uint16))
    assert found.p_values().shape == (0,) and found.counts().sum() == 0


def test_too_few_references_are_refused() -> None:
    zeros = np.zeros(3, np.float16)
    with pytest.raises(ValueError, match="3 references"):
        calibrate(zeros, (zeros,) * 3, np.ones(3, np.uint16))


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("n_references", [4, 8, 19])
def test_without_a_teacher_they_are_uniform(n_references: int, tail: str) -> None:
    """One sentence a question: those of one question are not independent."""
    chances = [
        stats.kstest(calibrated(simulate(n_references, tail, seed)).p_values()[::10], "uniform").pvalue
        for seed in range(20)
    ]
    # Twenty p-values of a true hypothesis: the least is below 0.0005 once in a hundred times, and the chance that more
    # than four are below 0.05 is 0.003.
    assert min(chances) > 0.0005
    assert sum(chance < 0.05 for chance in chances) <= 4


@pytest.mark.parametrize(
    ("n_references", "tail", "planted"), [(4, "heavy", 0.2), (8, "skew", 0.2), (19, "normal", 0.2), (8, "heavy", 0.0)]
)
def test_false_discoveries_keep_to_their_rate(n_references: int, tail: str, planted: float) -> None:
    """200 data sets at a nominal 5%; where nothing is planted, every discovery is false."""
    false, power = [], []
    for seed in range(200):
        drawn = simulate(n_references, tail, 1000 + seed, planted=planted)
        found = calibrated(drawn)
        is_found = of_places(q_values(found.p_of_place, found.counts()), found.place) <= 0.05
        false.append((is_found & ~drawn.is_planted).sum() / max(1, is_found.sum()))
        power.append((is_found & drawn.is_planted).sum() / max(1, drawn.is_planted.sum()))
    assert np.mean(false) <= 0.055
    assert planted == 0 or np.mean(power) > 0.3


def test_students_t_alone_would_find_what_is_not_there() -> None:
    """Why p-values are calibrated: with heavy tails the t finds something in most worlds where there is nothing."""
    n_false = 0
    for seed in range(20):
        drawn = simulate(8, "heavy", seed, n_questions=200)
        prior = calibrated(drawn).prior
        others = drawn.sums[1:]
        variance = (prior.degrees * prior.variances(drawn.n_tokens) + 7 * others.var(axis=0, ddof=1)) / (
            prior.degrees + 7
        )
        t = (drawn.sums[0] - others.mean(axis=0)) / np.sqrt(variance * (1 + 1 / 8))
        n_false += (q_values(stats.t.sf(t, prior.degrees + 7)) <= 0.05).any()
    assert n_false > 10
