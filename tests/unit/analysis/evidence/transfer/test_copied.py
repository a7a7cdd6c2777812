"""Reach within classes of sentences, counted naively."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.transfer.copied import copied_table, count_classes, known_parts
from rdpt_core.analysis.evidence.transfer.levels import from_domains
from rdpt_core.analysis.evidence.transfer.reached import ABOVE, NOT_COUNTED, UP
from tests.unit.analysis.evidence.transfer import worlds

RNG = np.random.default_rng(2)
TRACES = worlds.traces(["a"] * 10 + ["b"] * 10, ["seen"] * 10 + ["unseen"] * 10)
START = np.arange(21) * 15
PARTS = RNG.integers(0, 4, 300).astype(np.uint8)
KINDS = RNG.integers(0, 4, 300).astype(np.uint8)
OF_A = np.arange(300) < 150


def test_classes_and_parts_are_counted_together() -> None:
    counts = count_classes(START, PARTS, KINDS)
    for trace in range(20):
        own = slice(START[trace], START[trace + 1])
        for kind in range(4):
            for part in range(4):
                assert counts[trace, kind, part] == ((KINDS[own] == kind) & (PARTS[own] == part)).sum()


def test_every_class_has_its_part_of_the_group_and_its_reach() -> None:
    assignment = from_domains(TRACES, "benchmark")
    assert assignment is not None
    table = copied_table(TRACES, count_classes(START, PARTS, KINDS), assignment)
    known = (PARTS != NOT_COUNTED) & (KINDS > 0)
    assert table.n_known == known.sum()
    assert table.n_unknown == ((PARTS != NOT_COUNTED) & (KINDS == 0)).sum()
    reached = np.isin(PARTS, (ABOVE, UP))
    for row in table.groups:
        group = known & (OF_A if row.name == "a" else ~OF_A)
        number = CLASSES.index(row.training_class) + 1
        kind = group & (number == KINDS)
        assert row.share.share[0] == pytest.approx(kind.sum() / group.sum())
        assert row.reach is not None and row.reach.share[0] == pytest.approx((kind & reached).sum() / kind.sum())
    assert [row.name for row in table.levels] == ["seen"] * 3 + ["unseen"] * 3


def test_known_parts_leave_out_what_was_not_looked_up() -> None:
    kinds = np.where(OF_A, KINDS, 0).astype(np.uint8)
    found = known_parts(TRACES, count_classes(START, PARTS, kinds), "benchmark")
    known = OF_A & (PARTS != NOT_COUNTED) & (KINDS > 0)
    assert found["a"] == pytest.approx((known & (KINDS < 3)).sum() / known.sum())
    assert math.isnan(found["b"])
