"""Regions of the gap plane: at every point the label that the rule gives there."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule, apply_rule
from rdpt_core.analysis.run.gaps import gap_plane
from rdpt_core.analysis.schemes import SCHEMES, Scheme
from rdpt_core.ui.pages.ratios.plane_figure import Region, regions


def inside(region: Region, x: float, y: float) -> bool:
    """Convex polygon: the point is on the same side of every edge."""
    corners = region.corners
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
        if (ax, ay) != (bx, by)
    ]
    return all(side > 0 for side in sides) or all(side < 0 for side in sides)


thresholds = st.floats(0.0, 0.6).map(lambda value: round(value, 3))


@settings(max_examples=60, deadline=None)
@given(thresholds, thresholds, st.sampled_from(list(SCHEMES.values())), st.integers(0, 2**32))
def test_every_region_holds_exactly_its_label(alpha: float, beta: float, scheme: Scheme, seed: int) -> None:
    rng = random.Random(seed)
    rule = LabelRule.make(alpha, beta)
    left, right = (-rng.uniform(0.01, 1), rng.uniform(0.01, 1))
    bottom, top = (-rng.uniform(0.0, 1), rng.uniform(0.01, 1))
    limits = gap_plane.PlaneRange((left, right), (bottom, top), 1, 1, 1, 0)
    areas = regions(rule, limits, scheme)
    for _ in range(30):
        x, y = rng.uniform(left, right), rng.uniform(bottom, top)
        student = np.array([0.0])
        values = {"teacher": student + x, "student": student, "distilled": student + (y if scheme.is_triple else x)}
        labelled = apply_rule(alpha, beta, {role: values[role] for role in scheme.roles})
        want = str(labelled.label[0]) + ("-down" if labelled.direction[0] == "down" else "")
        holding = [region.label for region in areas if inside(region, x, y)]
        assert holding and holding[-1] == want, (x, y)
