"""Catalogue, shares and trace view over a synthetic database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.catalog import GRADES, TraceFilter, distinct, filter_traces, load_catalog, load_trace_list
from rdpt_core.analysis.faint import Faint
from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.run.shares import count_faint, label_counts, load_accuracy, shares_of_traces
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests import synthetic
from tests.database_shares import shares_by_benchmark

TRACES = [*synthetic.sketches(), synthetic.unscored_sketch()]
# What each kind of synthetic sentence is labelled at the defaults.
LABEL = {"Boosted-down": "Boosted", "Boosted-between": "Boosted", "Uncertain": "Teacher", "unscored": None}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    pair = (Role.TEACHER, Role.STUDENT)
    synthetic.build(found, TRACES[:5], run_id="a" * 16, roles=pair)
    synthetic.build(found, TRACES, run_id="b" * 16)
    return found


@pytest.fixture
def opened(path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run("b" * 16)


def expected(sketch: synthetic.Sketch) -> list[str | None]:
    return [LABEL.get(kind, kind) for _, kind in sketch.sentences]


def test_catalog_counts(opened: tuple[Reader, Run]) -> None:
    catalog = load_catalog(*opened)
    assert catalog.n_traces == catalog.n_scored_traces == len(TRACES)
    assert catalog.n_questions == len({sketch.question_id for sketch in TRACES})
    assert catalog.n_sentences == sum(len(sketch.sentences) for sketch in TRACES)
    assert catalog.unscored == {"context_length": 1}
    assert catalog.over_context == {"teacher": 1, "student": 1, "distilled": 1}
    shop = next(row for row in catalog.benchmarks if row.benchmark == "shop")
    mine = [sketch for sketch in TRACES if sketch.benchmark == "shop"]
    assert (shop.n_traces, shop.n_correct) == (len(mine), sum(sketch.correct is True for sketch in mine))
    assert [item.n_traces for item in catalog.progress] == [len(TRACES)] * 3


def test_label_counts_leave_out_what_is_unscored(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    rows = label_counts(reader, run, LabelRule.make()).to_pylist()
    for row, sketch in zip(rows, TRACES, strict=True):
        counted = Counter(expected(sketch))
        assert row["unscored"] == counted[None]
        assert {label: row[label] for label in label_order(run.roles)} == {
            label: counted[str(label)] for label in label_order(run.roles)
        }


def test_shares_per_benchmark(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    labels = [str(label) for label in label_order(run.roles)]
    groups = {g.group: g for g in shares_by_benchmark(label_counts(reader, run, LabelRule.make()), labels)}
    counted = Counter(label for s in TRACES if s.benchmark == "clock" for label in expected(s))
    assert groups["clock"].intervals.share.tolist() == pytest.approx(
        [counted[label] / counted.total() for label in labels]
    )
    assert groups["clock"].intervals.refused is None
    assert groups["week"].intervals.refused is not None


def test_accuracy_counts_graded_traces_only(opened: tuple[Reader, Run]) -> None:
    groups = {g.group: g.intervals for g in load_accuracy(*opened)}
    mine = [s.correct for s in TRACES if s.benchmark == "shop"]
    assert groups["shop"].share[0] == pytest.approx(sum(mine) / len(mine))
    assert groups["week"].n_counted == 0


def test_shares_of_counted_traces_are_those_of_the_database(tmp_path: Path) -> None:
    # Ids that are numbers stand in another order as text, and the order decides which questions are drawn.
    traces = [
        replace(sketch, question_id=str(7 * number), benchmark=("shop", "clock")[number % 2])
        for number, sketch in enumerate(synthetic.sketches(24))
    ]
    path = tmp_path / "numbers.duckdb"
    synthetic.build(path, traces)
    with open_reader(path) as reader:
        run, rule = reader.run(None), LabelRule.make()
        labels = [str(label) for label in label_order(run.roles)]
        want = shares_by_benchmark(label_counts(reader, run, rule), labels)
        counts = label_counts(reader, run, rule).select(labels)
        found = shares_of_traces(
            load_trace_table(reader, run, Scope()),
            np.column_stack([column.to_numpy() for column in counts.columns]),
            labels,
        )
    assert [group.group for group in found] == [group.group for group in want]
    for one, other in zip(found, want, strict=True):
        assert one.intervals.refused is None
        for name in ("share", "low", "high"):
            assert np.array_equal(getattr(one.intervals, name), getattr(other.intervals, name))


def test_filters_narrow_the_list(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    traces = load_trace_list(reader, run)
    holding = np.array([number for number, sketch in enumerate(TRACES) if "Boosted" in expected(sketch)], np.int32)
    assert filter_traces(traces, TraceFilter()).num_rows == len(TRACES)
    found = filter_traces(traces, TraceFilter("clock", "arithmetic", GRADES[1], "LOCK-0", "Boosted"), holding)
    want = [
        sketch.trace_id
        for sketch in TRACES
        if sketch.benchmark == "clock" and sketch.correct is False and "Boosted" in expected(sketch)
    ]
    assert found.column("trace_id").to_pylist() == want != []
    assert filter_traces(traces, TraceFilter(text="%")).num_rows == 0
    assert filter_traces(traces, TraceFilter(text="BUYS 5")).num_rows == len(TRACES)
    assert distinct(traces, "domain") == ["arithmetic"]


def test_trace_view_labels_and_tiles(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    for number in (0, 5, len(TRACES) - 1):
        view = load_trace_view(reader, run, number, LabelRule.make())
        assert view.column("label") == expected(TRACES[number])
        assert view.texts() == [text for text, _ in TRACES[number].sentences]
        assert "".join(view.texts()) == view.trace.response
        assert sum(c.n_sentences for c in view.label_counts()) == len([x for x in expected(TRACES[number]) if x])


def test_trace_view_of_a_pair_run(path: Path) -> None:
    with open_reader(path) as reader:
        run = reader.run("a" * 16)
        view = load_trace_view(reader, run, 1, LabelRule.make())
        assert view.roles == ("teacher", "student")
        assert view.count_role == "student"
        assert {str(c.label) for c in view.label_counts()} == {"Teacher", "Common", "Student"}
        load_trace_view(reader, run, 1, LabelRule.make(unit=Unit.COMMON_TOKEN, space=Space.RATIO))


# Two sentences that every model finds unlikely, one whose probabilities are small but differ, one that all find likely.
_SMALL = {"Faint": (0.01, 0.03, 0.002), "Edge": (0.05, 0.05, 0.05), "Small": (0.04, 0.04, 0.06)}


@pytest.fixture
def faint_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, values in _SMALL.items():
        monkeypatch.setitem(synthetic.PROBABILITIES, name, values)
    kinds = ("Faint", "Edge", "Small", "Shared", "Teacher", "unscored")
    path, pair = tmp_path / "faint.duckdb", (Role.TEACHER, Role.STUDENT)
    sketch = synthetic.Sketch("faint-0", "faint", [(f"Sentence {kind}. ", kind) for kind in kinds])
    synthetic.build(path, [sketch], run_id="a" * 16, roles=pair)
    synthetic.build(path, [sketch, *synthetic.sketches(2)], run_id="b" * 16)
    return path


def test_sentences_that_no_model_finds_likely_are_counted(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("b" * 16), LabelRule.make()
        found = load_trace_view(reader, run, 0, rule).faint()
        assert found == Faint(Label.SHARED, "α", n_faint=2, n_label=4, n_scored=5)
        assert found.is_notable
        counts = label_counts(reader, run, rule)
        total = count_faint(counts, rule, run.roles)
        assert total is not None and total.n_faint == 2
        assert total.n_scored == sum(sum(counts.column(name).to_pylist()) for name in label_order(run.roles))
        assert load_trace_view(reader, run, 1, rule).faint() == Faint(Label.SHARED, "α", 0, 2, 4)


def test_nothing_is_faint_in_ratio_space(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("b" * 16), LabelRule.make(space=Space.RATIO)
        assert load_trace_view(reader, run, 0, rule).faint() is None
        assert count_faint(label_counts(reader, run, rule), rule, run.roles) is None


def test_before_training_beta_decides_what_is_faint(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("a" * 16), LabelRule.make()
        view = load_trace_view(reader, run, 0, rule)
        assert view.faint() == Faint(Label.COMMON, "β", n_faint=3, n_label=4, n_scored=5)
        assert count_faint(label_counts(reader, run, rule), rule, run.roles) == view.faint()


@pytest.mark.parametrize(("n_faint", "notable"), [(0, False), (5, False), (6, True)])
def test_few_faint_sentences_are_not_pointed_out(n_faint: int, notable: bool) -> None:
    assert Faint(Label.SHARED, "α", n_faint, 50, 100).is_notable is notable
