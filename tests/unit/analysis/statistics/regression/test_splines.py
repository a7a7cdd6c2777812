"""The natural spline: against scipy's, straight beyond its knots, and with coinciding knots."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from rdpt_core.analysis.statistics.regression.splines import natural_spline, spline_knots


def test_the_columns_span_the_natural_splines_of_scipy() -> None:
    knots = np.array([0.5, 1.2, 2.0, 3.1])
    heights = np.array([0.3, -1.0, 2.0, 0.1])
    at_knots = np.column_stack([np.ones(4), natural_spline(knots, knots)])
    coefficients = np.linalg.solve(at_knots, heights)
    x = np.linspace(0.5, 3.1, 200)
    ours = np.column_stack([np.ones(200), natural_spline(x, knots)]) @ coefficients
    assert ours == pytest.approx(CubicSpline(knots, heights, bc_type="natural")(x), abs=1e-12)


def test_it_is_straight_beyond_the_knots_and_begins_with_the_line() -> None:
    knots = np.array([1.0, 2.0, 4.0, 7.0])
    beyond = np.concatenate([np.linspace(-5, 1, 30), np.linspace(7, 90, 30)])
    columns = natural_spline(beyond, knots)
    assert columns.shape == (60, 3) and np.array_equal(columns[:, 0], beyond)
    for part in (slice(0, 30), slice(30, 60)):
        assert np.abs(np.diff(columns[part], n=2, axis=0)).max() < 1e-8 * np.abs(columns[part]).max()


def test_whole_numbers_that_coincide_leave_fewer_columns() -> None:
    assert len(spline_knots(np.arange(100.0))) == 4
    few = np.repeat([1.0, 2.0], 50)
    assert natural_spline(few, spline_knots(few)).shape == (100, 1)
    three = np.repeat([1.0, 2.0, 3.0], [30, 30, 40])
    assert natural_spline(three, spline_knots(three)).shape == (100, 2)
