"""Labels compared within strata: what only the mix of kinds makes goes away, and what is there stays."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.importance.contrasts import (
    ADJUSTMENTS,
    COMPARED,
    LEAST,
    NO_SPREAD,
    NO_STRATUM,
    Contrast,
    contrast_labels,
    contrast_rows,
)
from rdpt_core.analysis.evidence.importance.data import ImportanceData
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.unit.analysis.evidence.importance import samples

N_QUESTIONS = 40


def mixed(effect: float, n: int = 4000) -> tuple[Contrast, ...]:
    """Equations cost 2 nats, others none; Student sentences are mostly equations, and cost `effect` more."""
    rng = np.random.default_rng(5)
    label = np.where(rng.random(n) < 0.5, 0, 2)
    is_equation = rng.random(n) < np.where(label == 2, 0.8, 0.2)
    drop = 2.0 * is_equation + effect * (label == 2) + rng.normal(0, 0.5, n)
    sample = samples.make(drop, label, rng.integers(0, N_QUESTIONS, n), np.where(is_equation, 0, 3))
    return contrast_labels(sample, "Teacher")


@pytest.mark.parametrize("effect", [0.0, 0.7])
def test_what_the_mix_of_kinds_makes_goes_away(effect: float) -> None:
    raw, kind, both = mixed(effect)
    assert [item.adjustment for item in (raw, kind, both)] == list(ADJUSTMENTS)
    assert raw.numbers["mean"].value == pytest.approx(-1.2 - effect, abs=0.1)
    assert raw.numbers["mean"].high < -0.9 - effect
    for item in (kind, both):
        assert item.numbers["mean"].value == pytest.approx(-effect, abs=0.05)
        assert item.numbers["mean"].low < -effect < item.numbers["mean"].high
        assert item.numbers["mean"].high - item.numbers["mean"].low < 0.15
        assert (item.covered, item.n_strata) == (1.0, 2)


def test_standardised_differences_are_weighted_means_of_strata(found: ImportanceData) -> None:
    sample = found.sample(LabelRule.make(), Scope(), "deletion")
    contrasts = found.contrasts(LabelRule.make(), Scope(), "deletion")
    assert len(contrasts) == 3 * len(ADJUSTMENTS)
    for item in contrasts:
        keys = list(zip(*(sample.group(split).tolist() for split in ADJUSTMENTS[item.adjustment]), strict=True))
        keys = keys or [()] * len(sample.drop)
        labels = [sample.labels[code] for code in sample.label]
        gaps: dict[str, list[float]] = {measure: [] for measure in COMPARED}
        weights, compared = [], [0, 0]
        for key in set(keys):
            sides = [
                sample.drop[[k == key and name == label for k, name in zip(keys, labels, strict=True)]].astype(float)
                for label in (item.label, item.other)
            ]
            if min(map(len, sides)) < LEAST:
                continue
            weights.append(sum(map(len, sides)))
            compared = [total + len(side) for total, side in zip(compared, sides, strict=True)]
            gaps["mean"].append(sides[0].mean() - sides[1].mean())
            gaps["share"].append((sides[0] > 1).mean() - (sides[1] > 1).mean())
        assert item.n_strata == len(weights)
        assert item.n_sentences == tuple(compared)
        assert item.covered == pytest.approx(sum(weights) / sum(name in (item.label, item.other) for name in labels))
        for measure in COMPARED:
            if weights:
                expected = np.average(gaps[measure], weights=weights)
                assert item.numbers[measure].value == pytest.approx(expected, rel=1e-5, abs=1e-7)
            else:
                assert np.isnan(item.numbers[measure].value) and item.refused[measure] == NO_STRATUM
    assert contrast_rows(contrasts, "deletion").num_rows == len(contrasts) * len(COMPARED)


def test_labels_that_share_no_stratum_are_not_compared_there() -> None:
    n = 400
    label = np.repeat([0, 2], n // 2)
    sample = samples.make(np.linspace(0, 3, n), label, np.arange(n) % N_QUESTIONS, np.where(label == 0, 0, 3))
    raw, kind, _ = contrast_labels(sample, "Teacher")
    assert raw.refused == dict.fromkeys(COMPARED)
    assert kind.refused == dict.fromkeys(COMPARED, NO_STRATUM)
    assert (kind.covered, kind.n_sentences) == (0.0, (0, 0))
    row = contrast_rows([kind], "deletion").to_pylist()[0]
    assert (row["difference"], row["low"], row["no_interval_because"]) == (None, None, NO_STRATUM)


def test_shares_that_are_all_zero_are_not_called_certainly_equal() -> None:
    rng = np.random.default_rng(6)
    n = 400
    sample = samples.make(rng.normal(0, 0.1, n), np.arange(n) % 2 * 2, rng.integers(0, N_QUESTIONS, n))
    raw = contrast_labels(sample, "Teacher")[0]
    assert raw.numbers["share"].value == 0 and np.isnan(raw.numbers["share"].low)
    assert raw.refused == {"share": NO_SPREAD, "mean": None}


def test_few_questions_get_no_interval() -> None:
    n = 400
    sample = samples.make(np.linspace(0, 3, n), np.arange(n) % 2 * 2, np.arange(n) // 2 % 7)
    raw = contrast_labels(sample, "Teacher")[0]
    assert not np.isnan(raw.numbers["mean"].value)
    assert raw.refused["mean"] == "only 7 questions; an interval needs 8"


def test_a_label_without_sentences_is_compared_with_none() -> None:
    sample = samples.make(np.ones(20), np.full(20, 2), np.arange(20))
    assert contrast_labels(sample, "Teacher") == ()
    assert contrast_labels(sample, "Student") == ()
