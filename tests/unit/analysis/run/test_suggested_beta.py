"""The suggested β: the valley between two humps, nothing where there is one, and the density behind it."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.run import suggested_beta
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run
from tests.unit.analysis.conftest import TRACES
from tests.unit.analysis.run.counted import Counted


def histograms(values: np.ndarray, question: np.ndarray, most: float) -> np.ndarray:
    bins = np.minimum((values / most * suggested_beta.N_BINS).astype(int), suggested_beta.N_BINS)
    found = np.zeros((question.max() + 1, suggested_beta.N_BINS + 1))
    np.add.at(found, (question, bins), 1)
    return found


def test_two_humps_suggest_the_valley_between_them() -> None:
    rng = np.random.default_rng(1)
    agree, differ = np.abs(rng.normal(0, 0.08, 3000)), rng.normal(0.7, 0.08, 2000).clip(0, 0.99)
    values = np.concatenate([agree, differ])
    found = suggested_beta.suggest_beta(histograms(values, rng.integers(0, 60, len(values)), 1.0), 1.0)
    assert found.beta is not None and found.low is not None and found.high is not None
    assert 0.28 < found.beta < 0.5
    assert found.low <= found.beta <= found.high
    assert found.found_in == 1
    assert found.n_questions == 60
    assert found.density.sum() / suggested_beta.N_BINS == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shape", ["exponential", "half normal", "uniform"])
def test_one_hump_suggests_nothing(shape: str) -> None:
    rng = np.random.default_rng(2)
    values = {
        "exponential": rng.exponential(0.2, 5000),
        "half normal": np.abs(rng.normal(0, 0.3, 5000)),
        "uniform": rng.uniform(0, 1, 5000),
    }[shape]
    found = suggested_beta.suggest_beta(histograms(values.clip(0, 1), rng.integers(0, 60, 5000), 1.0), 1.0)
    assert found.beta is None and found.low is None


@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="shop")], ids=["all", "shop"])
def test_the_density_counts_what_the_database_holds(each_run: tuple[Reader, Run], scope: Scope) -> None:
    reader, run = each_run
    source, parameters = scope.sentences(run.run_no)
    labels = labels_sql(LabelRule.make(), run.roles, source)
    sql = f"SELECT abs(d_ts) AS gap, trace_no FROM ({labels}) WHERE label IS NOT NULL"
    found = reader.query(sql, parameters)
    gap, trace_no = (found.column(name).to_numpy() for name in ("gap", "trace_no"))
    counted = Counted(reader, run, LabelRule.make(), scope)
    question = counted.facts.question_by_text()[np.searchsorted(counted.facts.trace_no, trace_no)]
    _, question = np.unique(question, return_inverse=True)
    most = float(np.quantile(gap, 0.99))
    want = suggested_beta.suggest_beta(histograms(gap, question, most), most)
    suggested = counted.beta()
    assert suggested is not None
    assert suggested.centres == pytest.approx(want.centres)
    assert suggested.density == pytest.approx(want.density)
    assert (suggested.n_sentences, suggested.n_questions) == (want.n_sentences, want.n_questions)


def test_too_few_questions_give_a_beta_without_an_interval() -> None:
    values = np.concatenate([np.full(50, 0.02), np.full(50, 0.8)])
    found = suggested_beta.suggest_beta(histograms(values, np.zeros(100, dtype=int), 1.0), 1.0)
    assert found.beta is not None
    assert found.low is None and np.isnan(found.found_in)


def test_a_suggestion_is_the_same_each_time_and_none_where_nothing_is_scored(each_run: tuple[Reader, Run]) -> None:
    one = Counted(*each_run, LabelRule.make()).beta()
    two = Counted(*each_run, LabelRule.make()).beta()
    assert one is not None and two is not None
    assert (one.beta, one.low, one.high) == (two.beta, two.low, two.high)
    assert one.n_sentences == sum(kind != "unscored" for sketch in TRACES for _, kind in sketch.sentences)
    assert Counted(*each_run, LabelRule.make(), Scope(benchmark="nowhere")).beta() is None
