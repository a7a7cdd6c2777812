"""The app through `app.py`, without a browser: every page in every state of the database, filters and thresholds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.records import Role
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.reader import component
from rdpt_core.ui.data import cache
from tests.app.conftest import ROOT, Open, page_text
from tests.support import companions, synthetic

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("[!_]*.py"))
FOR_FURTHER_MODELS = {"pages/teachers.py", "pages/training.py"}
"""Pages that only say how a run comes by further models, where it has none."""

IN_THE_FRAME = [
    page if page in ("pages/overview.py", "pages/trace.py") else pytest.param(page, marks=pytest.mark.slow)
    for page in PAGES
]
"""For what the frame says in the place of any page: the first page and one more; with `-m slow`, all others."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(path, [*synthetic.sketches(), synthetic.unscored_sketch(), synthetic.hostile_sketch()])
    return path


def view_of(path: Path, trace_id: str, rule: LabelRule) -> TraceView:
    with open_reader(path) as opened:
        run = opened.run(None)
        (number,) = opened.query("SELECT trace_no FROM traces WHERE trace_id = ?", [trace_id]).column(0).to_pylist()
        return load_trace_view(opened, run, number, rule)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[TraceView]:
    """What the reader component was asked to draw; components are opaque to AppTest."""
    views: list[TraceView] = []
    real = component.labels_payload

    def spy(view: TraceView, *arguments: Any) -> dict[str, object]:
        views.append(view)
        return real(view, *arguments)

    monkeypatch.setattr(component, "labels_payload", spy)
    return views


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws(open_app: Open, database: Path, page: str) -> None:
    app = open_app(database, page)
    assert len(page_text(app)) > 100


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_no_database(open_app: Open, tmp_path: Path, page: str) -> None:
    words = page_text(open_app(tmp_path / "none.duckdb", page))
    assert "There is no database yet" in words
    assert "make demo" in words
    assert "rdpt score" in words


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_a_file_of_0_bytes_is_no_database_yet(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "zero.duckdb"
    path.touch()
    assert "There is no database yet" in page_text(open_app(path, page))


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_not_a_database(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("no database\n" * 500)
    assert "cannot be opened" in page_text(open_app(path, page))


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_another_programs_database(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE x AS SELECT 1")
    assert "not an RDPT database" in page_text(open_app(path, page))


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_a_damaged_list_of_runs(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "damaged.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    _damage(path, "UPDATE runs SET identity = 'no JSON'")
    assert "The database is damaged" in page_text(open_app(path, page))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with companions, of which one sentence has an impossible probability."""
    path = tmp_path_factory.mktemp("db") / "damaged.duckdb"
    companions.build(path, synthetic.sketches(2))
    _damage(path, "UPDATE sentences SET p_teacher = 7 WHERE trace_no = 3")
    return path


def _damage(path: Path, statement: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_database(open_app: Open, damaged: Path, page: str) -> None:
    assert "The database is damaged" in page_text(open_app(damaged, page))


@pytest.mark.parametrize("column", ["meta", "messages"])
def test_a_damaged_trace(open_app: Open, tmp_path: Path, column: str) -> None:
    path = tmp_path / "damaged.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"UPDATE traces SET {column} = 'no JSON'")
    for page in ("pages/trace.py", "pages/compare.py"):
        app = open_app(path, page)
        assert f"The database is damaged: {column} of trace" in page_text(app)
        assert not app.exception


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_a_newer_schema(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "newer.duckdb"
    synthetic.build(path, synthetic.sketches(1))
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE store_info SET value = '999'")
    assert "newer version" in page_text(open_app(path, page))


@pytest.mark.parametrize("page", IN_THE_FRAME)
@pytest.mark.parametrize("has_schema", [False, True])
def test_a_database_without_a_run(open_app: Open, tmp_path: Path, page: str, has_schema: bool) -> None:
    path = tmp_path / "empty.duckdb"
    if has_schema:
        synthetic.build(path, synthetic.sketches(1))
        with duckdb.connect(str(path)) as connection:
            for table in ("runs", "run_models", "traces", "sentences", "tokens"):
                connection.execute(f"DELETE FROM {table}")
    else:
        duckdb.connect(str(path)).close()
    assert "holds no run yet" in page_text(open_app(path, page))


_HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"


@pytest.mark.parametrize("page", IN_THE_FRAME)
def test_a_locked_database_can_be_tried_again(
    open_app: Open, tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "locked.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    monkeypatch.setattr(cache, "PATIENCE_S", 0.3)
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        app = open_app(path, page)
        assert "being written" in page_text(app)
        holder.kill()
        holder.wait()
    app.button[0].click().run()
    assert not app.exception
    assert "being written" not in page_text(app)


def test_a_short_lock_is_waited_for(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "live.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        threading.Timer(0.7, holder.kill).start()
        assert "What is in this file" in page_text(open_app(path))


def test_a_live_run_shows_progress_and_new_traces(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "live.duckdb"
    traces = synthetic.sketches(4)
    key = synthetic.build(path, traces, n_scored=3, finish=False)
    app = open_app(path)
    assert "This run is being scored" in page_text(app)
    assert app.metric[2].value == str(sum(len(trace.sentences) for trace in traces[:3]))
    time.sleep(0.01)
    synthetic.score(path, key, traces[3:6], first=3)
    next(button for button in app.button if button.label == "Refresh").click().run()
    assert app.metric[2].value == str(sum(len(trace.sentences) for trace in traces[:6]))


def test_an_unscored_trace_of_a_live_run_is_shown_without_labels(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "live.duckdb"
    traces = synthetic.sketches(4)
    synthetic.build(path, traces, n_scored=0, finish=False)
    assert "nothing to label" in page_text(open_app(path))
    assert "not scored this trace yet" in page_text(open_app(path, "pages/trace.py", trace=traces[1].trace_id))


def test_overview_counts(open_app: Open, database: Path) -> None:
    app = open_app(database)
    n_sentences = sum(len(s.sentences) for s in synthetic.sketches()) + 3 + len(synthetic.HOSTILE)
    assert [metric.value for metric in app.metric] == ["29", "38", str(n_sentences), "1"]
    assert "1 sentence has no label" in page_text(app)
    table = app.dataframe[0].value
    assert list(table["benchmark"]) == ["attack <i>", "clock", "shop", "week"]
    shares = table[["Teacher", "Shared", "Student", "Boosted"]].sum(axis=1)
    assert shares.tolist() == pytest.approx([100.0] * 4)
    assert table["95% interval"].tolist()[0] == "–"
    (models,) = (frame.value for frame in app.dataframe if "template" in frame.value)
    assert set(models["template"]) == {"own"}


def test_thresholds_relabel_as_the_analysis_does(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py", trace="shop-005-s0")
    app.number_input(key="beta").set_value(0.6).run()
    assert drawn[-1].column("label") == view_of(database, "shop-005-s0", LabelRule.make(0.05, 0.6)).column("label")
    app.slider(key="alpha_slider").set_value(0.3).run()
    assert app.number_input(key="alpha").value == 0.3
    assert drawn[-1].column("label") == view_of(database, "shop-005-s0", LabelRule.make(0.3, 0.6)).column("label")
    next(button for button in app.button if button.label == "Paper's values").click().run()
    assert drawn[-1].rule == LabelRule.make()
    assert app.slider(key="alpha_slider").value == 0.05


def test_unit_and_space_bring_their_own_thresholds(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py")
    app.selectbox(key="space").set_value("ratio").run()
    assert drawn[-1].rule == LabelRule.make(unit=Unit.OWN_TOKEN, space=Space.RATIO)
    app.selectbox(key="unit").set_value("byte").run()
    assert drawn[-1].rule == LabelRule.make(unit=Unit.BYTE, space=Space.RATIO)
    app.selectbox(key="space").set_value("difference").run()
    assert "Bytes go with ratios only" in page_text(app)
    next(button for button in app.button if button.label == "Compare ratios").click().run()
    assert drawn[-1].rule == LabelRule.make(unit=Unit.BYTE, space=Space.RATIO)
    assert not app.exception


def test_a_number_beyond_the_slider_extends_it(open_app: Open, database: Path) -> None:
    app = open_app(database, beta="0.8")
    assert (app.slider(key="beta_slider").value, app.slider(key="beta_slider").max) == (0.8, 0.8)
    assert "with β ≥ 1 no sentence" not in page_text(app)
    app.number_input(key="beta").set_value(1.5).run()
    assert (app.slider(key="beta_slider").value, app.slider(key="beta_slider").max) == (1.5, 1.5)
    assert "with β ≥ 1 no sentence" in page_text(app)
    app.selectbox(key="space").set_value("ratio").run()
    app.number_input(key="beta").set_value(1.5).run()
    assert "with β ≥ 1 no sentence" not in page_text(app)
    assert not app.exception


def test_sentences_that_no_model_finds_likely_are_pointed_out(
    open_app: Open, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in PAGES:
        assert "so unlikely under every model" not in page_text(open_app(database, page))
    monkeypatch.setitem(synthetic.PROBABILITIES, "Faint", (0.01, 0.02, 0.03))
    path = tmp_path / "faint.duckdb"
    kinds = ("Faint", "Faint", "Shared", "Teacher")
    synthetic.build(path, [synthetic.Sketch("f-0", "f", [(f"{kind} {i}. ", kind) for i, kind in enumerate(kinds)])])
    without_labels = {"pages/verdicts.py", "pages/importance.py"}
    for page in set(PAGES) - FOR_FURTHER_MODELS - without_labels:
        words = page_text(open_app(path, page))
        assert "2 of 3 Shared sentences are so unlikely under every model" in words
        assert "Look at Space = ratio" in words
        assert "so unlikely under every model" not in page_text(open_app(path, page, space="ratio"))


def test_an_empty_response_is_not_called_unscored(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    synthetic.build(path, [*synthetic.sketches(1), synthetic.Sketch("nothing", "n", [])])
    words = page_text(open_app(path, "pages/trace.py", trace="nothing"))
    assert "The response is empty: there is nothing to score." in words
    assert "has not scored this trace" not in words


def test_the_overview_of_a_pair_run_speaks_of_two_models(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "pair.duckdb"
    synthetic.build(path, synthetic.sketches(2), roles=(Role.TEACHER, Role.STUDENT))
    words = page_text(open_app(path))
    assert "and by itself" not in words
    assert "There is no distilled model yet" in words


def test_the_overview_says_whose_context_is_exceeded(open_app: Open, database: Path) -> None:
    assert "Contexts exceeded: teacher (512 tokens; too short for 1 trace), student (512" in page_text(
        open_app(database)
    )


def test_alpha_above_beta_is_pointed_out(open_app: Open, database: Path) -> None:
    assert "is not below β" in page_text(open_app(database, alpha="0.2"))


def test_filters(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py")
    app.selectbox(key="benchmark").set_value("clock").run()
    assert drawn[-1].trace.benchmark == "clock"
    assert len(app.selectbox(key="question_pick").options) == 12
    app.selectbox(key="grade").set_value("incorrect").run()
    assert drawn[-1].trace.correct is False
    app.selectbox(key="holds").set_value("Boosted").run()
    assert "Boosted" in drawn[-1].column("label")
    app.text_input(key="find").set_value("CLOCK-00").run()
    assert all("clock-00" in option for option in app.selectbox(key="question_pick").options)
    app.text_input(key="find").set_value("ann has 7 APPLES").run()
    assert len(app.selectbox(key="question_pick").options) > 1
    app.text_input(key="find").set_value("no such id").run()
    assert "No trace fits the filters" in page_text(app)
    next(button for button in app.button if button.label == "Clear the filters").click().run()
    assert app.selectbox(key="benchmark").value is None
    assert not app.exception


def test_stepping_through_what_fits(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py", trace="shop-003-s0")
    app.button(key="next").click().run()
    assert drawn[-1].trace.trace_id == "shop-003-s1"
    assert app.query_params["trace"] == "shop-003-s1"
    app.button(key="previous").click().run()
    assert drawn[-1].trace.trace_id == "shop-003-s0"
    app.selectbox(key="question_pick").select_index(0).run()
    assert drawn[-1].trace.trace_id == "shop-000-s0"


def test_a_linked_trace_outside_the_filters_is_shown_and_said(
    open_app: Open, database: Path, drawn: list[TraceView]
) -> None:
    app = open_app(database, "pages/trace.py", trace="shop-003-s0", benchmark="clock")
    assert drawn[-1].trace.trace_id == "shop-003-s0"
    assert "does not fit the filters" in page_text(app)
    app.number_input(key="beta").set_value(0.3).run()
    assert drawn[-1].trace.trace_id == "shop-003-s0"
    app.selectbox(key="grade").set_value("correct").run()
    assert drawn[-1].trace.benchmark == "clock"


def test_moving_a_threshold_never_changes_the_trace(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py", holds="Student")
    before = drawn[-1].trace.trace_id
    app.number_input(key="beta").set_value(1.0).run()
    assert drawn[-1].trace.trace_id == before
    assert "Student" not in drawn[-1].column("label")


def test_a_vanished_trace_shows_no_other_trace(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py", trace="gone")
    assert "does not hold" in page_text(app)
    assert drawn == []
    app.selectbox(key="question_pick").select_index(2).run()
    assert len(drawn) == 1
    assert "does not hold" not in page_text(app)


def test_two_runs_and_a_pair_run(open_app: Open, tmp_path: Path, drawn: list[TraceView]) -> None:
    path = tmp_path / "runs.duckdb"
    pair = (Role.TEACHER, Role.STUDENT)
    models = [synthetic.model(Role.TEACHER), synthetic.model(Role.STUDENT, tokenizer="tok-b", template="plain")]
    synthetic.build(path, synthetic.sketches(6), roles=pair, models=models, run_id="aaaa000011112222", name="before")
    synthetic.build(path, synthetic.sketches(6), run_id="bbbb000011112222", name="after")
    app = open_app(path, "pages/trace.py")
    assert drawn[-1].roles == ("teacher", "student", "distilled")
    app.button(key="next").click().run()
    trace_id = drawn[-1].trace.trace_id
    app.selectbox(key="run_pick").set_value("aaaa000011112222").run()
    assert drawn[-1].roles == pair
    assert drawn[-1].trace.trace_id == trace_id
    assert set(drawn[-1].column("label")) <= {"Teacher", "Common", "Student"}
    assert "different tokenizers" in page_text(app)
    assert "No chat template: student" in page_text(app)
    assert app.query_params["run"] == "aaaa000011112222"


@pytest.mark.parametrize("page", ["pages/overview.py", "pages/trace.py"])
def test_what_scoring_noted_of_prompts_is_shown_as_text(
    open_app: Open, tmp_path: Path, drawn: list[TraceView], page: str
) -> None:
    path = tmp_path / "noted.duckdb"
    synthetic.build(path, synthetic.sketches(3))
    with duckdb.connect(str(path)) as connection:
        notes = ["teacher: closed (<think></think>) *so* `--template-arguments`"]
        connection.execute("UPDATE runs SET environment = ?", [json.dumps([{"notes": notes}])])
    text = page_text(open_app(path, page))
    assert "About prompts and recordings" in text
    assert "&lt;think&gt;" in text and r"\*so\*" in text


def test_one_model_in_two_roles_is_said(open_app: Open, tmp_path: Path) -> None:
    teacher = synthetic.model(Role.TEACHER)
    models = [teacher, replace(teacher, role=Role.STUDENT), synthetic.model(Role.DISTILLED)]
    synthetic.build(tmp_path / "twins.duckdb", synthetic.sketches(3), models=models)
    assert "Teacher and student are the same model" in page_text(open_app(tmp_path / "twins.duckdb"))


def test_an_unknown_run_is_explained(open_app: Open, database: Path, drawn: list[TraceView]) -> None:
    app = open_app(database, "pages/trace.py", run="feedfeed")
    assert "asks for a run" in page_text(app)
    assert drawn == []


def test_names_from_the_data_are_never_markup(open_app: Open, database: Path) -> None:
    for page in PAGES:
        app = open_app(database, page, trace="hostile-<img src=x>")
        for element in [*app.markdown, *app.info, *app.warning, *app.error, *app.caption, *app.header, *app.subheader]:
            assert not re.search(r"<\w", str(element.value))
            assert synthetic.ELSEWHERE not in str(element.value)
