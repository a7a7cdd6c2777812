"""What is measured of graded traces."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.run.predict.graded import curve, graded_of, measured
from tests.unit.analysis.run.predict.worlds import LABELS, table


def test_ungraded_and_unlabelled_traces_are_left_out() -> None:
    traces = table(np.arange(4), np.array([1, 0, -1, 1]))
    counts = np.array([[1, 1, 0, 0], [0, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], float)
    graded = graded_of(traces, counts, LABELS, "share")
    assert graded.rows.tolist() == [0, 1] and graded.correct.tolist() == [True, False]
    assert graded.length.tolist() == [2, 3]
    assert graded.scores()["Teacher"].tolist() == [0.5, 0.0]
    assert np.isnan(measured(counts, 0, "share")[3]) and measured(counts, 0, "count")[3] == 0


def test_regressions_take_counts_on_a_log_scale_and_shares_as_they_are() -> None:
    traces = table(np.arange(2), np.array([1, 0]))
    counts = np.array([[9, 1, 0, 0], [1999, 1, 0, 0]], float)
    teacher = graded_of(traces, counts, LABELS, "count").predictors()["Teacher"]
    assert teacher == pytest.approx(np.log([10, 2000]))
    shares = graded_of(traces, counts, LABELS, "share")
    assert np.array_equal(shares.predictors()["Teacher"], shares.scores()["Teacher"])


def test_standardised_within_benchmarks() -> None:
    traces = table(np.arange(6), np.array([1, 0, 1, 0, 1, 0]))
    traces.codes["benchmark"][3:] = 1
    graded = graded_of(traces, np.ones((6, 4)), LABELS, "count")
    values = graded.standardised(np.array([1.0, 2, 3, 101, 102, 103]))
    assert values == pytest.approx(np.array([-1, 0, 1] * 2) / np.sqrt(2 / 3))
    assert graded.standardised(np.full(6, 0.1)).tolist() == [0.0] * 6


def test_a_curve_of_nothing_has_no_rows() -> None:
    assert curve(np.empty(0)).shape == (0, 1)
    assert curve(np.arange(50.0)).shape == (50, 3)
