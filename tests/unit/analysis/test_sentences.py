"""What counts: a run whose traces have marks of format gives the numbers of one whose traces have none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.catalog import load_trace_list
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import drilldown, ranking
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps import gap_plane
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.analysis.run.positions.curves import PositionView
from rdpt_core.analysis.run.search import Query, find
from rdpt_core.analysis.run.sensitivity.thresholds import load_alternatives
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.selection.candidates import load_candidates
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import Reader, open_reader
from tests.support import synthetic

RULE, WITH_MARKS = LabelRule.make(), LabelRule.make(marks=True)
OPEN, CLOSE, END = ("<think>\n", "Teacher"), ("</think>\n\n", "Student"), ("<|im_end|>", "unscored")


def wrapped(sketch: synthetic.Sketch) -> synthetic.Sketch:
    """The same trace as a model of another format would have written it."""
    *thinking, answer = sketch.sentences
    return replace(sketch, sentences=[OPEN, *thinking, CLOSE, answer, END])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("marks")
    sketches = synthetic.sketches()
    synthetic.build(path / "plain.duckdb", sketches)
    synthetic.build(path / "marked.duckdb", [wrapped(sketch) for sketch in sketches])
    return path


TABLES: dict[str, Callable[[rdpt.ScoredRun], pa.Table]] = {
    "shares": lambda run: run.shares(),
    "shares in tokens": lambda run: run.shares(count="tokens"),
    "positions": lambda run: run.positions(),
    "positions by part": lambda run: run.positions(relative=True),
    "prediction": lambda run: run.prediction(),
    "prediction by counts": lambda run: run.prediction("count", without_first_tokens=False),
    "thresholds": lambda run: run.thresholds(),
    "effects of units": lambda run: run.unit_effects(),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_the_same_traces_without_marks(folder: Path, name: str) -> None:
    tables = [TABLES[name](rdpt.open(folder / f"{run}.duckdb").run()).to_pylist() for run in ("plain", "marked")]
    for plain, marked in zip(*tables, strict=True):
        for key, value in plain.items():
            # Sums of logprobs are taken in another order.
            close = pytest.approx(value, rel=1e-9, nan_ok=True) if isinstance(value, float) else value
            assert marked[key] == close, (key, plain, marked)


def test_the_suggested_beta_is_the_same(folder: Path) -> None:
    plain, marked = (rdpt.open(folder / f"{run}.duckdb").run().suggested_beta() for run in ("plain", "marked"))
    assert plain is not None and marked is not None
    assert plain.beta == marked.beta and plain.n_sentences == marked.n_sentences


QUESTIONS: dict[str, Callable[[Reader, Any], Any]] = {
    "plane": lambda reader, run: gap_plane.load_range(reader, run, RULE, RULE.space, Scope()),
    "points": lambda reader, run: gap_plane.load_points(reader, run, RULE, RULE.space, Scope())["x"].to_pylist(),
    "ranking": lambda reader, run: ranking.load_ranked(reader, run, RULE, Scope(), ranking.Order.TEACHER, 1, None)[
        "text"
    ].to_pylist(),
    "lengths of traces": lambda reader, run: load_trace_list(reader, run)["n_sentences"].to_pylist(),
    "order of traces": lambda reader, run: ranking.load_trace_order(reader, run, RULE, Scope())["mean"].to_pylist(),
    "strip": lambda reader, run: ranking.load_strip(reader, run, RULE, (0, 1))["x"].to_pylist(),
    "alternatives": lambda reader, run: load_alternatives(reader, run, RULE, Scope()),
    "evidence": lambda reader, run: load_candidates(reader, run, RULE).columns["teacher_evidence"].tolist(),
    "tokens of candidates": lambda reader, run: load_candidates(reader, run, RULE).columns["n_tokens"].tolist(),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_are_answered_without_marks(folder: Path, name: str) -> None:
    answers = []
    for file in ("plain", "marked"):
        with open_reader(folder / f"{file}.duckdb") as opened:
            answers.append(QUESTIONS[name](opened, opened.run(None)))
    assert answers[0] == answers[1]


def test_marks_count_if_asked_for(folder: Path) -> None:
    run = rdpt.open(folder / "marked.duckdb").run()
    tables = {marks: run.shares(with_marks=marks) for marks in (False, True)}
    n = {
        marks: sum({row["benchmark"]: row["n_sentences"] for row in table.to_pylist()}.values())
        for marks, table in tables.items()
    }
    # The last mark of each trace is unscored.
    assert n[True] - n[False] == 2 * len(synthetic.sketches())
    first = run.positions(with_marks=True, by_benchmark=False).to_pylist()[:4]
    assert {row["label"]: row["share"] for row in first}["Teacher"] == 1.0


def test_rows_of_marks_are_exported_without_a_label(folder: Path) -> None:
    run = rdpt.open(folder / "marked.duckdb").run()
    rows = run.sentences().to_pylist()
    marks = [row for row in rows if row["kind"] == "mark"]
    assert {row["text"] for row in marks} == {OPEN[0], CLOSE[0], END[0]}
    assert all(row["label"] is row["direction"] is row["margin"] is None for row in marks)
    assert all(row["p_teacher"] is not None for row in marks if row["text"] != END[0])
    assert all(row["label"] is not None for row in rows if row["kind"] == "sentence")
    labels = {row["text"]: row["label"] for row in run.sentences(with_marks=True).to_pylist()}
    assert labels[OPEN[0]] == "Teacher" and labels[CLOSE[0]] == "Student"
    traces = run.traces().to_pylist()
    assert [(row["n_unscored"], row["n_marks"]) for row in traces] == [(0, 3)] * len(traces)
    assert {row["n_unscored"] for row in run.traces(with_marks=True).to_pylist()} == {1}


def test_a_number_leads_to_its_sentence_past_the_marks(folder: Path) -> None:
    found = []
    for file in ("plain", "marked"):
        with open_reader(folder / f"{file}.duckdb") as opened:
            run = opened.run(None)
            data = RunData(run, lambda *_, opened=opened: nullcontext(opened), Memory())
            view = data.fit_view(RULE, Scope(), PositionView())
            point = drilldown.CurvePoint(0, 0, 0, 0)
            found.append(drilldown.sentences_at_point(data, RULE, Scope(), view, point))
    plain, marked = found
    assert plain.trace_no == marked.trace_no and plain.n
    assert [index + 1 for index in plain.sentence_index] == list(marked.sentence_index)


def test_a_hit_in_a_mark_is_found_only_if_marks_count(folder: Path) -> None:
    with open_reader(folder / "marked.duckdb") as opened:
        run = opened.run(None)
        without, with_marks = (find(opened, run, Query("think"), Scope(), rule) for rule in (RULE, WITH_MARKS))
    assert {row["sentence_index"] for row in without.sentences.to_pylist()} != {0}
    assert without.n_traces == len({row["trace_no"] for row in without.sentences.to_pylist()}) < with_marks.n_traces
    assert with_marks.n_found - without.n_found == 2 * len(synthetic.sketches())


def test_a_trace_shows_its_marks_and_counts_none(folder: Path) -> None:
    with open_reader(folder / "marked.duckdb") as opened:
        view = load_trace_view(opened, opened.run(None), 0, RULE)
        counted = load_trace_view(opened, opened.run(None), 0, WITH_MARKS)
    n = view.sentences.num_rows
    assert np.flatnonzero(view.column("is_mark")).tolist() == [0, n - 3, n - 1]
    assert sum(count.n_sentences for count in view.label_counts()) == n - 3
    assert sum(count.n_sentences for count in counted.label_counts()) == n - 1


def test_traces_of_nothing_but_marks_add_nothing(tmp_path: Path) -> None:
    sketches = [synthetic.Sketch(f"t-{n}", f"q-{n}", [OPEN, CLOSE], correct=n > 0) for n in range(2)]
    synthetic.build(tmp_path / "marks.duckdb", sketches)
    run = rdpt.open(tmp_path / "marks.duckdb").run()
    for relative in (False, True):
        assert {row["n_traces"] for row in run.positions(relative=relative).to_pylist()} <= {0}
    assert [row["n_unscored"] for row in run.traces().to_pylist()] == [0, 0]
    assert run.shares().num_rows == 0
