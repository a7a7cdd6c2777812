"""AUCs of labels and length: groups, families of Holm's adjustment, and the same footing."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION, all_aucs, all_gaps
from rdpt_core.analysis.run.predict.graded import LENGTH, graded_of
from rdpt_core.analysis.statistics.holm import holm
from tests.unit.analysis.run.predict.worlds import LABELS, hump


def test_every_group_and_its_family() -> None:
    traces, counts, _ = hump(1)
    traces.codes["benchmark"][:] = traces.question % 2
    traces.names["benchmark"] = ("even", "odd")
    rows = all_aucs(graded_of(traces, counts, LABELS, "share"))
    by_key = {(row.predictor, row.group): row for row in rows}
    groups = {"even", "odd", ALL, SAME_LENGTH, SAME_QUESTION}
    assert by_key.keys() == {(label, group) for label in LABELS for group in groups} | {
        (LENGTH, group) for group in groups - {SAME_LENGTH}
    }
    benchmarks = [row for row in rows if row.group in ("even", "odd") and row.predictor != LENGTH]
    assert [row.p_holm for row in benchmarks] == pytest.approx(
        holm(np.array([row.auc.p_value for row in benchmarks])), nan_ok=True
    )
    pooled = [by_key[label, ALL] for label in LABELS]
    assert [row.p_holm for row in pooled] == pytest.approx(
        holm(np.array([row.auc.p_value for row in pooled])), nan_ok=True
    )
    assert np.isnan(by_key[LENGTH, ALL].p_holm) and by_key[LENGTH, ALL].auc.p_value < 0.05


def test_a_label_stands_beside_length_over_the_same_pairs() -> None:
    traces, counts, _ = hump(2)
    graded = graded_of(traces, counts, LABELS, "count")
    auc = {(row.predictor, row.group): row.auc.value for row in all_aucs(graded)}
    for row in all_gaps(graded):
        own, length = auc[row.predictor, row.group], auc[LENGTH, row.group]
        assert row.gap.value == pytest.approx(abs(own - 0.5) - abs(length - 0.5))
        if row.predictor == "Boosted":
            # No trace has one: chance exactly, and so clearly worse than length.
            assert row.gap.high < 0
