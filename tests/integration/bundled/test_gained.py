"""How often Gained is Teacher on the bundled data, and that the page and the docs say so in these numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from data.recipe.experiments.gained import Gained, gained_table, main, measure_gained, recall
from rdpt_core.ui.style import words

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def gained(bundled_database: Path) -> Gained:
    return measure_gained(bundled_database)


def test_gained_finds_the_teacher_and_much_besides(gained: Gained) -> None:
    planted, labelled = gained.of_teacher, gained.by_label["Teacher"]
    assert recall(planted) > 0.99
    assert 0.95 < recall(labelled) < 0.99
    assert 0.3 < planted["Gained"] / gained.n_gained_known < 0.4
    assert 0.68 < labelled["Gained"] / gained.n_gained < 0.78
    # What training raised of both is the largest part; what is the student's alone it hardly raised.
    assert gained.by_origin["common"]["Gained"] > planted["Gained"]
    assert recall(gained.by_origin["student"]) < 0.05


def test_the_page_gives_these_counts(gained: Gained) -> None:
    planted, labelled = gained.of_teacher, gained.by_label["Teacher"]
    n, n_all, known = labelled["Gained"], gained.n_gained, gained.n_gained_known
    for said in (
        f"{n:,} of {n_all:,} Gained sentences ({n / n_all:.0%}) are labelled Teacher",
        f"{planted['Gained']:,} of the {known:,} with a known origin ({planted['Gained'] / known:.0%}) stood",
        f"{n:,} of {labelled.total():,} Teacher sentences ({recall(labelled):.0%}) are Gained",
        f"so are {planted['Gained']:,} of {planted.total():,} ({recall(planted):.0%}) that stood",
    ):
        assert said in words.GAINED_IN_EXAMPLE


def test_the_docs_hold_the_tables(gained: Gained, bundled_database: Path) -> None:
    method = (PROJECT / "docs" / "method.md").read_text(encoding="utf-8")
    shown: list[str] = []
    assert main(["--db", str(bundled_database)], shown.append) == 0
    for table in (
        gained_table(gained.by_origin, "planted origin"),
        gained_table(gained.by_label, "label with the teacher"),
    ):
        assert table in shown
        assert all(row in method for row in table.splitlines()[2:])


def test_a_run_without_a_teacher_holds_the_numbers_of_the_full_one(bundled_database: Path, tmp_path: Path) -> None:
    data, path = PROJECT / "data", tmp_path / "without.duckdb"
    models = {role: data / role for role in ("student", "distilled")}
    rdpt.score(data / "traces.jsonl", path, **models, roles="student,distilled", limit=20)
    mine = rdpt.open(path).run().sentences().to_pylist()
    full = rdpt.open(bundled_database).run().sentences().slice(0, len(mine)).to_pylist()
    for role in models:
        assert [row[f"p_{role}"] for row in mine] == [row[f"p_{role}"] for row in full]
    want = [
        "Gained" if gap > 0.1 else "Lost" if gap < -0.1 else "Kept"
        for gap in (row["p_distilled"] - row["p_student"] for row in full)
    ]
    assert [row["label"] for row in mine] == want
