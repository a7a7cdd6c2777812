"""The selection page through `app.py`: every state of the candidates, the controls, the basket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from rdpt_core.store.beside.basket import BasketItem, put_in_basket, read_basket
from rdpt_core.store.beside.sidecar import sidecar_path
from tests.app.conftest import page_text
from tests.support import synthetic

Open = Callable[..., AppTest]
PAGE = "pages/selection.py"
PAIR = (Role.TEACHER, Role.STUDENT)


def candidates(n_questions: int = 8, n_candidates: int = 3) -> list[synthetic.Sketch]:
    """Longer candidates have more Teacher sentences, later ones a larger share of them."""
    sketches = []
    for q in range(n_questions):
        for sample in range(n_candidates):
            n_teacher, n_other = 1 + (q + sample) % 3, (4 - sample) % 5
            texts = [("The teacher says so. ", "Teacher")] * n_teacher + [("So do I, at length. ", "Student")] * n_other
            sketches.append(
                synthetic.Sketch(f"q{q}-s{sample}", f"q{q}", texts, sample=sample, correct=(q * sample) % 2 == 0)
            )
    return sketches


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.duckdb"
    synthetic.build(path, candidates(), roles=PAIR)
    return path


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def table(app: AppTest) -> list[dict[str, object]]:
    frame = next(item.value for item in app.dataframe if "strategy" in item.value.columns)
    rows: list[dict[str, object]] = frame.to_dict("records")
    return rows


def test_strategies_stand_side_by_side(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    assert metrics(app) == {"Questions": "8", "Candidates": "24", "To decide": "8", "Unscored": "0"}
    rows = {row["strategy"]: row for row in table(app)}
    assert list(rows) == ["teacher-count", "teacher-share", "teacher-fewest", "longest", "random", "grape"]
    assert all(row["picks"] == 8 for row in rows.values())
    assert all(row["questions"] == 8 for row in rows.values())
    assert rows["longest"]["same as longest"] == 100
    assert rows["longest"]["tokens"] == max(row["tokens"] for row in rows.values())
    assert "keeps sample" in page_text(app)


def test_controls_change_what_is_picked(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app.checkbox(key="equal_tokens").check().run()
    tokens = [row["tokens"] for row in table(app)]
    smallest = min(tokens)
    assert all(abs(n - smallest) < 60 for n in tokens)
    app.checkbox(key="correct_only").check().run()
    assert {row["correct"] for row in table(app)} == {100.0}
    assert "--correct-only" in page_text(app) and "--equal-tokens" in page_text(app)
    app.button_group(key="strategies").set_value(["longest", "expression"]).run()
    app.text_input(key="formula").set_value("-n_tokens").run()
    assert [row["strategy"] for row in table(app)] == ["longest", "expression"]
    app.text_input(key="formula").set_value("__import__('os')").run()
    assert not app.exception
    assert "calls something other than a function" in page_text(app)
    app.button_group(key="strategies").set_value([]).run()
    assert not app.exception
    assert "Choose at least one strategy" in page_text(app)


def test_strategies_that_the_run_cannot_serve_are_not_offered(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    assert not {"rsr", "lalp"} & set(app.button_group(key="strategies").options)
    assert "rdpt local" in page_text(app)


def test_the_address_holds_the_choice(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, correct_only="true", per_question="2", strategies="longest")
    assert app.checkbox(key="correct_only").value is True
    assert app.number_input(key="per_question").value == 2


def test_one_candidate_a_question(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "one.duckdb"
    synthetic.build(path, candidates(3, 1), roles=PAIR)
    app = open_app(path, PAGE)
    assert "No question has two candidates" in page_text(app)
    assert metrics(app)["To decide"] == "0"


def test_one_question(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "question.duckdb"
    synthetic.build(path, candidates(1, 4), roles=PAIR)
    app = open_app(path, PAGE)
    assert metrics(app)["To decide"] == "1"
    assert [row["correct, 95%"] for row in table(app)] == ["–"] * 6


def test_all_unscored(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "unscored.duckdb"
    traces = [synthetic.Sketch(f"q0-s{n}", "q0", [("nothing", "unscored")], sample=n) for n in range(2)]
    synthetic.build(path, traces, roles=PAIR)
    app = open_app(path, PAGE)
    assert "No candidate is scored" in page_text(app)
    assert metrics(app)["Unscored"] == "1"


def test_no_correctness(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "ungraded.duckdb"
    synthetic.build(path, candidates(6), roles=PAIR)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE traces SET correct = NULL")
    app = open_app(path, PAGE)
    assert {row["graded"] for row in table(app)} == {0}
    app.checkbox(key="correct_only").check().run()
    assert not app.exception
    assert {row["picks"] for row in table(app)} == {0}


def test_a_run_with_a_distilled_model_serves_as_well(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "triple.duckdb"
    synthetic.build(path, [*synthetic.sketches(), synthetic.hostile_sketch()])
    app = open_app(path, PAGE)
    assert metrics(app)["To decide"] == "9"
    app.checkbox(key="only_different").uncheck().run()
    assert not app.exception


def test_a_reader_overrules_and_takes_it_back(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app.selectbox(key="question_pick").set_value(1).run()
    keep = next(box for box in app.selectbox if box.label == "Keep")
    keep.set_value("q1-s1")
    app.button(key="put_in_basket").click().run()
    assert "Give a reason" in page_text(app)
    assert read_basket(database, "0123456789abcdef") == ()
    next(box for box in app.text_input if box.label == "Reason").set_value("reads better")
    app.button(key="put_in_basket").click().run()
    (item,) = read_basket(database, "0123456789abcdef")
    assert (item.question_id, item.trace_id, item.reason) == ("q1", "q1-s1", "reads better")
    assert "Basket (1)" in page_text(app)
    assert "--basket" in page_text(app)
    app.button(key="take_out").click().run()
    assert read_basket(database, "0123456789abcdef") == ()


def test_a_basket_that_cannot_be_read_stops_nothing_else(open_app: Open, database: Path) -> None:
    put_in_basket(database, BasketItem("0123456789abcdef", "shop", "q0", "gone", "its trace is gone"))
    app = open_app(database, PAGE)
    assert "Basket (1)" in page_text(app)
    sidecar_path(database).write_bytes(b"no database" * 500)
    app.run()
    assert not app.exception
    assert "The basket cannot be used" in page_text(app)
    assert len(table(app)) == 6


@pytest.mark.parametrize("n_scored", [0, 5])
def test_a_run_that_is_still_being_scored(open_app: Open, tmp_path: Path, n_scored: int) -> None:
    path = tmp_path / "live.duckdb"
    synthetic.build(path, candidates(), roles=PAIR, n_scored=n_scored, finish=False)
    app = open_app(path, PAGE)
    assert metrics(app)["Candidates"] == "24"
    assert int(metrics(app)["Unscored"]) == (8 if n_scored == 0 else 6)
    assert ("No candidate is scored" in page_text(app)) == (n_scored == 0)
