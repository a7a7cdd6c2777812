"""What a run holds, and filters over its traces."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.catalog import GRADES, TraceFilter, distinct, filter_traces, load_catalog, load_trace_list
from rdpt_core.store.reader import Reader, Run
from tests.unit.analysis.conftest import TRACES, expected_labels


def test_catalog_counts(triple: tuple[Reader, Run]) -> None:
    catalog = load_catalog(*triple)
    assert catalog.n_traces == catalog.n_scored_traces == len(TRACES)
    assert catalog.n_questions == len({sketch.question_id for sketch in TRACES})
    assert catalog.n_sentences == sum(len(sketch.sentences) for sketch in TRACES)
    assert catalog.unscored == {"context_length": 1}
    assert catalog.over_context == {"teacher": 1, "student": 1, "distilled": 1}
    shop = next(row for row in catalog.benchmarks if row.benchmark == "shop")
    mine = [sketch for sketch in TRACES if sketch.benchmark == "shop"]
    assert (shop.n_traces, shop.n_correct) == (len(mine), sum(sketch.correct is True for sketch in mine))
    assert [item.n_traces for item in catalog.progress] == [len(TRACES)] * 3


def test_filters_narrow_the_list(triple: tuple[Reader, Run]) -> None:
    reader, run = triple
    traces = load_trace_list(reader, run)
    holding = np.array(
        [number for number, sketch in enumerate(TRACES) if "Boosted" in expected_labels(sketch)], np.int32
    )
    assert filter_traces(traces, TraceFilter()).num_rows == len(TRACES)
    fitting = filter_traces(traces, TraceFilter("clock", "arithmetic", GRADES[1], "LOCK-0", "Boosted"), holding)
    want = [
        sketch.trace_id
        for sketch in TRACES
        if sketch.benchmark == "clock" and sketch.correct is False and "Boosted" in expected_labels(sketch)
    ]
    assert fitting.column("trace_id").to_pylist() == want != []
    assert filter_traces(traces, TraceFilter(text="%")).num_rows == 0
    assert filter_traces(traces, TraceFilter(text="BUYS 5")).num_rows == len(TRACES)
    assert distinct(traces, "domain") == ["arithmetic"]
