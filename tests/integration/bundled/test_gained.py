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
    assert recall(labelled) > 0.98
    assert 0.42 < planted["Gained"] / gained.n_gained_known < 0.52
    assert 0.77 < labelled["Gained"] / gained.n_gained < 0.87
    # What training raised of both is nearly as large a part; what is the student's alone it raised less often, what is
    # nobody's nearly always.
    assert 0.8 < gained.by_origin["common"]["Gained"] / planted["Gained"] < 1
    assert 0.3 < recall(gained.by_origin["student"]) < 0.45
    assert recall(gained.by_origin["none"]) > 0.85


def test_the_page_gives_these_counts(gained: Gained) -> None:
    planted, labelled = gained.of_teacher, gained.by_label["Teacher"]
    n, n_all = labelled["Gained"], gained.n_gained
    # The recipe cuts traces as the product does.
    assert gained.n_gained_known == n_all
    for said in (
        f"{n:,} of {n_all:,} Gained sentences ({n / n_all:.0%}) are labelled Teacher",
        f"{planted['Gained']:,} of these {n_all:,} ({planted['Gained'] / n_all:.0%}) stood",
        f"{n:,} of {labelled.total():,} Teacher sentences ({recall(labelled):.1%}) are Gained",
        f"so are {planted['Gained']:,} of {planted.total():,} ({recall(planted):.1%}) that stood",
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
    planted, labelled = gained.of_teacher, gained.by_label["Teacher"]
    n_all = sum(counts.total() for counts in gained.by_label.values())
    said = " ".join(method.partition("Almost nothing of the teacher's escapes: ")[2].split())
    assert f"student's {recall(planted):.3f} are Gained, and {recall(labelled):.2f} of those labelled Teacher." in said
    assert (
        f"only {planted['Gained'] / gained.n_gained:.2f} of the Gained ones stood there, and "
        f"{labelled['Gained'] / gained.n_gained:.2f} are labelled Teacher, where {labelled.total() / n_all:.2f} of all"
    ) in said


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
