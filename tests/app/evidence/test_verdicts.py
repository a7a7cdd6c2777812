"""The page Verdicts: what was checked, what was not, and what to do then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.analysis.run.verdicts import DISPUTES
from tests.app.conftest import page_text
from tests.support import synthetic

Open = Callable[..., AppTest]


def checked(own: bool | None) -> dict[str, object]:
    return {"import": {"verdict": "acc"}, "grading": {"method": "number", "extracted": "13", "correct": own}}


@pytest.fixture
def open_page(open_app: Open) -> Open:
    """Runs the page over a database."""
    return lambda path, **query: open_app(path, "pages/verdicts.py", **query)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "verdicts.duckdb"
    owns = (True, True, True, False, None)
    sketches = synthetic.sketches()
    build = [replace(s, correct=True, meta=checked(owns[i % 5])) for i, s in enumerate(sketches)]
    synthetic.build(path, build)
    return path


def test_what_is_disputed(open_page: Open, database: Path) -> None:
    app = open_page(database)
    values = {metric.label: metric.value for metric in app.metric}
    n = len(synthetic.sketches())
    assert values["Disputed"] == f"{len(range(3, n, 5))}"
    assert values["No grade of ours"] == f"{len(range(4, n, 5))}"
    shown = app.dataframe[2].value
    assert set(shown["source"]) == {"correct"}
    assert set(shown["our grade"]) == {"incorrect"}
    assert shown["open"].iloc[0].startswith("trace?")


def test_the_kind_that_the_address_names(open_page: Open, database: Path) -> None:
    shown = open_page(database, dispute=DISPUTES[3]).dataframe[2].value
    assert shown["our grade"].isna().all()
    assert "No checked verdict is of this kind" in page_text(open_page(database, dispute=DISPUTES[2]))
    assert len(open_page(database, dispute="nonsense").dataframe) == 3


def test_filters_leave_some(open_page: Open, database: Path) -> None:
    shown = open_page(database, benchmark="clock").dataframe[2].value
    assert set(shown["benchmark"]) == {"clock"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"meta": {"import": {"verdict": "acc"}}}, "verdicts of the source have not been checked"),
        ({"meta": {"grading": {"method": "text"}}}, "All verdicts are grades of the import"),
        ({"correct": None, "gold": None}, "No trace here has a verdict"),
    ],
)
def test_what_to_do_where_nothing_was_checked(
    open_page: Open, tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [replace(sketch, **change) for sketch in synthetic.sketches(4)])
    text = page_text(open_page(path))
    assert expected in text
    assert ("--check-verdicts" in text) == ("not been checked" in text)
