"""How sure each sentence is, on the page Controls: what is found, or what is missing for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.p_values.data import evidence_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.style import words
from tests.app.conftest import Open, page_text
from tests.support import synthetic
from tests.support.companions import references

PAGE = "pages/controls.py"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    folder = tmp_path_factory.mktemp("db")

    def of(n: int) -> Path:
        path = folder / f"{n}.duckdb"
        if not path.exists():
            references.build(path, n)
        return path

    return of


def table_with(app: AppTest, column: str) -> list[dict[str, object]]:
    """The rows of the table that has this column."""
    (found,) = [frame.value for frame in app.dataframe if column in frame.value.columns]
    rows: list[dict[str, object]] = found.to_dict("records")
    return rows


def test_what_is_found_stands_by_label(open_app: Open, database: Callable[[int], Path]) -> None:
    app = open_app(database(5), PAGE)
    expected = rdpt.open(database(5)).run().evidence_shares().to_pylist()
    shown = table_with(app, "found, any dependence")
    assert [(row["sentences"], row["found"], row["found, any dependence"]) for row in shown] == [
        (row["n_tested"], row["n_found"], row["n_found_any_dependence"]) for row in expected if row["n_tested"]
    ]
    assert shown[0]["label"] == "all labels" and expected[0]["n_found"] > 0
    text = page_text(app)
    assert f"{expected[0]['n_found']:,} of {expected[0]['n_tested']:,} sentences" in text
    assert "under 5 references" in text and "references: a, b, c, d and e" in text
    assert "It is not a sentence that only the teacher could have written" in text
    placed = table_with(app, "in the teacher's place")
    assert [row["in the teacher's place"] for row in placed] == list("abcde")


def test_beside_what_is_found_stands_what_would_be_without_a_teacher(
    open_app: Open, database: Callable[[int], Path]
) -> None:
    run = rdpt.open(database(5)).run()
    without = evidence_of(run._data(control="distilled")).found(LabelRule.make(), Scope()).total
    share, true = without.n_found / without.n_tested, run.evidence_shares().to_pylist()[0]["share_found"]
    text = page_text(open_app(database(5), PAGE))
    assert f"**With no teacher at all, {words.percent(share)}**" in text
    verdict = "not that the teacher was needed" if share >= true else "only what exceeds this speaks for the teacher"
    assert verdict in text


def test_a_control_in_the_teachers_place_is_tested(open_app: Open, database: Callable[[int], Path]) -> None:
    text = page_text(open_app(database(5), PAGE, teacher="b"))
    assert "under 4 references" in text and "references: a, c, d and e" in text
    assert "With 5 references, each could be held against the others" in text


def test_filters_leave_some(open_app: Open, database: Callable[[int], Path]) -> None:
    shown = table_with(open_app(database(5), PAGE, benchmark="clock"), "found, any dependence")
    expected = rdpt.open(database(5)).run().evidence_shares(benchmark="clock").to_pylist()
    assert shown[0]["sentences"] == expected[0]["n_tested"]


def test_enough_references_give_ranks(open_app: Open, database: Callable[[int], Path]) -> None:
    assert "With 19 references, p-values are ranks among them" in page_text(open_app(database(19), PAGE))


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "This run has no reference; 4 more"), (2, "only 2 references (a and b); 2 more")]
)
def test_too_few_say_how_many_are_missing(
    open_app: Open, database: Callable[[int], Path], n: int, expected: str
) -> None:
    app = open_app(database(n), PAGE)
    assert expected in page_text(app)
    assert any("--control NAME=MODEL" in code.value for code in app.code)


def test_without_a_teacher_there_is_nothing_to_test(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(3), roles=("student", "distilled"))
    assert "no teacher, so there is nothing to test" in page_text(open_app(path, PAGE))
