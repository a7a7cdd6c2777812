"""Summaries equal plain numbers of each group, and their intervals those of redrawn questions."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.importance.data import ImportanceData
from rdpt_core.analysis.evidence.importance.sample import SPLITS, By
from rdpt_core.analysis.evidence.importance.summaries import LARGE, MEASURES, summarise, summary_rows
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.resampling import percentile_interval, question_draws
from tests.unit.analysis.evidence.importance import samples


@pytest.mark.parametrize("by", SPLITS)
def test_numbers_are_those_of_the_group(found: ImportanceData, by: By) -> None:
    sample = found.sample(LabelRule.make(), Scope(), "deletion")
    summaries = found.summaries(LabelRule.make(), Scope(), "deletion", by)
    names = np.array(sample.names[by])[sample.group(by)]
    labels = np.array(sample.labels)[sample.label]
    assert sum(item.n_sentences for item in summaries) == len(sample.drop)
    for item in summaries:
        inside = (names == item.group) & (labels == item.label)
        drop = sample.drop[inside].astype(float)
        assert item.n_sentences == len(drop)
        assert item.n_traces == len(set(sample.trace[inside]))
        per_question = np.bincount(sample.question[inside])
        assert item.n_questions == (per_question > 0).sum()
        assert item.n_effective == pytest.approx(per_question.sum() ** 2 / (per_question**2).sum())
        expected = {"median": np.median(drop), "share": (drop > LARGE).mean(), "mean": drop.mean()}
        for measure in MEASURES:
            ends = item.numbers[measure]
            assert ends.value == pytest.approx(expected[measure], rel=1e-5, abs=1e-7)
            assert (item.refused is None) == (not np.isnan(ends.low))
            if item.refused is None:
                assert ends.low <= ends.value <= ends.high
    if by == "all":
        assert {item.label for item in summaries} == {"Teacher", "Shared", "Student", "Boosted"}


def test_intervals_are_those_of_redrawn_questions() -> None:
    rng = np.random.default_rng(3)
    question = rng.integers(0, 15, 150)
    sample = samples.make(rng.normal(0.2, 1, 150), np.zeros(150, np.int64), question)
    (item,) = summarise(sample, "all")
    drawn = {"median": [], "mean": []}
    ((_, counts),) = question_draws(np.zeros(15, np.int64), 2000)
    for weight in counts:
        values = np.repeat(sample.drop, weight[sample.question].astype(int))
        drawn["median"].append(np.median(values))
        drawn["mean"].append(values.mean(dtype=float))
    for measure in drawn:
        low, high = percentile_interval(np.array(drawn[measure])[:, None], item.n_effective)
        assert item.numbers[measure].low == pytest.approx(low[0], abs=1e-5)
        assert item.numbers[measure].high == pytest.approx(high[0], abs=1e-5)


def test_intervals_cover_medians_and_means_of_questions_that_differ() -> None:
    rng = np.random.default_rng(4)
    n_sets, n_questions, n = 120, 30, 8
    covered = dict.fromkeys(("median", "mean"), 0)
    question = np.repeat(np.arange(n_questions), n)
    for _ in range(n_sets):
        drop = rng.normal(0, 1, n_questions)[question] + rng.normal(0, 1, len(question))
        (item,) = summarise(samples.make(drop, np.zeros(len(drop), np.int64), question), "all")
        for measure in covered:
            covered[measure] += item.numbers[measure].low <= 0 <= item.numbers[measure].high
    # 95% of 120 are 114, give or take five (two standard errors).
    assert all(108 <= n_covering <= 119 for n_covering in covered.values()), covered


def test_few_questions_get_no_interval() -> None:
    sample = samples.make(np.linspace(-1, 3, 70), np.zeros(70, np.int64), np.arange(70) % 7)
    (item,) = summarise(sample, "all")
    assert item.refused == "only 7 questions; an interval needs 8"
    assert np.isnan([item.numbers[measure].high for measure in MEASURES]).all()
    (row,) = summary_rows([item], "all", "deletion").to_pylist()
    assert row["median_drop_low"] is None and row["no_interval_because"] == item.refused
    assert row["share_above_1_nat"] == pytest.approx((np.linspace(-1, 3, 70) > 1).mean())


def test_nothing_gives_no_rows_but_all_columns(found: ImportanceData) -> None:
    nothing = samples.make(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))
    assert summarise(nothing, "kind") == ()
    some = summary_rows(found.summaries(LabelRule.make(), Scope(), "deletion", "kind"), "kind", "deletion")
    assert summary_rows((), "kind", "deletion").schema == some.schema
