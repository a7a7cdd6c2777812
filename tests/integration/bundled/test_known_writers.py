"""`calibrate` on the bundled models: each writes text of its own, and labels are right about it far more than wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.store.files import file_identity

N_QUESTIONS = 18


@pytest.fixture(scope="module")
def database(bundled_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calibrated") / "triple.duckdb"
    shutil.copyfile(bundled_database, path)
    assert main(["calibrate", "--db", str(path), "--questions", str(N_QUESTIONS), "--quiet"]) == 0
    return path


def test_the_labels_of_known_text_are_mostly_those_of_its_writer(database: Path) -> None:
    table = rdpt.open(database).run().corrected_shares().to_pylist()
    teacher, student = table[0], table[1]
    assert (teacher["label"], student["label"]) == ("Teacher", "Student")
    assert teacher["share_in_wrong_text"] < 0.05 and teacher["share_in_right_text"] > 0.6
    assert student["share_in_wrong_text"] < 0.15 and student["share_in_right_text"] > 0.6
    for row in (teacher, student):
        assert row["low"] <= row["corrected_share"] <= row["high"]
        assert row["n_questions_wrong_text"] == row["n_questions_right_text"] == N_QUESTIONS
    assert teacher["corrected_share"] > teacher["share_of_sentences"]


def test_the_run_that_is_meant_stays_the_same_and_the_others_are_told_apart(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = rdpt.open(database)
    assert opened.run().name == "bundled demo"
    assert [run.name for run in opened.runs()][1:] == [
        "bundled demo, written by the student",
        "bundled demo, written by the teacher",
    ]
    main(["info", "--db", str(database), "--json"])
    described = json.loads(capsys.readouterr().out)["runs"]
    assert [run["known_writer"] and run["known_writer"]["role"] for run in described] == [None, "student", "teacher"]
    assert described[1]["known_writer"]["calibrates"] == described[0]["run_id"]
    settings = described[1]["known_writer"]["settings"]
    assert (settings["n_questions"], settings["seed"], settings["n_responses"]) == (N_QUESTIONS, 0, N_QUESTIONS)
    main(["info", "--db", str(database)])
    assert f"all responses written by the teacher, to calibrate run {described[0]['run_id']}" in capsys.readouterr().out


def test_the_responses_are_whole_and_those_of_their_writer(database: Path) -> None:
    opened = rdpt.open(database)
    asked = {(row["benchmark"], row["question_id"]) for row in opened.run().traces().to_pylist()}
    for run in opened.runs()[1:]:
        traces = run.traces().to_pylist()
        assert {(row["benchmark"], row["question_id"]) for row in traces} <= asked
        assert {row["benchmark"] for row in traces} == {benchmark for benchmark, _ in asked}
        text = "".join(run.sentences().column("text").to_pylist())
        assert "The answer is" in text
        assert "<" not in text, "no token that ends a turn is part of a response"


def test_the_same_command_again_changes_nothing_and_leaves_no_file(database: Path) -> None:
    before = file_identity(database)
    assert main(["calibrate", "--db", str(database), "--questions", str(N_QUESTIONS), "--quiet"]) == 0
    assert file_identity(database) == before
    assert {path.name for path in database.parent.iterdir()} == {database.name}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_elsewhere(database: Path, bundled_database: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copyfile(bundled_database, other)
    rdpt.calibrate(other, questions=N_QUESTIONS, quiet=True)
    ids = [[run.id for run in rdpt.open(path).runs()] for path in (database, other)]
    assert ids[0] == ids[1], "ids hash every response"


@pytest.mark.slow
def test_the_documented_table(bundled_database: Path, tmp_path: Path) -> None:
    path = tmp_path / "documented.duckdb"
    shutil.copyfile(bundled_database, path)
    rdpt.calibrate(path, questions=90, quiet=True)
    documented = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
    for row in rdpt.open(path).run().corrected_shares().to_pylist()[:2]:
        line = (
            f"| {row['label']} | {row['share_of_sentences']:.0%} | {row['share_in_wrong_text']:.1%} "
            f"| {row['share_in_right_text']:.0%} | {row['corrected_share']:.0%} "
            f"[{row['low']:.0%}, {row['high']:.0%}] |"
        )
        assert line in documented
