"""The pages Ratios, Thresholds and Runs over every kind of database, with every filter, without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.records import Role
from tests.app.conftest import Open, page_text
from tests.support import synthetic

RATIOS, THRESHOLDS, RUNS = (f"pages/{name}.py" for name in ("ratios", "thresholds", "runs"))
PAGES = (RATIOS, THRESHOLDS, RUNS)
PAIR = (Role.TEACHER, Role.STUDENT)


def varied() -> list[synthetic.Sketch]:
    traces = [*synthetic.sketches(9), synthetic.unscored_sketch(), synthetic.hostile_sketch()]
    return [replace(t, model=f"m{i % 2}", difficulty=str(i % 3)) for i, t in enumerate(traces)]


def turned(traces: list[synthetic.Sketch]) -> list[synthetic.Sketch]:
    """The same texts with some other probabilities."""
    swap = {"Teacher": "Student", "Shared": "Boosted"}
    return [
        replace(t, sentences=[(text, swap.get(k, k) if i % 4 == 0 else k) for i, (text, k) in enumerate(t.sentences)])
        for t in traces
    ]


def build_two(path: Path, traces: list[synthetic.Sketch], **settings: Any) -> Path:
    """A file with two runs of the same traces."""
    synthetic.build(path, traces, run_id="a" * 16, name="first", **settings)
    synthetic.build(path, turned(traces), run_id="b" * 16, name="second")
    return path


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_two(tmp_path_factory.mktemp("db") / "two.duckdb", varied())


FILTERS = [
    ("benchmark", "clock", "benchmark clock"),
    ("domain", "arithmetic", "domain arithmetic"),
    ("grade", "incorrect", "correctness incorrect"),
    ("model", "m1", "written by m1"),
    ("difficulty", "2", "difficulty 2"),
]


@pytest.mark.parametrize("page", PAGES)
def test_every_filter_narrows_every_page(open_app: Open, two_runs: Path, page: str) -> None:
    assert "all traces" in page_text(open_app(two_runs, page))
    for name, value, shown in FILTERS:
        narrowed = page_text(open_app(two_runs, page, **{name: value}))
        assert shown in narrowed
        assert f"{name} = {value}" in narrowed, "the methods paragraph names the filter"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_left_is_explained(open_app: Open, two_runs: Path, page: str) -> None:
    app = open_app(two_runs, page, benchmark="clock", grade="not graded")
    assert "fits the filters on the left" in page_text(app)
    app.button(key="clear_scope").click().run()
    assert not app.exception
    assert "fits the filters" not in page_text(app)


def test_hostile_filters_are_no_markup(open_app: Open, two_runs: Path) -> None:
    for page in PAGES:
        text = page_text(open_app(two_runs, page, benchmark="attack <i>"))
        assert "attack &lt;i&gt;" in text


def test_one_question(open_app: Open, tmp_path: Path) -> None:
    traces = [sketch for sketch in synthetic.sketches(1) if sketch.benchmark == "shop"]
    path = build_two(tmp_path / "db.duckdb", traces)
    for page, said in {RATIOS: "1 question", THRESHOLDS: "too few questions", RUNS: "only 1 question"}.items():
        assert said in page_text(open_app(path, page)), page


def test_missing_correctness(open_app: Open, tmp_path: Path) -> None:
    traces = [replace(sketch, correct=None) for sketch in synthetic.sketches(6)]
    path = build_two(tmp_path / "db.duckdb", traces)
    for page in PAGES:
        assert "grade" not in [box.key for box in open_app(path, page).selectbox], page


def test_all_unscored(open_app: Open, tmp_path: Path) -> None:
    traces = [replace(sketch, sentences=[(text, "unscored") for text, _ in sketch.sentences]) for sketch in varied()]
    path = build_two(tmp_path / "db.duckdb", traces)
    for page in PAGES:
        assert "This run has no" in page_text(open_app(path, page)), page


def test_a_run_that_has_scored_nothing_yet(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "db.duckdb"
    synthetic.build(path, synthetic.sketches(3), run_id="a" * 16)
    synthetic.build(path, synthetic.sketches(3), run_id="b" * 16, n_scored=0, finish=False)
    for page in PAGES:
        assert "This run has no" in page_text(open_app(path, page, run="b" * 16)), page


def test_without_a_distilled_model(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "db.duckdb"
    models = [synthetic.model(Role.TEACHER), synthetic.model(Role.STUDENT, tokenizer="tok-b")]
    synthetic.build(path, varied(), run_id="a" * 16)
    synthetic.build(path, varied(), run_id="b" * 16, roles=PAIR, models=models)
    for page in PAGES:
        text = page_text(open_app(path, page, run="b" * 16))
        assert "else Common" in text, page
        assert "alpha" not in text, page
        if page == RUNS:
            assert "both are labelled Teacher, Common or Student" in text
    assert "no distilled" in page_text(open_app(path, RUNS, run="a" * 16))


RULES = [
    {"alpha": "0.3", "beta": "0.1"},
    {"unit": "byte", "space": "ratio"},
    {"space": "ratio", "beta": "0"},
    {"alpha": "0", "beta": "2"},
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule(open_app: Open, two_runs: Path, page: str, rule: dict[str, str]) -> None:
    assert "RDPT Explorer" in page_text(open_app(two_runs, page, **rule))


@pytest.mark.parametrize("order", ["teacher-like", "student-like", "boosted", "lowered"])
def test_every_ranking(open_app: Open, two_runs: Path, order: str) -> None:
    app = open_app(two_runs, RATIOS, most=order, min_tokens="3")
    table = app.dataframe[0].value
    gaps = table["by"].tolist()
    assert gaps == sorted(gaps, reverse=True)
    assert (table["n_tokens"] >= 3).all()


def test_a_cell_of_the_address_narrows_the_ranking(open_app: Open, two_runs: Path) -> None:
    app = open_app(two_runs, RATIOS, cell="difference,-0.6,-0.5,-1,1")
    assert set(app.dataframe[0].value["label"]) == {"Student"}
    assert "cannot be read" in page_text(open_app(two_runs, RATIOS, cell="difference,nan,1,2,<b>"))


def test_one_run_is_told_how_to_make_another(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "db.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    text = page_text(open_app(path, RUNS))
    assert "nothing to compare yet" in text
    assert f"rdpt resplit --db {path} --splitter line" in text
    assert "--dtype bfloat16" in text


def test_the_second_run_of_the_address(open_app: Open, tmp_path: Path) -> None:
    path = build_two(tmp_path / "db.duckdb", varied())
    synthetic.build(path, varied(), run_id="c" * 16, name="third")
    app = open_app(path, RUNS, run="a" * 16, run2="b" * 16)
    assert app.selectbox(key="run2_pick").value == "b" * 16
    assert len(app.dataframe[0].value) == 2, "all others in one table"
    app.selectbox(key="run2_pick").set_value("c" * 16).run()
    assert "100%" in [metric.value for metric in app.metric]
    assert "does not hold" in page_text(open_app(path, RUNS, run="a" * 16, run2="feedfeed"))
    assert "the run itself" in page_text(open_app(path, RUNS, run="a" * 16, run2="a" * 16))


def test_a_transition_of_the_address_lists_its_sentences(open_app: Open, two_runs: Path) -> None:
    app = open_app(two_runs, RUNS, run="a" * 16, run2="b" * 16, moved="Teacher,Student")
    table = app.dataframe[0].value
    assert set(zip(table["this run"], table["other run"], strict=True)) == {("Teacher", "Student")}
    assert "Teacher → Student" in page_text(app)


def test_using_the_suggested_beta(open_app: Open, two_runs: Path) -> None:
    app = open_app(two_runs, THRESHOLDS)
    app.button(key="use_suggested").click().run()
    assert app.number_input(key="beta").value != 0.1
    assert f"{app.number_input(key='beta').value:.2g}" in page_text(app)


def test_a_beta_chosen_on_one_half_is_read_on_the_other(open_app: Open, two_runs: Path) -> None:
    app = open_app(two_runs, THRESHOLDS)
    text = page_text(app)
    assert "is one analysis" in text and "dip test of one hump, p = 0.0" in text
    n_questions = _n_questions(text)
    app.button(key="choose_on_half").click().run()
    assert app.selectbox(key="half").value == "A" and "Half A of the questions" in page_text(app)
    n_first = _n_questions(page_text(app))
    app.button(key="use_suggested").click().run()
    beta = app.number_input(key="beta").value
    assert beta != 0.1 and app.selectbox(key="half").value == "B"
    assert "had no part in the choice" in page_text(app)
    assert 0 < n_first < n_questions and n_first + _n_questions(page_text(app)) == n_questions
    # The half counts on every page, and a link to it keeps it.
    benchmarks = open_app(two_runs, "pages/benchmarks.py", half="B", beta=str(beta))
    assert benchmarks.selectbox(key="half").value == "B"
    assert "half of the questions = B" in page_text(benchmarks)
    app.button(key="leave_halves").click().run()
    assert _n_questions(page_text(app)) == n_questions and "half" not in app.query_params


def _n_questions(text: str) -> int:
    """Questions that the suggested β was looked for in."""
    return int(re.findall(r"(\d+) questions?(?: \(effective \d+\))?, [\d,]+ sentences", text)[-1])


def test_a_text_without_two_humps_suggests_no_beta(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "db.duckdb"
    traces = [replace(t, sentences=[(text, "Shared") for text, _ in t.sentences]) for t in synthetic.sketches(6)]
    synthetic.build(path, traces)
    assert "suggest no β here" in page_text(open_app(path, THRESHOLDS))


def test_other_units_are_counted_once_their_table_is_open(open_app: Open, two_runs: Path) -> None:
    assert not any("unit" in frame.value for frame in open_app(two_runs, "pages/thresholds.py").dataframe)
    app = open_app(two_runs, "pages/thresholds.py", units="true")
    (table,) = (frame.value for frame in app.dataframe if "unit" in frame.value)
    assert len(table) == 5 and table["labels that change"][0] == 0


def test_first_tokens_and_joined_sentences_are_one_click_away(open_app: Open, two_runs: Path) -> None:
    assert not any("labelled as one" in frame.value for frame in open_app(two_runs, THRESHOLDS).dataframe)
    app = open_app(two_runs, THRESHOLDS, unit_effects="true")
    shares, parts = (f.value for f in app.dataframe if {"labelled as one", "mean d_TS"} & set(f.value.columns))
    assert list(shares["labelled as one"])[:2] == ["sentences", "sentences without their first token"]
    assert shares["labelled"].is_monotonic_decreasing and len(parts) == 4
    teacher = parts[parts["label"] == "Teacher"].iloc[0]
    assert teacher["mean d_TS"] == pytest.approx(teacher["choice: first token"] + teacher["wording: the rest"])
    in_bytes = open_app(two_runs, THRESHOLDS, unit_effects="true", unit="byte", space="ratio")
    assert "First tokens cannot be left out here" in page_text(in_bytes)
