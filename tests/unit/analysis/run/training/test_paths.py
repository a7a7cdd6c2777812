"""Labels along a training, against the run as it is seen with each checkpoint in turn, sentence by sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit, labels_sql
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.run.training.changed import Behind, Change, load_behind, load_changed
from rdpt_core.analysis.run.training.curves import curves_table, load_value_sums, mean_curves, share_curves
from rdpt_core.analysis.run.training.paths import load_paths
from rdpt_core.analysis.run.training.points import MAX_POINTS, points_of
from rdpt_core.analysis.run.training.turns import count_turns, flips, since, turns_table
from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER, Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import companions
from tests.unit.analysis.conftest import TRACES

KEYS = ("checkpoint:200", "checkpoint:400", "checkpoint:600", "teacher:code")
RULES = [
    LabelRule.make(),
    LabelRule.make(alpha=0.2, beta=0.31, unit=Unit.COMMON_TOKEN),
    LabelRule.make(unit=Unit.OWN_TOKEN, space=Space.RATIO),
    LabelRule.make(unit=Unit.BYTE, space=Space.RATIO, marks=True),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("training") / "training.duckdb"
    companions.build(path, TRACES, KEYS)
    return path


@pytest.fixture
def opened(database: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(database) as reader:
        yield reader, reader.runs()[0]


def naive_labels(reader: Reader, run: Run, rule: LabelRule, scheme: Scheme) -> list[list[str | None]]:
    """For each time the label of every sentence, from the run as it is seen then; first the student stands for D."""
    labels = []
    for point in points_of(run):
        seen = run.seen(distilled=point.role) if ":" in point.role else run
        reader.see(seen)
        source = sentences_sql(run.run_no, rule)
        if point.is_start:
            copies = ", ".join(f"{stem}_student AS {stem}_distilled" for stem in ("p", "logprob_sum", "n_tokens"))
            source = f"(SELECT * REPLACE ({copies}) FROM {source})"
        labelled = labels_sql(rule, scheme.roles, source)
        table = reader.query(f"SELECT label FROM ({labelled}) ORDER BY trace_no, sentence_index")
        labels.append(table.column("label").to_pylist())
    reader.see(run)
    return labels


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.unit}-{rule.space}")
@pytest.mark.parametrize("scheme", [TRIPLE, WITHOUT_TEACHER], ids=["teacher", "student"])
def test_shares_are_those_of_the_run_seen_at_each_checkpoint(
    opened: tuple[Reader, Run], rule: LabelRule, scheme: Scheme
) -> None:
    reader, run = opened
    points = points_of(run)
    (curves,) = share_curves(load_paths(reader, run, rule, scheme, points), load_trace_table(reader, run, Scope()))
    for labels, shares in zip(naive_labels(reader, run, rule, scheme), curves.intervals, strict=True):
        counted = Counter(label for label in labels if label is not None)
        expected = [counted[str(label)] / counted.total() for label in scheme.labels]
        assert shares.share.tolist() == pytest.approx(expected)
        assert shares.n_counted == counted.total()
    assert [point.name for point in points] == ["start", "200", "400", "600", "final"]


def test_shares_of_a_checkpoint_equal_those_of_the_benchmarks_page(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule, points = LabelRule.make(), points_of(run)
    curves = share_curves(
        load_paths(reader, run, rule, TRIPLE, points), load_trace_table(reader, run, Scope()), "benchmark"
    )
    seen = run.seen(distilled="checkpoint:400")
    reader.see(seen)
    rows = [row for row in label_counts(reader, seen, rule).to_pylist() if row["benchmark"] == "clock"]
    counts = [sum(row[str(label)] for row in rows) for label in TRIPLE.labels]
    clock = next(curve for curve in curves if curve.group == "clock")
    assert clock.intervals[2].share.tolist() == pytest.approx([n / sum(counts) for n in counts])
    assert clock.intervals[2].refused is None
    assert curves_table(curves, "benchmark").num_rows == len(curves) * len(points) * 4


@pytest.mark.parametrize("scheme", [TRIPLE, WITHOUT_TEACHER], ids=["teacher", "student"])
def test_turns_follow_every_sentence(opened: tuple[Reader, Run], scheme: Scheme) -> None:
    reader, run = opened
    rule, points = LabelRule.make(), points_of(run)
    turns = count_turns(load_paths(reader, run, rule, scheme, points), load_trace_table(reader, run, Scope()))
    by_cell: Counter[tuple[str, int]] = Counter()
    n_flips: Counter[int] = Counter()
    for path in zip(*naive_labels(reader, run, rule, scheme), strict=True):
        if None in path:
            continue
        first = len(path) - 1
        while first and path[first - 1] == path[-1]:
            first -= 1
        by_cell[str(path[-1]), first] += 1
        n_flips[sum(a != b for a, b in pairwise(path))] += 1
    assert len(by_cell) >= 4 and len(n_flips) > 1
    for k, label in enumerate(turns.labels):
        assert turns.n[k].tolist() == [by_cell[label, j] for j in range(len(points))]
        for j in range(len(points)):
            share, low, high = turns.share(k, j)
            assert share == pytest.approx(by_cell[label, j] / by_cell.total())
            assert low <= share <= high
    assert turns.n_flips.tolist() == [n_flips[n] for n in range(len(points))]
    assert turns.n_followed == by_cell.total()
    assert turns.n_left_out == 0
    assert turns_table(turns).column("n_sentences").to_pylist() == turns.n.reshape(-1).tolist()


def test_first_time_and_flips_of_any_path() -> None:
    codes = np.random.default_rng(0).integers(1, 3, (200, 6)).astype(np.uint8)
    for path, first, n in zip(codes.tolist(), since(codes).tolist(), flips(codes).tolist(), strict=True):
        assert len(set(path[first:])) == 1
        assert first == 0 or path[first - 1] != path[-1]
        assert n == sum(a != b for a, b in pairwise(path))


def test_means_are_over_the_sentences_with_each_last_label(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule, points = LabelRule.make(), points_of(run)
    sums = load_value_sums(reader, run, rule, WITHOUT_TEACHER, points)
    labels = [str(label) for label in WITHOUT_TEACHER.labels]
    curves = mean_curves(sums, load_trace_table(reader, run, Scope()), labels)
    last = naive_labels(reader, run, rule, WITHOUT_TEACHER)[-1]
    kinds = [kind for trace in TRACES for _, kind in trace.sentences]
    assert {curve.label for curve in curves} == set(labels)
    for curve in curves:
        chosen = [kind for kind, label in zip(kinds, last, strict=True) if label == curve.label]
        assert curve.n_sentences == len(chosen)
        expected = np.mean([companions.probability("checkpoint:400", kind) for kind in chosen])
        assert curve.mean[2] == pytest.approx(expected)
        assert (curve.low <= curve.mean + 1e-9).all() and (curve.mean <= curve.high + 1e-9).all()


def test_what_changed_most_comes_first(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    points, rule = points_of(run), LabelRule.make()
    asked = rule, Scope(benchmark="clock"), points, 0, 4
    table = load_changed(reader, run, *asked, Change.EITHER, 1)
    changes = np.abs(table.column("change").to_numpy())
    assert (np.diff(changes) <= 0).all() and set(table.column("benchmark").to_pylist()) == {"clock"}
    n_changed = sum(kind != "unscored" for trace in TRACES if trace.benchmark == "clock" for _, kind in trace.sentences)
    assert table.num_rows == min(200, n_changed)
    row = table.slice(0, 1).to_pylist()[0]
    assert row["change"] == pytest.approx(row["v_4"] - row["v_0"])
    assert len(row["path"]) == len(points) and row["path"][0] == 2
    for change, sign in ((Change.UP, 1), (Change.DOWN, -1)):
        some = load_changed(reader, run, *asked, change, 1).column("change").to_numpy()
        assert len(some) and (sign * some > 0).all()
    between = load_changed(reader, run, rule, Scope(), points, 1, 2, Change.UP, 4)
    assert min(between.column("n_tokens").to_pylist()) >= 4


def test_sentences_behind_every_number(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rule, points = LabelRule.make(), points_of(run)
    paths, traces = load_paths(reader, run, rule, WITHOUT_TEACHER, points), load_trace_table(reader, run, Scope())
    turns, (curves,) = count_turns(paths, traces), share_curves(paths, traces)
    for code in (1, 2, 3):
        for k in range(len(points)):
            asked = reader, run, rule, Scope(), WITHOUT_TEACHER, points
            n, n_traces, listed, indices = load_behind(*asked, Behind(code, k, has_kept=True), 10)
            assert n == turns.n[code - 1, k] and len(listed) == len(indices) == min(10, n_traces)
            n, *_ = load_behind(*asked, Behind(code, k, has_kept=False), 10)
            shares = curves.intervals[k]
            assert n == round(shares.share[code - 1] * shares.n_counted)


def test_run_data_answers_for_a_scope(database: Path) -> None:
    with open_reader(database) as reader:
        run = reader.runs()[0]
    data = RunData(run, lambda *_: open_reader(database), Memory())
    rule, scope = LabelRule.make(), Scope(benchmark="shop")
    (curves,) = data.training_shares(rule, scope, WITHOUT_TEACHER, None)
    turns = data.training_turns(rule, scope, WITHOUT_TEACHER)
    n = sum(kind != "unscored" for trace in TRACES if trace.benchmark == "shop" for _, kind in trace.sentences)
    assert curves.intervals[0].n_counted == turns.n_followed == n
    assert sum(curve.n_sentences for curve in data.training_means(rule, scope, TRIPLE)) == n


def test_many_checkpoints_are_thinned_evenly(opened: tuple[Reader, Run]) -> None:
    _, run = opened
    (one, *_) = [companion for companion in run.companions if companion.role == "checkpoint:200"]
    many = tuple(
        replace(one, model=replace(one.model, role=f"checkpoint:{10 * n}", revision=f"r{n}")) for n in range(1, 100)
    )
    points = points_of(replace(run, companions=many))
    assert len(points) == MAX_POINTS
    assert [point.name for point in (points[0], points[1], points[-2], points[-1])] == ["start", "10", "990", "final"]


def test_runs_without_checkpoints_have_no_training(opened: tuple[Reader, Run]) -> None:
    _, run = opened
    assert points_of(replace(run, companions=())) == ()
    waiting = tuple(replace(c, state=c.state._replace(finished_at=None)) for c in run.companions)
    assert points_of(replace(run, companions=waiting)) == ()


def test_a_run_before_training_ends_with_its_last_checkpoint(opened: tuple[Reader, Run]) -> None:
    _, run = opened
    before = replace(run, models=tuple(model for model in run.models if model.role != Role.DISTILLED))
    assert [point.name for point in points_of(before)] == ["start", "200", "400", "600"]
