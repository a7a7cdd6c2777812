"""What a run holds, and filters over its traces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rdpt_core.analysis.catalog import (
    GRADES,
    TraceFilter,
    distinct,
    filter_traces,
    first_tokens,
    load_catalog,
    load_trace_list,
    recorded_as,
)
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


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"first_id": 1, "first_token": "<s>"}, {"student": "'<s>' (1)"}),
        ({"first_id": 1, "first_token": "\n" * 99}, {"student": repr("\n" * 40) + " (1)"}),
        ({"first_id": None, "first_token": None}, {"student": "differs by trace"}),
        ({"first_id": "1", "first_token": []}, {"student": "differs by trace"}),
        (None, {}),
        ("<s>", {}),
    ],
)
def test_first_tokens_are_shown_as_far_as_they_are_known(
    triple: tuple[Reader, Run], stored: object, shown: dict[str, str]
) -> None:
    _, run = triple
    assert first_tokens(run) == first_tokens(replace(run, environment=())) == {}
    assert first_tokens(replace(run, environment=({"prompts": stored},))) == {}
    assert first_tokens(replace(run, environment=({"prompts": {"student": stored}},))) == shown


STATED = {"temperature": {"values": [[0.6, 2]], "n_others": 0, "n_silent": 0}}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"stated": STATED}, "recorded with temperature 0.6 (as its records say)"),
        ({"stated": {}}, "recorded; its records do not say how"),
        (
            {"stated": STATED, "temperature": 0.6, "n_left": 1200},
            "recorded with temperature 0.6 (as its records say); temperature 0.6 undone; 1,200 tokens left without a "
            "logprob",
        ),
        (
            {"stated": STATED, "temperature": 1.0, "n_left": 0},
            "recorded with temperature 0.6 (as its records say); the user says that the logprobs are the model's own",
        ),
        ({"trusted": ["a", "b"]}, "recorded; its records do not say how; trusted, though a; b"),
        ({"stated": 7, "temperature": "x", "n_left": [], "trusted": 3}, "recorded; its records do not say how"),
        ("x", None),
    ],
)
def test_recorded_roles_are_told_as_far_as_they_are_known(
    triple: tuple[Reader, Run], stored: object, shown: str | None
) -> None:
    _, run = triple
    assert recorded_as(run) == recorded_as(replace(run, environment=())) == {}
    assert recorded_as(replace(run, environment=({"recorded": stored},))) == {}
    told = recorded_as(replace(run, environment=({"recorded": {"student": stored, "other": stored}},)))
    assert told == ({} if shown is None else {"student": shown})


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
