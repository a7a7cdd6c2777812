"""Every sentence is in one bin of its own group and label."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.evidence.importance.data import ImportanceData
from rdpt_core.analysis.evidence.importance.histograms import FINE, N_BINS, histograms, to_scale
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.evidence.importance import samples


def test_counts_are_those_of_numpy(found: ImportanceData) -> None:
    sample = found.sample(LabelRule.make(), Scope(), "deletion")
    shown = found.histograms(LabelRule.make(), Scope(), "deletion", "correctness")
    assert shown.groups == sample.present("correctness") == (0, 1, 2)
    for row, group in enumerate(shown.groups):
        for label in range(len(sample.labels)):
            inside = (sample.group("correctness") == group) & (sample.label == label)
            expected, _ = np.histogram(np.arcsinh(sample.drop[inside] / FINE), shown.edges)
            np.testing.assert_array_equal(shown.counts[row, label], expected)
    assert shown.counts.sum() == len(sample.drop)


def test_the_scale_holds_zero_and_large_drops_in_any_scope() -> None:
    for drop in (np.array([0.3]), np.array([-40.0, 90.0]), np.empty(0)):
        question = np.zeros(len(drop), np.int64)
        shown = histograms(samples.make(drop, question, question), "all")
        assert shown.edges[0] < 0 < to_scale(1.0) < shown.edges[-1]
        assert len(shown.edges) == N_BINS + 1
        assert shown.counts.sum() == len(drop)
