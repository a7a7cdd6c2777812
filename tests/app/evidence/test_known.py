"""The part of Controls about text whose writer is known, and how such runs are told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from rdpt_core.store.evidence.known_writers import register_writer
from tests.app.conftest import page_text
from tests.support import synthetic

Open = Callable[..., AppTest]
SAME = {"run": "same"}
PAGE = "pages/controls.py"


def traces(n_teacher: int, n_student: int) -> list[synthetic.Sketch]:
    """Ten sentences for each of twelve questions of two benchmarks, one more or fewer from question to question."""
    return [
        synthetic.Sketch(
            f"t{number}",
            f"q{number}",
            [
                (f"Sentence {index}. ", "Teacher" if index < n else "Student" if index < n + n_student else "Shared")
                for index in range(10)
            ],
            benchmark=("shop", "clock *")[number % 2],
        )
        for number in range(24)
        for n in [n_teacher + (number // 2 + n_teacher) % 2]
    ]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which 4 or 5 of ten sentences are Teacher; of the student's text 1 or 2, of the teacher's 7 or 8."""
    path = tmp_path_factory.mktemp("db") / "known.duckdb"
    run = synthetic.build(path, traces(4, 3), run_id="a" * 16, name="mine", identity=SAME)
    for digit, role, shares in (("b", Role.STUDENT, (1, 6)), ("c", Role.TEACHER, (7, 1))):
        name = f"mine, written by the {role}"
        known = synthetic.build(path, traces(*shares), run_id=digit * 16, name=name, identity=SAME)
        register_writer(
            path, known, run, role, {"source": "drawn", "temperature": 0.7, "n_cut": 3, "max_new_tokens": 99}
        )
    return path


def test_shares_before_and_after(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    # (0.45 − 0.15) / (0.75 − 0.15).
    assert "Teacher: 45% as labelled, 50% corrected" in text
    assert "on 15% of the student's own text and on 75% of the teacher's" in text
    assert "add up to" in text
    assert "24 responses drawn at temperature 0.7, 3 of them cut at 99 tokens" in text
    (shown,) = [frame.value for frame in app.dataframe if "corrected" in frame.value]
    assert list(shown["benchmark"]) == ["all benchmarks"] * 2 + ["clock *"] * 2 + ["shop"] * 2
    assert list(shown["questions"])[:3] == ["24 / 24 / 24"] * 2 + ["12 / 12 / 12"]


def test_a_rule_that_tells_nothing_apart_says_so(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, beta="0.7"))
    assert "and no corrected share" in text
    assert "not surely more frequent" in text


def test_without_known_text_the_command_is_named(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, traces(4, 3))
    text = page_text(open_app(path, PAGE))
    assert "No text is known as the student's and the teacher's" in text
    assert "rdpt calibrate --run 01234567" in text


def test_a_run_without_both_models_is_not_invited(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, traces(4, 3), roles=(Role.STUDENT, Role.DISTILLED))
    text = page_text(open_app(path, PAGE))
    assert "rdpt calibrate" not in text
    assert "a teacher and a student" in text


def test_the_app_opens_on_the_run_and_says_whose_the_others_are(open_app: Open, database: Path) -> None:
    app = open_app(database)
    box = next(box for box in app.selectbox if box.label == "Run")
    assert box.value == "a" * 16
    assert box.options[:2] == ["mine, by the teacher · cccccccc", "mine, by the student · bbbbbbbb"]
    assert "All responses here" not in page_text(app)
    other = page_text(open_app(database, run="b" * 16))
    assert "All responses here were written by the student" in other
    assert "calibrates the run mine" in other
    assert "corrects those of another" in page_text(open_app(database, PAGE, run="b" * 16))
