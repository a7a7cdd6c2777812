"""The suggested β: the valley between two humps, nothing where there is one, and the density behind it."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.run.sensitivity import suggested_beta
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run
from tests.support import humps
from tests.unit.analysis.conftest import TRACES
from tests.unit.analysis.run.counted import Counted


def histograms(values: np.ndarray, question: np.ndarray, range_end: float) -> np.ndarray:
    bins = np.minimum((values / range_end * suggested_beta.N_BINS).astype(int), suggested_beta.N_BINS)
    counts = np.zeros((question.max() + 1, suggested_beta.N_BINS + 1))
    np.add.at(counts, (question, bins), 1)
    return counts


def test_the_density_is_smoothed_by_a_gaussian_of_three_bins_mirrored_at_both_ends() -> None:
    counts = np.random.default_rng(0).integers(0, 50, suggested_beta.N_BINS).astype(float)
    suggested = suggested_beta.suggest_beta(np.append(counts, 7.0)[None], 2.0)
    distance = np.arange(-12, 13)
    kernel = np.exp(-0.5 * (distance / 3) ** 2)
    mirrored = np.concatenate([counts[:12][::-1], counts, counts[-12:][::-1]])
    smoothed = np.convolve(mirrored, kernel / kernel.sum(), mode="valid")
    width = 2.0 / suggested_beta.N_BINS
    # Sums of 25 products of doubles, in another order: they differ by rounding alone, a few units of 1e-16 each.
    assert suggested.density == pytest.approx(smoothed / (suggested.n_sentences * width), rel=1e-13)
    # What is mirrored back is not lost: all that lies within the range is there.
    assert suggested.density.sum() * width == pytest.approx(counts.sum() / suggested.n_sentences, rel=1e-13)


def test_two_humps_suggest_the_valley_between_them() -> None:
    rng = np.random.default_rng(1)
    agree, differ = np.abs(rng.normal(0, 0.08, 3000)), rng.normal(0.7, 0.08, 2000).clip(0, 0.99)
    values = np.concatenate([agree, differ])
    suggested = suggested_beta.suggest_beta(histograms(values, rng.integers(0, 60, len(values)), 1.0), 1.0)
    assert suggested.beta is not None and suggested.low is not None and suggested.high is not None
    assert 0.28 < suggested.beta < 0.5
    assert suggested.low <= suggested.beta <= suggested.high
    assert suggested.test.p_value == pytest.approx(1 / 500) and suggested.test.refused is None
    assert suggested.n_questions == 60
    assert suggested.density.sum() / suggested_beta.N_BINS == pytest.approx(1, abs=0.01)


# Seeds at which chance dents made a valley deep enough: without a test each of them got a β.
@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind in humps.ONE_HUMP for seed in range(8)])
def test_one_hump_suggests_nothing(kind: str, seed: int) -> None:
    counts, most = humps.histogram(humps.ONE_HUMP[kind](np.random.default_rng(seed), 10, 20))
    suggested = suggested_beta.suggest_beta(counts, most)
    assert suggested.beta is None and suggested.low is None
    assert suggested.test.p_value > suggested_beta.SIGNIFICANT


def test_most_data_with_one_hump_would_get_a_beta_without_the_test() -> None:
    draws = (humps.ONE_HUMP["half-normal"](np.random.default_rng(seed), 10, 20) for seed in range(8))
    depths = np.array([suggested_beta.suggest_beta(*humps.histogram(values)).depth for values in draws])
    assert np.mean(depths <= suggested_beta.MAX_DEPTH) > 0.5


@pytest.mark.parametrize(("size", "distance"), list(zip(humps.SIZES, (8, 6, 5), strict=True)))
def test_two_humps_suggest_a_beta_between_them(size: tuple[int, int], distance: float) -> None:
    assert humps.part_with_beta(humps.two_humps(distance), *size, n_sets=12) > 0.8
    values = humps.two_humps(distance)(np.random.default_rng(0), *size)
    beta = suggested_beta.suggest_beta(*humps.histogram(values)).beta
    assert beta is not None and humps.WIDTH < beta < (distance - 1) * humps.WIDTH


@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="shop")], ids=["all", "shop"])
def test_the_density_counts_what_the_database_holds(each_run: tuple[Reader, Run], scope: Scope) -> None:
    reader, run = each_run
    source, parameters = scope.sentences(run.run_no, LabelRule.make())
    labels = labels_sql(LabelRule.make(), run.roles, source)
    sql = f"SELECT abs(gap) AS gap, trace_no FROM ({labels}) WHERE label IS NOT NULL"
    rows = reader.query(sql, parameters)
    gap, trace_no = (rows.column(name).to_numpy() for name in ("gap", "trace_no"))
    counted = Counted(reader, run, LabelRule.make(), scope)
    question = counted.traces.question_by_text()[np.searchsorted(counted.traces.trace_no, trace_no)]
    _, question = np.unique(question, return_inverse=True)
    most = float(np.quantile(gap, 0.99))
    want = suggested_beta.suggest_beta(histograms(gap, question, most), most)
    suggested = counted.beta()
    assert suggested is not None
    assert suggested.centres == pytest.approx(want.centres)
    assert suggested.density == pytest.approx(want.density)
    assert (suggested.n_sentences, suggested.n_questions) == (want.n_sentences, want.n_questions)


def test_too_few_questions_suggest_nothing_and_say_why() -> None:
    values = np.concatenate([np.full(50, 0.02), np.full(50, 0.8)])
    suggested = suggested_beta.suggest_beta(histograms(values, np.arange(100) % 7, 1.0), 1.0)
    assert suggested.beta is None and np.isnan(suggested.test.p_value)
    assert suggested.test.refused is not None and suggested.depth < suggested_beta.MAX_DEPTH
    enough = suggested_beta.suggest_beta(histograms(values, np.arange(100) % 8, 1.0), 1.0)
    assert enough.beta is not None


def test_a_suggestion_is_the_same_each_time_and_none_where_nothing_is_scored(each_run: tuple[Reader, Run]) -> None:
    first = Counted(*each_run, LabelRule.make()).beta()
    second = Counted(*each_run, LabelRule.make()).beta()
    assert first is not None and second is not None
    assert (first.beta, first.low, first.high) == (second.beta, second.low, second.high)
    assert first.n_sentences == sum(kind != "unscored" for sketch in TRACES for _, kind in sketch.sentences)
    assert Counted(*each_run, LabelRule.make(), Scope(benchmark="nowhere")).beta() is None
