"""Two patterns, counted once more from the sentences."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.patterns.contrast import compare
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.behaviours.patterns.view import pattern_view
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.behaviours.patterns.conftest import RULE, flat
from tests.unit.analysis.behaviours.patterns.test_view import shares

EQUALS, IS = Pattern("equations", "text", "="), Pattern("", "text", "is ")


def test_shares_difference_and_overlap(data: RunData) -> None:
    found = compare(data, RULE, Scope(), EQUALS, IS)
    first, second = ({k for k, row in enumerate(flat()) if text in row[2]} for text in ("=", "is "))
    assert first & second and first - second and second - first
    assert found.n == (len(first), len(second), len(first & second))
    assert found.jaccard == pytest.approx(len(first & second) / len(first | second))
    neither = set(range(len(flat()))) - first - second
    for intervals, places in zip(found.shares, (first, second, neither), strict=True):
        np.testing.assert_allclose(intervals.share, shares([flat()[k] for k in sorted(places)]), atol=1e-12)
    apart = found.shares[0].share - found.shares[1].share
    np.testing.assert_allclose(found.difference.value, apart, atol=1e-12)
    assert found.difference.refused is None
    assert (found.difference.low <= apart).all() and (apart <= found.difference.high).all()
    # Under the control, each side is what its own view says.
    views = [pattern_view(data, RULE, Scope(), pattern).without_teacher for pattern in (EQUALS, IS)]
    assert views[0] is not None and views[1] is not None
    assert found.without_teacher is not None and found.excess is not None
    without = views[0].shares.pattern.share - views[1].shares.pattern.share
    np.testing.assert_allclose(found.without_teacher.value, without, atol=1e-12)
    np.testing.assert_allclose(found.excess.value, apart - without, atol=1e-12)


def test_the_other_way_round(data: RunData) -> None:
    one, other = compare(data, RULE, Scope(), EQUALS, IS), compare(data, RULE, Scope(), IS, EQUALS)
    np.testing.assert_allclose(one.difference.value, -other.difference.value, atol=1e-12)
    np.testing.assert_allclose(one.difference.low, -other.difference.high, atol=1e-6)


def test_nothing_against_nothing(data: RunData) -> None:
    nothing = Pattern("", "text", "these words stand nowhere")
    found = compare(data, RULE, Scope(), nothing, nothing)
    assert found.n == (0, 0, 0) and np.isnan(found.jaccard)
    assert found.difference.refused is not None
    np.testing.assert_allclose(found.shares[2].share, shares(flat()), atol=1e-12)
