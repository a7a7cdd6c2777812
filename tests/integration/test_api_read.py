"""Reading through the Python API: the numbers of the pages and of `export`, without streamlit, torch, transformers."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.parts import export_panel
from tests.support import synthetic

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "x.duckdb"
    synthetic.build(path, [*synthetic.sketches(36), synthetic.hostile_sketch()])
    return path


def csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()


@pytest.fixture
def page_table(database: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pa.Table]:
    """The table that a page of the app offers under Export, for an address."""
    tables: dict[str, Any] = {}

    def offer(page: object, name: str, table: Any, *rest: object) -> None:
        tables[name] = table() if callable(table) else table

    monkeypatch.setattr(export_panel, "offer", offer)
    monkeypatch.setenv("RDPT_DB", str(database))

    def visit(page: str, **query: str) -> pa.Table:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
        app.query_params.update(query)
        app.run()
        app.switch_page(f"pages/{page}.py")
        app.query_params.update(query)
        app.run()
        assert not app.exception
        return tables[page]

    return visit


@pytest.mark.parametrize(
    ("page", "query", "ask"),
    [
        ("benchmarks", {}, lambda run: run.shares()),
        ("benchmarks", {"count": "tokens"}, lambda run: run.shares(count="tokens")),
        ("benchmarks", {"rows": "correctness", "alpha": "0.2"}, lambda run: run.shares("correctness", alpha=0.2)),
        (
            "benchmarks",
            {"rows": "correctness", "columns": "benchmark"},
            lambda run: run.shares("correctness", "benchmark"),
        ),
        ("positions", {}, lambda run: run.positions()),
        ("positions", {"traces": "correct against incorrect"}, lambda run: run.positions(compare=True)),
        (
            "positions",
            {"scale": "part of the trace", "panels": "all together"},
            lambda run: run.positions(relative=True, by_benchmark=False),
        ),
        ("predict", {}, lambda run: run.prediction()),
        ("predict", {"measure": "count", "benchmark": "shop"}, lambda run: run.prediction("count", benchmark="shop")),
        ("thresholds", {}, lambda run: run.thresholds()),
        (
            "thresholds",
            {"unit": "byte", "space": "ratio", "grade": "correct"},
            lambda run: run.thresholds(unit="byte", space="ratio", correct=True),
        ),
    ],
)
def test_tables_are_those_of_the_pages_byte_for_byte(
    database: Path, page_table: Callable[..., pa.Table], page: str, query: dict[str, str], ask: Callable[..., pa.Table]
) -> None:
    table = ask(rdpt.open(database).run())
    assert table.num_rows > 0
    assert csv(table) == csv(page_table(page, **query))


@pytest.mark.parametrize("what", ["sentences", "traces", "tokens"])
def test_rows_are_those_of_export_byte_for_byte(database: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / f"{what}.csv"
    assert main(["export", "--db", str(database), "--what", what, "--out", str(out), "--alpha", "0.3"]) == 0
    assert csv(getattr(rdpt.open(database).run(), what)(alpha=0.3)) == out.read_bytes()


def test_filters_leave_the_traces_that_fit(database: Path) -> None:
    run = rdpt.open(database).run()
    every = run.sentences().to_pylist()
    for choices, fits in (
        ({"benchmark": "shop"}, lambda row: row["benchmark"] == "shop"),
        ({"correct": False}, lambda row: row["correct"] is False),
        ({"benchmark": "shop", "correct": True}, lambda row: row["benchmark"] == "shop" and row["correct"]),
    ):
        wanted = [row for row in every if fits(row)]
        assert 0 < len(wanted) < len(every)
        assert run.sentences(**choices).to_pylist() == wanted
        assert set(run.traces(**choices).column("trace_id").to_pylist()) == {row["trace_id"] for row in wanted}
        assert set(run.tokens(**choices).column("trace_id").to_pylist()) == {row["trace_id"] for row in wanted}


def test_halves_share_no_question_and_leave_none_out(database: Path) -> None:
    run = rdpt.open(database).run()
    halves = [set(run.traces(half=half).column("question_id").to_pylist()) for half in ("A", "B")]
    assert halves[0] and halves[1] and not halves[0] & halves[1]
    assert halves[0] | halves[1] == set(run.traces().column("question_id").to_pylist())
    sentences = [run.sentences(half=half).num_rows for half in ("A", "B")]
    assert sum(sentences) == run.sentences().num_rows
    with pytest.raises(rdpt.RdptError, match="half"):
        run.shares(half="C")


def test_unit_effects_begin_with_the_shares_of_sentences(database: Path) -> None:
    run = rdpt.open(database).run()
    rows = run.unit_effects(benchmark="shop").to_pylist()
    shares = {row["label"]: row["share_of_sentences"] for row in run.shares(benchmark="shop").to_pylist()}
    assert {row["label"]: row["share"] for row in rows[: len(shares)]} == pytest.approx(shares)
    assert [row["unit_of_text"] for row in rows[:: len(shares)]][-1] == "whole traces"


def test_a_trace_holds_its_own_rows(database: Path) -> None:
    run = rdpt.open(database).run()
    trace_id = run.traces(benchmark="clock").column("trace_id")[0].as_py()
    trace = run.trace(trace_id, beta=0.3)
    assert trace.sentences.to_pylist() == [r for r in run.sentences(beta=0.3).to_pylist() if r["trace_id"] == trace_id]
    assert trace.tokens().to_pylist() == [row for row in run.tokens().to_pylist() if row["trace_id"] == trace_id]
    assert "".join(trace.sentences.column("text").to_pylist()) == trace.response
    assert trace.question and trace.id == trace_id
    assert sum(trace.label_counts.values()) == trace.sentences.num_rows


def test_a_trace_shows_itself_as_the_file_that_export_writes(database: Path, tmp_path: Path) -> None:
    trace = rdpt.open(database).run().trace("shop-000-s0")
    out = tmp_path / "x.html"
    command = ["export", "--db", str(database), "--what", "html", "--trace", "shop-000-s0", "--out", str(out)]
    assert main(command) == 0
    assert trace.save(tmp_path / "y.html").read_bytes() == out.read_bytes()
    shown = trace._repr_html_()
    match = re.fullmatch(
        r'<iframe sandbox="allow-scripts" title="[^"]*" srcdoc="([^"]*)" style="[^"]*"></iframe>', shown
    )
    assert match and unescape(match[1]) == out.read_text(encoding="utf-8")


def test_hostile_text_stays_inside_the_attribute(database: Path) -> None:
    trace = rdpt.open(database).run().trace(synthetic.hostile_sketch().trace_id)
    assert trace._repr_html_().count("<") == 2


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda run: run.shares("school"), "by; expected 'benchmark' or"),
        (lambda run: run.shares("benchmark", "benchmark"), "across;"),
        (lambda run: run.shares(count="bytes"), "count; expected 'sentences' or 'tokens'"),
        (lambda run: run.shares(benchmark="none"), "'clock', 'shop', 'week'; got 'none'"),
        (lambda run: run.shares(correct="perhaps"), "correct; expected True, False"),
        (lambda run: run.sentences(alpha=-1), "a threshold is out of range"),
        (lambda run: run.sentences(unit="byte"), "unit `byte` goes with ratio space only"),
        (lambda run: run.prediction("sum"), "measure; expected 'share' or 'count'"),
        (lambda run: run.prediction(unit="byte", space="ratio", without_first_tokens=True), "unit; expected a unit of"),
        (lambda run: run.positions(last=0), "last; expected a whole number from 1"),
        (lambda run: run.positions(compare=True, correct=True), "cannot be compared"),
        (lambda run: run.trace("none"), "the run holds no such trace"),
        (lambda run: run.trace("shop-000-s0").save("x.pdf"), "expected .html"),
    ],
)
def test_what_does_not_fit_is_refused(database: Path, ask: Callable[..., object], words: str) -> None:
    with pytest.raises(rdpt.UsageError, match=re.escape(words)):
        ask(rdpt.open(database).run())


def test_an_unknown_keyword_is_no_filter(database: Path) -> None:
    with pytest.raises(TypeError, match="unknown keyword 'benchmarks'; known are alpha, beta, "):
        rdpt.open(database).run().shares(benchmarks="shop")  # type: ignore[call-arg]


def test_the_newest_finished_run_is_meant(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(4))
    synthetic.build(path, synthetic.sketches(5), run_id="fedcba9876543210", n_scored=2, finish=False)
    opened = rdpt.open(path)
    first, second = opened.runs()
    assert (first.is_finished, second.is_finished) == (True, False)
    assert opened.run().id == first.id
    assert opened.run(second.id[:8]).id == second.id
    with pytest.raises(rdpt.UsageError, match="no run fits"):
        opened.run("nothing")
    with pytest.raises(rdpt.StoreMissingError):
        rdpt.open(tmp_path / "none.duckdb")


def test_a_run_that_goes_on_is_seen(tmp_path: Path) -> None:
    path, sketches = tmp_path / "x.duckdb", synthetic.sketches(12)
    key = synthetic.build(path, sketches, n_scored=6, finish=False)
    (run,) = rdpt.open(path).runs()
    before = run.shares().column("n_traces").to_pylist()
    assert run.shares().column("n_traces").to_pylist() == before
    synthetic.score(path, key, sketches[6:], first=6)
    assert sum(run.shares().column("n_traces").to_pylist()) > sum(before)


def test_a_trace_is_held_while_its_file_goes_on(tmp_path: Path) -> None:
    path, sketches = tmp_path / "x.duckdb", synthetic.sketches(8)
    key = synthetic.build(path, sketches, n_scored=4, finish=False)
    (run,) = rdpt.open(path).runs()
    trace = run.trace(sketches[0].trace_id)
    before = trace.to_html()
    synthetic.score(path, key, sketches[4:], first=4)
    assert trace.tokens().num_rows > 0
    assert trace.to_html() == before


def test_a_whole_id_is_never_another_runs_name(tmp_path: Path) -> None:
    path, first, second = tmp_path / "x.duckdb", "0123456789abcdef", "fedcba9876543210"
    synthetic.build(path, synthetic.sketches(4), run_id=first)
    synthetic.build(path, synthetic.sketches(4), run_id=second, name=first)
    assert rdpt.open(path).run(first).id == first
    assert len(rdpt.open(path).run(first).shares()) > 0


def test_two_ways_of_opening_a_file_wait_for_each_other(database: Path) -> None:
    with open_reader(database, memory="1GB"), pytest.raises(rdpt.StoreBusyError, match="another part of this one"):
        open_reader(database, patience_s=0.1).__enter__()


def test_a_file_that_took_another_ones_place_is_not_mixed_with_it(tmp_path: Path) -> None:
    path, other = tmp_path / "x.duckdb", tmp_path / "y.duckdb"
    synthetic.build(path, synthetic.sketches(4))
    synthetic.build(other, synthetic.sketches(5), run_id="fedcba9876543210")
    run = rdpt.open(path).run()
    other.replace(path)
    with pytest.raises(rdpt.UsageError, match="no run fits"):
        run.shares()


NOTEBOOK = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("streamlit", "torch", "transformers", "nltk"):
            raise ImportError(name)

sys.meta_path.insert(0, Absent())
import rdpt_core as rdpt
run = rdpt.open(sys.argv[1]).run()
print(run.shares().num_rows, run.positions().num_rows, run.prediction().num_rows, run.thresholds().num_rows)
print(run.sentences().num_rows, run.traces().num_rows, run.tokens().num_rows, run.suggested_beta() is None)
trace = run.trace("shop-000-s0")
print(trace.id, len(trace._repr_html_()) > 10_000, repr(run), repr(trace), sep="\\n")
"""


def test_reading_needs_neither_streamlit_nor_torch_nor_transformers(database: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, str(database)], capture_output=True, text=True, cwd=PROJECT
    )
    assert result.returncode == 0, result.stderr
    assert "shop-000-s0\nTrue\n<ScoredRun " in result.stdout
