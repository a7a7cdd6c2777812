"""The page Transfer: what it says is what the analysis found, and nobody guesses which groups were seen."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.records import Role
from rdpt_core.store.evidence.known_writers import register_writer
from rdpt_core.ui.style import words
from tests.app.conftest import Open, click_point, page_text
from tests.support import companions, synthetic

PAGE = "pages/transfer.py"
SAME = {"run": "same"}
LEVELS = {"clock": "seen", "shop": "half seen", "week *": "unseen"}
OTHERS = ("Boosted", "Shared", "Student", "Boosted-down", "Shared", "Student")


def sketches(reach: dict[str, int]) -> list[synthetic.Sketch]:
    """Ten questions a benchmark, ten sentences each, so many of them Teacher."""
    return [
        synthetic.Sketch(
            f"{benchmark}-{q}",
            f"{benchmark}-{q}",
            [
                (f"Sentence {i}. ", "Teacher" if i < reach[benchmark] + q % 2 else OTHERS[(i + q) % 6])
                for i in range(10)
            ],
            benchmark=benchmark,
            domain=domain,
            correct=q % 3 > 0,
        )
        for benchmark, domain in LEVELS.items()
        for q in range(10)
    ]


TRACES = sketches({"clock": 7, "shop": 4, "week *": 1})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "transfer.duckdb"
    run = companions.build(path, TRACES, ["control:decoy"], identity=SAME)
    text = sketches(dict.fromkeys(LEVELS, 0))
    own = synthetic.build(path, text, run_id="b" * 16, name="written by the student", identity=SAME)
    register_writer(path, own, run, Role.STUDENT, {"source": "drawn", "temperature": 0.7})
    return path


def table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_first_screen_says_the_finding_and_what_the_control_says_of_it(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    rows = {row["name"]: row for row in rdpt.open(database).run().transfer().to_pylist()}
    for level in ("seen", "half seen", "unseen"):
        assert f"{rows[level]['reach']:.0%}" in text
    assert "of the sentences are Teacher or Boosted, up (95% interval" in text
    assert "Reach falls at every step" in text
    assert "The control has the same order, so the order of shares alone is no evidence for this teacher" in text
    assert "The traces say in their domain which of them were seen" in text
    assert "in the test whole benchmarks change places" in text
    assert "p cannot be below" in text
    assert "30 questions" in text and "300 sentences" in text
    shown = table(app, "excess")
    assert shown["group"].tolist() == ["all seen", "all half seen", "all unseen", "clock", "shop", "week *"]
    assert shown["reach"].tolist()[3].startswith(f"{rows['clock']['reach']:.0%} (")


def test_the_students_text_is_the_base_line_and_accuracy_is_paired(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    assert "On text that the student wrote itself, reach is" in text
    assert "On the 30 questions that both have" in text
    shown = table(app, "the student's own")
    # The same answers are right on both sides.
    assert {gain.split(" ")[0] for gain in shown["gain, points"]} == {"0"}
    assert set(shown["correct"].str.split(" ").str[0]) == {"60%"}


def test_without_overlap_the_command_is_named(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE))
    assert "This run was not compared with its training texts." in text
    assert "rdpt overlap --db" in text


def test_with_overlap_classes_are_shown_and_can_say_the_levels(open_app: Open, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "overlap.duckdb"
    shutil.copy(database, path)
    # Of every ten sentences of clock eight stand in the training texts, of shop three, of week none.
    copied = {"clock": 8, "shop": 3, "week *": 0}
    with duckdb.connect(str(path)) as connection:
        settings = {
            "files": [{"name": "sft.jsonl"}],
            "n_records": 9,
            "n_rejects": 0,
            "n_sentences": 90,
            "n_distinct": 9,
        }
        connection.execute("INSERT INTO training_sets VALUES (1, ?)", [json.dumps(settings)])
        for number, sketch in enumerate(TRACES):
            n = [1] * copied[sketch.benchmark] + [0] * (10 - copied[sketch.benchmark])
            none = [None] * 10
            connection.execute("INSERT INTO overlap VALUES (1, ?, ?, ?, ?, ?, ?, ?)", [number, n, n, *[none] * 4])
    app = open_app(path, PAGE, levels_from="overlap")
    text = page_text(app)
    assert "Levels come from the training texts" in text and "not independent of reach" in text
    shown = table(app, "class").set_index(["group", "class"])
    assert shown.loc[("clock", "copied"), "part of the sentences"].startswith("80%")
    assert shown.loc[("seen", "new"), "part of the sentences"].startswith("20%")
    assert shown.loc[("half seen", "copied"), "reach"].startswith("100%")
    assert not isinstance(shown.loc[("unseen", "copied"), "reach"], str)


def test_a_click_lists_the_reached_sentences(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app = click_point(app, "transfer_reach", [1, 0])
    assert "Reached sentences, seen" in page_text(app)
    shown = table(app, "reached sentences")
    assert len(shown) == 10
    assert shown["benchmark"].unique().tolist() == ["clock"]


def test_standardising_is_a_switch_of_the_page_alone(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    assert not [frame for frame in app.dataframe if "reach, standardised" in frame.value.columns]
    app = open_app(database, PAGE, standardise="true")
    shown = table(app, "reach, standardised")
    run = rdpt.open(database).run()
    after = {row["name"]: row["reach"] for row in run.transfer(standardised=True).to_pylist()}
    assert shown["reach, standardised"].tolist()[3].startswith(f"{after['clock']:.0%}")
    assert "Standardising is a bound and no correction" in page_text(app)


def test_nothing_is_guessed_where_nobody_says_the_levels(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "plain.duckdb"
    synthetic.build(path, [replace(sketch, domain="algebra") for sketch in TRACES])
    app = open_app(path, PAGE)
    text = page_text(app)
    assert "Nothing says which of these groups the training data had" in text
    assert "of the sentences are" not in text
    app.pills(key="seen").set_value(["clock"]).run()
    text = page_text(app)
    assert "You chose the levels" in text
    assert "In seen groups" in text and "in unseen groups" in text
    app.pills(key="seen").set_value(list(LEVELS)).run()
    assert "Only one level has scored sentences, so there is nothing to compare." in page_text(app)


def test_a_run_without_a_teacher_has_gained_and_no_control(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "pair.duckdb"
    synthetic.build(path, TRACES, roles=(Role.STUDENT, Role.DISTILLED))
    text = page_text(open_app(path, PAGE))
    assert "of the sentences are Gained" in text
    assert "with no teacher at all" not in text
    assert "Reach has no base line here" in text


def test_hostile_names_stay_text(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "hostile.duckdb"
    synthetic.build(path, [*TRACES, synthetic.hostile_sketch()])
    text = page_text(open_app(path, PAGE))
    assert f"no comparison of levels: {words.no_markdown('attack <i>')}." in text
    assert "attack <i>" not in text
