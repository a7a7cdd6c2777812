"""The (α, β) map against the rule itself, for every cell; curves, margins and other units against plain counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order, labels_sql
from rdpt_core.analysis.run.sensitivity import thresholds
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.support.database_shares import shares_by_benchmark
from tests.unit.analysis.run.counted import Counted

RULES = [
    LabelRule.make(),
    LabelRule.make(0.3, 0.07),
    LabelRule.make(unit=Unit.COMMON_TOKEN, space=Space.RATIO),
    LabelRule.make(unit=Unit.BYTE, space=Space.RATIO),
]


def labels_of(reader: Reader, run: Run, rule: LabelRule) -> list[str | None]:
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no})"
    rows = reader.query(f"SELECT label FROM ({labels_sql(rule, run.roles, source)}) ORDER BY trace_no, sentence_index")
    labels: list[str | None] = rows.column(0).to_pylist()
    return labels


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_cell_counts_what_the_rule_says_there(each_run: tuple[Reader, Run], rule: LabelRule) -> None:
    threshold_map = Counted(*each_run, rule).map()
    now = labels_of(*each_run, rule)
    assert threshold_map.n_sentences == sum(label is not None for label in now)
    assert (threshold_map.counts.sum(axis=0) == threshold_map.n_sentences).all()
    # The corners, the default, and cells where a synthetic gap equals a threshold exactly.
    for i, j in [(0, 0), (5, 10), (10, 5), (50, 50), (8, 8), (2, 61 % 51), (30, 7), (0, 50), (50, 0)]:
        changed = labels_of(
            *each_run, LabelRule.make(float(threshold_map.grid[i]), float(threshold_map.grid[j]), rule.unit, rule.space)
        )
        counted = Counter(changed)
        assert [counted[str(label)] for label in threshold_map.labels] == threshold_map.counts[:, i, j].tolist(), (i, j)
        assert sum(a != b for a, b in zip(now, changed, strict=True)) == threshold_map.flips[i, j], (i, j)


def test_a_gap_equal_to_a_threshold_falls_as_the_rule_says(tmp_path: Path) -> None:
    # Differences of decimals lie just above, just below, or exactly on the thresholds of the grid.
    path = tmp_path / "ties.duckdb"
    kinds = {f"tie{i}": (0.25 + i / 100, 0.25, 0.25) for i in range(52)}
    synthetic.PROBABILITIES.update(kinds)
    try:
        synthetic.build(path, [synthetic.Sketch("t", "q", [(f"{name} ", name) for name in kinds])])
    finally:
        for name in kinds:
            del synthetic.PROBABILITIES[name]
    with open_reader(path) as reader:
        run = reader.run(None)
        threshold_map = Counted(reader, run, LabelRule.make()).map()
        for k in range(len(threshold_map.grid)):
            counted = Counter(labels_of(reader, run, LabelRule.make(*[float(threshold_map.grid[k])] * 2)))
            assert [counted[str(label)] for label in threshold_map.labels] == threshold_map.counts[:, k, k].tolist(), k


def test_the_curves_pass_through_the_shares(each_run: tuple[Reader, Run]) -> None:
    reader, run = each_run
    rule = LabelRule.make(0.04, 0.13)
    curves = Counted(reader, run, rule).curves()
    assert [curve.group for curve in curves] == ["all benchmarks", "clock", "shop", "week"]
    labels = [str(label) for label in label_order(run.roles)]
    for curve in curves[1:]:
        for beta, intervals in zip(curve.betas, curve.intervals, strict=True):
            counts = label_counts(reader, run, LabelRule.make(rule.alpha, beta))
            (want,) = [g.intervals for g in shares_by_benchmark(counts, labels) if g.group == curve.group]
            assert intervals.share == pytest.approx(want.share)
            assert (intervals.n_questions, intervals.n_traces, intervals.n_counted, intervals.refused) == (
                want.n_questions,
                want.n_traces,
                want.n_counted,
                want.refused,
            )
            if want.refused is None:
                assert (intervals.low <= intervals.share + 1e-12).all() and (
                    intervals.share <= intervals.high + 1e-12
                ).all()
    assert rule.beta in curves[0].betas


def test_margins_are_counted_by_label(each_run: tuple[Reader, Run]) -> None:
    reader, run = each_run
    rule = LabelRule.make()
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no})"
    rows = reader.query(f"SELECT label, margin FROM ({labels_sql(rule, run.roles, source)})").to_pylist()
    for row in Counted(reader, run, rule).margins():
        mine = [r["margin"] for r in rows if r["label"] == row["label"]]
        assert row["n"] == len(mine)
        for fraction in thresholds.MARGINS:
            assert row[thresholds.margin_column(fraction)] == sum(margin <= fraction * rule.beta for margin in mine)


def test_other_units_and_spaces_are_compared_sentence_by_sentence(each_run: tuple[Reader, Run]) -> None:
    reader, run = each_run
    rule = LabelRule.make(0.02, 0.3)
    now = labels_of(reader, run, rule)
    alternatives = thresholds.load_alternatives(reader, run, rule, Scope())
    assert [alternative.is_present for alternative in alternatives] == [True, False, False, False, False]
    assert alternatives[0].n_changed == 0
    for alternative in alternatives:
        changed = labels_of(reader, run, alternative.rule)
        counted = Counter(changed)
        assert alternative.counts == tuple(counted[str(label)] for label in label_order(run.roles))
        assert alternative.n_changed == sum(a != b for a, b in zip(now, changed, strict=True))
