"""The (α, β) map against the rule itself, for every cell; curves, margins and other units against plain counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order, labels_sql
from rdpt_core.analysis.run import exact_counts, suggested_beta, thresholds
from rdpt_core.analysis.run.gap_arrays import exact_gaps, load_gaps
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests import synthetic
from tests.database_shares import shares_by_benchmark

TRACES = [*synthetic.sketches(6), synthetic.unscored_sketch()]
RUNS = ("a" * 16, "b" * 16)
RULES = [
    LabelRule.make(),
    LabelRule.make(0.3, 0.07),
    LabelRule.make(unit=Unit.COMMON_TOKEN, space=Space.RATIO),
    LabelRule.make(unit=Unit.BYTE, space=Space.RATIO),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(found, TRACES, run_id=RUNS[0], roles=(Role.TEACHER, Role.STUDENT))
    synthetic.build(found, TRACES, run_id=RUNS[1])
    return found


@pytest.fixture(params=RUNS, ids=["pair", "triple"])
def opened(request: pytest.FixtureRequest, path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run(request.param)


def labels_of(reader: Reader, run: Run, rule: LabelRule) -> list[str | None]:
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no})"
    found = reader.query(f"SELECT label FROM ({labels_sql(rule, run.roles, source)}) ORDER BY trace_no, sentence_index")
    labels: list[str | None] = found.column(0).to_pylist()
    return labels


class Counted:
    """What the functions over gaps in memory take: the traces of a run that are in scope."""

    def __init__(self, reader: Reader, run: Run, rule: LabelRule, scope: Scope | None = None) -> None:
        self.facts = load_trace_table(reader, run, scope or Scope())
        self.gaps = load_gaps(reader, run, rule.unit, rule.space)
        self.rows = np.searchsorted(self.gaps.trace_no, self.facts.trace_no)
        self.rule, self.asked = rule, 0
        self._reader, self._run = reader, run

    def exact(self, trace_nos: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        self.asked += 1
        return exact_gaps(self._reader, self._run, self.rule.unit, self.rule.space, trace_nos)

    def map(self) -> thresholds.ThresholdMap:
        return thresholds.count_map(self.gaps, self.rows, self.rule, self.exact)

    def margins(self) -> list[dict[str, int]]:
        rows: list[dict[str, int]] = thresholds.count_margins(self.gaps, self.rows, self.rule, self.exact).to_pylist()
        return rows

    def beta(self) -> suggested_beta.SuggestedBeta | None:
        return suggested_beta.find_beta(self.gaps, self.rows, self.facts, self.exact)

    def curves(self) -> tuple[thresholds.BetaCurve, ...]:
        return thresholds.beta_curves(self.gaps, self.rows, self.facts, self.rule, self.exact)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_cell_counts_what_the_rule_says_there(opened: tuple[Reader, Run], rule: LabelRule) -> None:
    found = Counted(*opened, rule).map()
    now = labels_of(*opened, rule)
    assert found.n_sentences == sum(label is not None for label in now)
    assert (found.counts.sum(axis=0) == found.n_sentences).all()
    # The corners, the default, and cells where a synthetic gap equals a threshold exactly.
    for i, j in [(0, 0), (5, 10), (10, 5), (50, 50), (8, 8), (2, 61 % 51), (30, 7), (0, 50), (50, 0)]:
        there = labels_of(*opened, LabelRule.make(float(found.grid[i]), float(found.grid[j]), rule.unit, rule.space))
        counted = Counter(there)
        assert [counted[str(label)] for label in found.labels] == found.counts[:, i, j].tolist(), (i, j)
        assert sum(a != b for a, b in zip(now, there, strict=True)) == found.flips[i, j], (i, j)


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
        found = Counted(reader, run, LabelRule.make()).map()
        for k in range(len(found.grid)):
            counted = Counter(labels_of(reader, run, LabelRule.make(*[float(found.grid[k])] * 2)))
            assert [counted[str(label)] for label in found.labels] == found.counts[:, k, k].tolist(), k


def test_the_curves_pass_through_the_shares(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make(0.04, 0.13)
    curves = Counted(reader, run, rule).curves()
    assert [curve.group for curve in curves] == ["all benchmarks", "clock", "shop", "week"]
    labels = [str(label) for label in label_order(run.roles)]
    for curve in curves[1:]:
        for beta, found in zip(curve.betas, curve.intervals, strict=True):
            counts = label_counts(reader, run, LabelRule.make(rule.alpha, beta))
            (want,) = [g.intervals for g in shares_by_benchmark(counts, labels) if g.group == curve.group]
            assert found.share == pytest.approx(want.share)
            assert (found.n_questions, found.n_traces, found.n_counted, found.refused) == (
                want.n_questions,
                want.n_traces,
                want.n_counted,
                want.refused,
            )
            if want.refused is None:
                assert (found.low <= found.share + 1e-12).all() and (found.share <= found.high + 1e-12).all()
    assert rule.beta in curves[0].betas


def test_margins_are_counted_by_label(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make()
    source = f"(SELECT * FROM sentences WHERE run_no = {run.run_no})"
    rows = reader.query(f"SELECT label, margin FROM ({labels_sql(rule, run.roles, source)})").to_pylist()
    for row in Counted(reader, run, rule).margins():
        mine = [r["margin"] for r in rows if r["label"] == row["label"]]
        assert row["n"] == len(mine)
        for part in thresholds.MARGINS:
            assert row[thresholds.margin_column(part)] == sum(margin <= part * rule.beta for margin in mine)


def test_gaps_beside_a_threshold_are_counted_in_double_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rule = tmp_path / "near.duckdb", LabelRule.make()
    # All of a kind are one number in single precision; they lie beside a threshold, or beside a margin's end.
    edges = [0.0, 0.05, 0.1, 0.15, *(rule.beta + sign * part * rule.beta for part in (0.05, 0.5) for sign in (-1, 1))]
    values = [[value, np.nextafter(value, 9), np.nextafter(value, -9)] for value in edges]
    traces = [
        synthetic.Sketch(f"t{i}", f"q{i % 9}", [(f"{i} {j} ", "Teacher") for j in range(6)], f"b{i % 2}")
        for i in range(40)
    ]
    synthetic.build(path, traces)
    rng = np.random.default_rng(3)
    with duckdb.connect(str(path)) as connection:
        p = rng.choice(np.ravel(values), (240, 2)) * rng.choice([-1, 1], (240, 2))
        rows = [(float(t), float(d), n // 6, n % 6) for n, (t, d) in enumerate(p)]
        connection.executemany(
            "UPDATE sentences SET p_teacher = ?, p_student = 0, p_distilled = ? WHERE trace_no = ? "
            "AND sentence_index = ?",
            rows,
        )
    monkeypatch.setattr(exact_counts, "_PASS", 20)
    with open_reader(path) as reader:
        run = reader.run(None)
        for scope in (Scope(), Scope(benchmark="b1")):
            source, parameters = scope.sentences(run.run_no)
            sql = f"SELECT * FROM ({labels_sql(rule, run.roles, source)}) ORDER BY trace_no, sentence_index"
            truth = reader.query(sql, parameters).to_pylist()
            counted = Counted(reader, run, rule, scope)
            found = counted.map()
            for i, j in ((0, 0), (5, 10), (10, 5), (5, 5), (15, 15)):
                there = LabelRule.make(float(found.grid[i]), float(found.grid[j]))
                want = reader.query(f"SELECT * FROM ({labels_sql(there, run.roles, source)})", parameters)
                names = Counter(want.column("label").to_pylist())
                assert [names[str(label)] for label in found.labels] == found.counts[:, i, j].tolist()
            for row in counted.margins():
                mine = [r["margin"] for r in truth if r["label"] == row["label"]]
                assert row["n"] == len(mine)
                for part in thresholds.MARGINS:
                    assert row[thresholds.margin_column(part)] == sum(margin <= part * rule.beta for margin in mine)
            curve = counted.curves()[0]
            for beta, share in zip(curve.betas, curve.intervals, strict=True):
                apart = [r["d_ts"] for r in truth if r["label"] != "Shared"]
                assert share.share[0] * share.n_counted == pytest.approx(sum(d > beta for d in apart))
                assert share.share[2] * share.n_counted == pytest.approx(sum(-d > beta for d in apart))
            assert counted.asked == 3


def test_other_units_and_spaces_are_compared_sentence_by_sentence(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule = LabelRule.make(0.02, 0.3)
    now = labels_of(reader, run, rule)
    found = thresholds.load_alternatives(reader, run, rule, Scope())
    assert [item.is_present for item in found] == [True, False, False, False, False]
    assert found[0].n_changed == 0
    for item in found:
        there = labels_of(reader, run, item.rule)
        counted = Counter(there)
        assert item.counts == tuple(counted[str(label)] for label in label_order(run.roles))
        assert item.n_changed == sum(a != b for a, b in zip(now, there, strict=True))


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
def test_the_density_counts_what_the_database_holds(opened: tuple[Reader, Run], scope: Scope) -> None:
    reader, run = opened
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


def test_a_suggestion_is_the_same_each_time_and_none_where_nothing_is_scored(opened: tuple[Reader, Run]) -> None:
    one = Counted(*opened, LabelRule.make()).beta()
    two = Counted(*opened, LabelRule.make()).beta()
    assert one is not None and two is not None
    assert (one.beta, one.low, one.high) == (two.beta, two.low, two.high)
    assert one.n_sentences == sum(kind != "unscored" for sketch in TRACES for _, kind in sketch.sentences)
    assert Counted(*opened, LabelRule.make(), Scope(benchmark="nowhere")).beta() is None
