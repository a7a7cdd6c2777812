"""The page Training through `app.py`: every control, every number's sentences, and runs without checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.records import Role
from rdpt_core.ui.parts import export_panel
from tests.app.conftest import Open, click_point, page_text
from tests.app.test_stats_pages import graded
from tests.support import companions, synthetic

PAGE = "pages/training.py"
KEYS = ("checkpoint:200", "checkpoint:400", "checkpoint:700", "teacher:code")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "training.duckdb"
    companions.build(path, [*graded(), synthetic.unscored_sketch(), synthetic.hostile_sketch()], KEYS)
    return path


def test_the_page_tells_what_training_did(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    assert "never changed their label" in text and "When did sentences turn?" in text
    assert "every sentence is Kept" in text
    figures = [element.proto.id for element in app.get("plotly_chart")]
    assert len(figures) == 3
    changed = app.dataframe[-1].value
    assert len(changed) == 200 and changed["change"].abs().is_monotonic_decreasing
    assert set("".join(changed["labels"])) <= set("GKL ")
    assert len(changed["along training"].iloc[0]) == 5


def test_against_the_teacher_the_page_says_what_a_checkpoint_can_move(open_app: Open, database: Path) -> None:
    assert "they do not train" not in page_text(open_app(database, PAGE))
    text = page_text(open_app(database, PAGE, against="the teacher"))
    assert "they do not train" in text and "α = 0.05" in text


@pytest.mark.parametrize(
    ("against", "named"), [("the student", None), ("the teacher", "Teacher (T): code")], ids=["student", "teacher"]
)
def test_figures_name_the_teacher_only_where_they_are_about_one(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch, against: str, named: str | None
) -> None:
    offered: list[dict[str, Any]] = []
    monkeypatch.setattr(export_panel, "offer", lambda page, name, table, figures, methods: offered.append(figures))
    open_app(database, PAGE, against=against, teacher="code")
    assert {name: figure.layout.title.text for name, figure in offered[-1].items()} == dict.fromkeys(
        ("shares_by_step", "turns", "means_by_step"), named
    )


@pytest.mark.parametrize("against", ["the student", "the teacher"])
def test_the_methods_are_those_of_what_was_compared(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch, against: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(export_panel, "offer", lambda page, name, table, figures, methods: told.append(methods))
    open_app(database, PAGE, against=against)
    before_details = told[-1].partition("Details:")[0]
    is_about_teacher = against == "the teacher"
    assert ("under the teacher" in before_details, "alpha = " in before_details) == (is_about_teacher,) * 2
    assert ("Labels: Shared if" in told[-1], "possible teachers are" in told[-1]) == (is_about_teacher,) * 2
    assert ("Labels: Gained if v_D - v_S" in told[-1]) is not is_about_teacher


@pytest.mark.parametrize("split", ["benchmark", "domain", "correctness", "difficulty", "model"])
def test_curves_split_by_anything_that_differs(open_app: Open, database: Path, split: str) -> None:
    app = open_app(database, PAGE, split=split)
    assert app.selectbox(key="split").value == split


@pytest.mark.parametrize(("unit", "space"), [("common tokens", None), ("bytes", None), (None, "log-ratios, in nats")])
def test_other_units_and_spaces(open_app: Open, database: Path, unit: str | None, space: str | None) -> None:
    chosen = {name: value for name, value in (("unit", unit), ("space", space)) if value}
    assert "never changed their label" in page_text(open_app(database, PAGE, **chosen))


def test_a_point_and_a_cell_lead_to_sentences(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, split="benchmark")
    click_point(app, "shares_by_step", [1, 0, 3])
    assert "Gained at step 700" in page_text(app).replace("\\", "")
    listed = app.dataframe[0].value
    assert len(set(listed["benchmark"])) == 1
    app = open_app(database, PAGE)
    click_point(app, "turns", [0, 2])
    assert "to the end, at step 400 for the first time" in page_text(app).replace("\\", "")
    assert len(app.dataframe[0].value) > 5


def test_times_can_be_chosen(open_app: Open, database: Path) -> None:
    changes = {}
    for last in ("200", "final"):
        changes[last] = open_app(database, PAGE, **{"from": "start", "to": last}).dataframe[-1].value["change"].max()
    assert 0 < changes["200"] < changes["final"]
    app = open_app(database, PAGE, **{"from": "400", "to": "400"})
    assert "Choose two different times" in page_text(app)
    app = open_app(database, PAGE, became="less likely")
    assert (app.dataframe[-1].value["change"] < 0).all()


def test_a_filter_that_leaves_nothing_is_explained(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, benchmark="clock")
    assert "Benchmark clock" in page_text(app)


def test_a_run_without_checkpoints_is_told_how_to_get_some(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "plain.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    text = page_text(open_app(path, PAGE))
    assert "no checkpoints" in text
    assert "rdpt score --add" in text and str(path) in text and "--run 01234567" in text
    assert "ProvenanceCallback" in text


def test_checkpoints_that_are_being_scored_are_named(open_app: Open, tmp_path: Path) -> None:
    path, sketches = tmp_path / "waiting.duckdb", synthetic.sketches(2)
    run = companions.build(path, sketches, ())
    companions.add(path, run, sketches, "checkpoint:300", n_scored=2, finish=False)
    assert "Being scored: 300" in page_text(open_app(path, PAGE))
    companions.add(path, run, sketches, "checkpoint:200")
    text = page_text(open_app(path, PAGE))
    assert "not shown yet: 300" in text and "never changed their label" in text


def test_names_without_numbers_stand_evenly(open_app: Open, tmp_path: Path) -> None:
    path, sketches = tmp_path / "names.duckdb", synthetic.sketches(2)
    run = companions.build(path, sketches, ())
    for name, p in (("early", 0.3), ("late", 0.7)):
        all_alike = dict.fromkeys(synthetic.PROBABILITIES, p)
        companions.add(path, run, sketches, f"checkpoint:{name}", probabilities=all_alike)
    app = open_app(path, PAGE)
    assert app.segmented_control(key="spacing").disabled
    assert app.selectbox(key="from").options == ["start", "early", "late", "final"]


@pytest.mark.parametrize("roles", [(Role.STUDENT, Role.DISTILLED), (Role.TEACHER, Role.STUDENT)], ids=["SD", "TS"])
def test_pairs_have_a_training_too(open_app: Open, tmp_path: Path, roles: tuple[Role, ...]) -> None:
    path = tmp_path / "pair.duckdb"
    companions.build(path, synthetic.sketches(3), KEYS[:2], roles=roles)
    app = open_app(path, PAGE)
    assert "never changed their label" in page_text(app)
    assert app.segmented_control(key="against").disabled == (Role.TEACHER not in roles)
