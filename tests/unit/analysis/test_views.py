"""Catalogue, shares and trace view over a synthetic database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdpt_core.analysis.catalog import GRADES, TraceFilter, distinct, filter_traces, load_catalog, load_trace_list
from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.shares import accuracy_by_benchmark, label_counts, shares_by_benchmark
from rdpt_core.analysis.trace_view import load_trace_view
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests import synthetic

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
    groups = {g.group: g.intervals for g in accuracy_by_benchmark(load_trace_list(*opened))}
    mine = [s.correct for s in TRACES if s.benchmark == "shop"]
    assert groups["shop"].share[0] == pytest.approx(sum(mine) / len(mine))
    assert groups["week"].n_counted == 0


def test_filters_narrow_the_list(opened: tuple[Reader, Run]) -> None:
    reader, run = opened
    traces = load_trace_list(reader, run)
    counts = label_counts(reader, run, LabelRule.make())
    assert filter_traces(traces, TraceFilter()).num_rows == len(TRACES)
    found = filter_traces(traces, TraceFilter("clock", "arithmetic", GRADES[1], "LOCK-0", "Boosted"), counts)
    want = [
        sketch.trace_id
        for sketch in TRACES
        if sketch.benchmark == "clock" and sketch.correct is False and "Boosted" in expected(sketch)
    ]
    assert found.column("trace_id").to_pylist() == want != []
    assert filter_traces(traces, TraceFilter(text="%")).num_rows == 0
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
