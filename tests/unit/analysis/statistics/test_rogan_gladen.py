"""Rogan and Gladen's correction against its formula, and its interval against simulated mixtures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import t

from rdpt_core.analysis.statistics.rogan_gladen import CorrectedShare, rogan_gladen
from rdpt_core.arrays import Doubles


def mixture(
    rng: np.random.Generator, part: float, *, false_rate: float, sensitivity: float, n: int, n_known: int, spread: float
) -> tuple[Doubles, Doubles]:
    """Sentences with the label, and all of them, of every question in three samples, of which the known ones share
    some questions of the first.

    Both rates change from question to question by a common amount on the logit scale (`spread`), and how much of a
    question is meant does so without regard to that. The rates that are given are those of an average question, so
    that the part that is meant is the same on average.
    """
    easy = spread * rng.standard_normal(n)

    def rate(share: float) -> Doubles:
        odds = np.exp(easy + np.log(share / (1 - share)))
        return np.asarray(odds / (1 + odds))

    wrong, right = rate(false_rate), rate(sensitivity)
    parts = np.full(n, part) if part in (0, 1) else rng.beta(4 * part, 4 * (1 - part), n)
    counted = rng.integers(6, 19, (n, 3)) * np.array([2, 1, 1])
    counted[n_known:, 1:] = 0
    chance = np.stack([(1 - parts) * wrong + parts * right, wrong, right], axis=1)
    return rng.binomial(counted, chance).astype(float), counted.astype(float)


def coverage(part: float, n_runs: int, **design: float | int) -> float:
    rng = np.random.default_rng(7)
    found = [rogan_gladen(*mixture(rng, part, **design)) for _ in range(n_runs)]  # type: ignore[arg-type]
    # What is refused for no mixture fits covers nothing.
    return float(np.mean([one.refused is None and one.low <= part <= one.high for one in found]))


@pytest.mark.parametrize("part", [0.0, 0.03, 0.4, 0.9, 1.0])
def test_the_interval_covers_the_planted_share(part: float) -> None:
    covered = [
        coverage(part, 120, false_rate=fp, sensitivity=0.6, n=90, n_known=60, spread=spread)
        for fp, spread in itertools.product((0.02, 0.15), (0.0, 1.0))
    ]
    # 480 runs: two standard errors are two in a hundred.
    assert 0.93 <= np.mean(covered) <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize(("n", "n_known"), [(40, 40), (200, 90), (500, 200)])
@pytest.mark.parametrize("part", [0.0, 0.02, 0.1, 0.4, 0.9, 1.0])
def test_the_interval_covers_the_planted_share_in_93_to_97_percent(part: float, n: int, n_known: int) -> None:
    covered = [
        coverage(part, 500, false_rate=fp, sensitivity=sens, n=n, n_known=n_known, spread=spread)
        for (fp, sens), spread in itertools.product(((0.014, 0.5), (0.1, 0.7)), (0.0, 1.0))
    ]
    # 2,000 runs: two standard errors are one in a hundred.
    assert 0.925 <= np.mean(covered) <= 0.98


def test_an_interval_that_forgets_the_known_texts_covers_too_little() -> None:
    """The simulation would show it: with the rates taken as they are, the interval is that of the share alone."""
    rng, missed = np.random.default_rng(3), 0
    for _ in range(200):
        labelled, counted = mixture(rng, 0.9, false_rate=0.1, sensitivity=0.6, n=200, n_known=30, spread=1.0)
        observed, wrong, right = labelled.sum(axis=0) / counted.sum(axis=0)
        terms = (labelled[:, 0] - observed * counted[:, 0]) / counted[:, 0].sum()
        reach = 1.96 * np.sqrt((terms**2).sum())
        low, high = ((observed + sign * reach - wrong) / (right - wrong) for sign in (-1, 1))
        missed += not low <= 0.9 <= high
    assert missed > 40


def naive_contrast(labelled: Doubles, counted: Doubles, part: float) -> tuple[float, float, float]:
    """g(π), its standard error with questions as clusters, and the quantile for its degrees of freedom."""
    n = len(labelled)
    share = [sum(labelled[:, k]) / sum(counted[:, k]) for k in range(3)]
    weight = [1, part - 1, -part]
    terms = [
        sum(weight[k] * (labelled[q, k] - share[k] * counted[q, k]) / sum(counted[:, k]) for k in range(3))
        for q in range(n)
    ]
    square, fourth = sum(term**2 for term in terms), sum(term**4 for term in terms)
    worth = min(sum(counted[:, k]) ** 2 / sum(counted[:, k] ** 2) for k in range(3))
    degrees = max(1, min(2 * n / (n * fourth / square**2 - 1), worth - 1))
    contrast = sum(weight[k] * share[k] for k in range(3))
    return contrast, float(np.sqrt(n / (n - 1) * square)), float(t.ppf(0.975, degrees))


def test_share_and_ends_are_those_of_the_formula() -> None:
    labelled, counted = mixture(
        np.random.default_rng(1), 0.4, false_rate=0.1, sensitivity=0.7, n=60, n_known=60, spread=0.5
    )
    found = rogan_gladen(labelled, counted)
    observed, wrong, right = (labelled[:, k].sum() / counted[:, k].sum() for k in range(3))
    assert (found.observed, found.false_rate, found.sensitivity) == pytest.approx((observed, wrong, right))
    assert found.share == pytest.approx((observed - wrong) / (right - wrong))
    assert found.low < found.share < found.high
    for end, sign in ((found.low, 1), (found.high, -1)):
        contrast, error, quantile = naive_contrast(labelled, counted, end)
        assert sign * contrast == pytest.approx(quantile * error, rel=1e-3)
    assert found.n_questions == (60, 60, 60)
    assert found.n_counted == tuple(counted.sum(axis=0))


def test_questions_that_the_samples_share_count_once() -> None:
    """Questions that are hard in all samples cancel: the same counts of other questions give a wider interval."""
    labelled, counted = mixture(
        np.random.default_rng(5), 0.95, false_rate=0.1, sensitivity=0.6, n=80, n_known=80, spread=2.0
    )
    apart = [np.zeros((160, 3)), np.zeros((160, 3))]
    for whole, given in zip(apart, (labelled, counted), strict=True):
        whole[:80, 0], whole[80:, 1:] = given[:, 0], given[:, 1:]
    together, separate = rogan_gladen(labelled, counted), rogan_gladen(*apart)
    assert together.share == pytest.approx(separate.share)
    assert together.high - together.low < 0.8 * (separate.high - separate.low)


def flat(observed: float, wrong: float, right: float, n: int = 30, sentences: int = 10) -> CorrectedShare:
    """Every question has the same share of the label, but for the last digit."""
    counted = np.full((n, 3), float(sentences))
    wobble = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)[:, None] * 0.01
    shares = np.array([observed, wrong, right])
    return rogan_gladen((shares + wobble * ((shares > 0) & (shares < 1))) * counted, counted)


def test_a_label_that_never_occurs_is_not_surely_absent() -> None:
    found = flat(0.0, 0.0, 0.8)
    assert (found.share, found.low) == (0, 0)
    # Two zeros of 30 questions, each of which may be 0.116 by Clopper and Pearson: together sqrt(2) of it, by 0.8.
    assert found.high == pytest.approx(np.sqrt(2) * 0.1157 / 0.8, rel=0.15)


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ((0.3, 0.30, 0.35), "not surely more frequent"),
        ((0.3, 0.60, 0.20), "not surely more frequent"),
        ((0.9, 0.10, 0.60), "more frequent than in either known text"),
        ((0.1, 0.30, 0.80), "less frequent than in either known text"),
    ],
)
def test_what_no_mixture_can_say_is_refused(shares: tuple[float, float, float], reason: str) -> None:
    found = flat(*shares)
    assert found.refused is not None and reason in found.refused
    assert np.isnan([found.share, found.low, found.high]).all()
    assert found.observed == pytest.approx(shares[0])


def test_few_questions_and_missing_samples_are_refused() -> None:
    few = flat(0.3, 0.1, 0.8, n=7)
    assert few.refused is not None and "only 7 questions" in few.refused
    counted = np.full((30, 3), 10.0)
    counted[:, 2] = 0
    empty = rogan_gladen(0.2 * counted, counted)
    assert empty.refused is not None and "only 0 questions" in empty.refused
    assert np.isnan(empty.sensitivity)
