"""Length held constant: by a line, which misfits a hump, by a curve, and within questions."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.run.predict.graded import graded_of
from rdpt_core.analysis.run.predict.odds import AT_EQUAL_LENGTH, Beside, all_odds, fit_length
from tests.unit.analysis.run.predict.worlds import LABELS, graded, hump


def test_a_line_blames_a_label_for_the_hump_and_a_curve_does_not() -> None:
    blamed, cleared = 0, 0
    for seed in range(20):
        traces, counts, _ = hump(seed)
        sample = graded_of(traces, counts, LABELS, "count")
        teacher = all_odds(sample)[0]
        assert fit_length(sample).misfit_p < 1e-6
        blamed += teacher.fits[Beside.LINE].p_value[0] < 0.05
        cleared += sum(teacher.fits[beside].p_value[0] >= 0.05 for beside in (Beside.CURVE, Beside.QUESTION)) == 2
    # Without an effect a test at 5% is below it in one of twenty sets; two tests agree less often.
    assert blamed > 10 and cleared >= 16


def test_a_straight_line_is_not_said_to_misfit() -> None:
    rng = np.random.default_rng(0)
    p = []
    for _ in range(100):
        length = rng.integers(4, 40, 200).astype(float)
        correct = rng.random(200) < 1 / (1 + np.exp(-1.5 * np.log(length / 14)))
        counts = np.stack([length, *np.zeros((3, 200))], axis=1)
        p.append(fit_length(graded(counts, correct, np.arange(200), "share")).misfit_p)
    assert 1 <= sum(value < 0.05 for value in p) <= 11 and np.mean(p) == pytest.approx(0.5, abs=0.1)


def test_labels_are_adjusted_together_and_constant_ones_refused() -> None:
    traces, counts, _ = hump(3)
    rows = all_odds(graded_of(traces, counts, LABELS, "share"))
    assert [row.predictor for row in rows] == list(LABELS)
    for beside in Beside:
        raw = [row.fits[beside].p_value[0] for row in rows]
        adjusted = [row.p_holm[beside] for row in rows]
        # Boosted does not vary and is no test: three are left.
        assert np.isnan(raw[3]) and np.isnan(adjusted[3]) and rows[3].fits[beside].refused is not None
        assert min(adjusted[:3]) == pytest.approx(min(1, 3 * min(raw[:3])))
    assert set(AT_EQUAL_LENGTH) == set(Beside) - {Beside.NOTHING}


def test_one_looping_trace_does_not_decide() -> None:
    traces, counts, _ = hump(5)
    counts[:, 2] = np.random.default_rng(1).poisson(3 * (traces.correct == 0) + 2)
    before = all_odds(graded_of(traces, counts, LABELS, "count"))[2].fits
    counts[int(np.flatnonzero(traces.correct == 0)[0]), 2] = 2000
    after = all_odds(graded_of(traces, counts, LABELS, "count"))[2].fits
    for beside in Beside:
        assert after[beside].refused is None and after[beside].separation is None
        assert after[beside].coefficient[0] == pytest.approx(before[beside].coefficient[0], rel=0.15)
