"""The page Controls: label shares with the teacher and under each control; and the headline of the overview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.predict.aucs import ALL
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.ui.pages.predict.sentences import auc_in_words
from tests.app.conftest import Open, page_text
from tests.support import companions, synthetic

PAGE = "pages/controls.py"
VARIANTS = ("variant:student-t0.667", "variant:teacher-t1.5")
TRACES = synthetic.sketches()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "controls.duckdb"
    run = companions.build(path, TRACES, ("teacher:code", "control:decoy"))
    for key in VARIANTS:
        companions.add(path, run, TRACES, key, probabilities=companions.PROBABILITIES["teacher:code"])
    return path


def plain(path: Path, **options: Any) -> Path:
    synthetic.build(path, TRACES, **options)
    return path


def figure_of(app: AppTest, key: str) -> dict[str, Any]:
    (figure,) = [element.proto for element in app.get("plotly_chart") if element.proto.id.endswith(f"-{key}")]
    spec: dict[str, Any] = json.loads(figure.spec)
    return spec


def row_of(path: Path, key: str, label: str = "Teacher", **choices: Any) -> dict[str, Any]:
    rows: list[dict[str, Any]] = rdpt.open(path).run().controls(**choices).to_pylist()
    return next(row for row in rows if (row["key"], row["label"]) == (key, label))


def table_of(app: AppTest) -> Any:
    (table,) = [frame.value for frame in app.dataframe if "excess, points" in frame.value.columns]
    return table.set_index("control")


def test_the_page_says_what_the_table_has(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    row = row_of(database, "distilled")
    text = page_text(app)
    assert f"**Teacher** {row['share_true']:.0%}" in text
    assert f"with no teacher at all, {row['share_control']:.0%}" in text
    assert f"{100 * row['excess']:+.1f} points" in text
    assert "27 questions" in text
    table = table_of(app)
    assert list(table.index) == [
        "(with the teacher)",
        "no teacher",
        "the student",
        "the student, sharpened (temperature 0.667)",
        "decoy",
        "the teacher, flattened (temperature 1.5)",
    ]
    decoy = row_of(database, "control:decoy")
    assert table.loc["decoy", "excess, points"].startswith(f"{100 * decoy['excess']:+.1f} (")
    assert table.loc["decoy", "Teacher"].startswith(f"{100 * decoy['share_control']:.0f}")
    assert table.loc["the teacher, flattened (temperature 1.5)", "kind"] == "the teacher itself, changed"
    points = figure_of(app, "controls")["data"]
    assert [len(trace["x"]) for trace in points] == [6] * 4
    assert points[0]["x"][1] == pytest.approx(row["share_control"])


def test_a_label_and_a_control_are_chosen_by_the_address(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, controlled="Student", control="decoy")
    row = row_of(database, "control:decoy", "Student")
    assert table_of(app).loc["decoy", "excess, points"].startswith(f"{100 * row['excess']:+.1f} (")
    groups = rdpt.open(database).run().controls("benchmark").to_pylist()
    expected = {r["benchmark"]: r for r in groups if (r["key"], r["label"]) == ("control:decoy", "Student")}
    true, control = figure_of(app, "controls_by_benchmark")["data"]
    assert true["x"] == pytest.approx([r["share_true"] for r in expected.values()])
    assert control["x"] == pytest.approx([r["share_control"] for r in expected.values()])
    assert control["name"] == "decoy"


def test_filters_and_thresholds_hold(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, benchmark="shop", beta="0.3"))
    row = row_of(database, "distilled", benchmark="shop", beta=0.3)
    assert f"with no teacher at all, {row['share_control']:.0%}" in text
    assert "Benchmark shop: 12 questions" in text


def test_the_teacher_that_is_chosen_is_compared(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, teacher="decoy")
    row = row_of(database, "distilled", teacher="decoy")
    assert f"**Teacher** {row['share_true']:.0%}" in page_text(app)
    assert "decoy" not in table_of(app).index


def test_commands_add_what_is_lacking(open_app: Open, database: Path, tmp_path: Path) -> None:
    assert "--controls temperature,other-question" not in page_text(open_app(database, PAGE))
    text = page_text(open_app(plain(tmp_path / "plain.duckdb"), PAGE))
    assert "--controls temperature,other-question" in text
    assert "--control NAME=MODEL" in text


def test_runs_of_two_roles_say_what_they_cannot(open_app: Open, tmp_path: Path) -> None:
    without = plain(tmp_path / "without.duckdb", roles=(Role.STUDENT, Role.DISTILLED))
    assert "This run has no teacher, so there is no control" in page_text(open_app(without, PAGE))
    before = plain(tmp_path / "before.duckdb", roles=(Role.TEACHER, Role.STUDENT))
    app = open_app(before, PAGE)
    assert "This run has no distilled model" in page_text(app)
    assert list(table_of(app).index) == ["(with the teacher)", "the student"]


def test_predict_carries_the_auc_without_a_teacher(open_app: Open, database: Path, tmp_path: Path) -> None:
    run = rdpt.open(database).run()
    prediction = run._data(control="distilled").prediction(LabelRule.make(), Scope(), "share")
    expected = auc_in_words(prediction.auc("Teacher", ALL).auc)
    page = "pages/predict.py"
    text = page_text(open_app(database, page))
    assert f"**With no teacher at all**, the share of Teacher has AUC {expected} within benchmarks" in text
    before = plain(tmp_path / "before.duckdb", roles=(Role.TEACHER, Role.STUDENT))
    assert "With no teacher at all" not in page_text(open_app(before, page))


def test_the_overview_carries_the_share_without_a_teacher(open_app: Open, database: Path, tmp_path: Path) -> None:
    row = row_of(database, "distilled")
    assert f"with no teacher at all, {row['share_control']:.0%}" in page_text(open_app(database))
    before = plain(tmp_path / "before.duckdb", roles=(Role.TEACHER, Role.STUDENT))
    assert "with no teacher" not in page_text(open_app(before))
