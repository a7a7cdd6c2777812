"""Corrected shares of a run: counted as they are labelled, and corrected by the text of both writers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.corrected import ALL, CorrectedRow, contradiction
from rdpt_core.analysis.statistics.rogan_gladen import CorrectedShare
from rdpt_core.errors import UsageError
from rdpt_core.records import Role
from rdpt_core.store.evidence.known_writers import register_writer
from tests.support import synthetic

SAME = {"run": "same"}
N_QUESTIONS = 24


def texts(shares: dict[str, float], n_samples: int = 1, grade: bool | None = None) -> list[synthetic.Sketch]:
    """Ten sentences a trace, of which about such parts carry each label; a few more or fewer from question to
    question."""
    found = []
    for question in range(N_QUESTIONS):
        for sample in range(n_samples):
            labels: list[str] = []
            for label, share in shares.items():
                labels += [label] * round(
                    10 * share + ((question + sample + n_samples) % 3 - 1) * (label == "Teacher" and 0 < share < 1)
                )
            labels += ["Shared"] * (10 - len(labels))
            found.append(
                synthetic.Sketch(
                    f"{question}-{sample}",
                    f"q{question}",
                    [(f"Sentence {index}. ", label) for index, label in enumerate(labels)],
                    benchmark=("shop", "clock")[question % 2],
                    sample=sample,
                    correct=grade,
                )
            )
    return found


def write(path: Path, *, student: dict[str, float], teacher: dict[str, float], run: dict[str, float]) -> str:
    key = synthetic.build(path, texts(run, 2, True), run_id="a" * 16, name="run", identity=SAME)
    for digit, role, shares in (("b", Role.STUDENT, student), ("c", Role.TEACHER, teacher)):
        known = synthetic.build(path, texts(shares), run_id=digit * 16, name=f"by the {role}", identity=SAME)
        register_writer(path, known, key, role, {"source": "drawn", "temperature": 0.7})
    return key.run_id


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a.duckdb"
    write(
        path,
        student={"Teacher": 0.1, "Student": 0.6},
        teacher={"Teacher": 0.7, "Student": 0.1},
        run={"Teacher": 0.4, "Student": 0.3},
    )
    return path


def test_shares_are_corrected_by_those_of_the_known_texts(database: Path) -> None:
    run = rdpt.open(database).run()
    assert run.name == "run", "newer runs, whose writers are known, are not meant"
    table = run.corrected_shares().to_pylist()
    assert [(row["benchmark"], row["label"]) for row in table] == [
        (name, label) for name in (ALL, "clock", "shop") for label in ("Teacher", "Student")
    ]
    opened = rdpt.open(database)
    for row in table:
        scope = {} if row["benchmark"] == ALL else {"benchmark": row["benchmark"]}
        seen = {
            name: opened.run(name).sentences(**scope).column("label").to_pylist()
            for name in ("run", "by the student", "by the teacher")
        }
        share = {name: labels.count(row["label"]) / len(labels) for name, labels in seen.items()}
        wrong, right = share[f"by the {row['wrong_writer']}"], share[f"by the {row['right_writer']}"]
        assert row["wrong_writer"] == ("student" if row["label"] == "Teacher" else "teacher")
        assert (row["share_of_sentences"], row["share_in_wrong_text"], row["share_in_right_text"]) == pytest.approx(
            (share["run"], wrong, right)
        )
        assert row["corrected_share"] == pytest.approx((share["run"] - wrong) / (right - wrong))
        assert row["low"] <= row["corrected_share"] <= row["high"]
        assert row["n_sentences_run"] == len(seen["run"])
        n = N_QUESTIONS if row["benchmark"] == ALL else N_QUESTIONS // 2
        assert {row[f"n_questions_{name}"] for name in ("run", "wrong_text", "right_text")} == {n}


def test_filters_that_known_texts_cannot_fit_leave_them_whole(database: Path) -> None:
    run = rdpt.open(database).run()
    whole, graded = (run.corrected_shares(**given).to_pylist()[0] for given in ({}, {"correct": True}))
    assert graded["n_sentences_wrong_text"] == whole["n_sentences_wrong_text"] > 0
    assert run.corrected_shares(benchmark="shop").to_pylist()[0]["n_questions_right_text"] == N_QUESTIONS // 2


def test_the_rule_decides_for_all_three_texts(database: Path) -> None:
    # Beyond every gap: no label is Teacher anywhere, and nothing can be corrected.
    row = rdpt.open(database).run().corrected_shares(beta=0.9, alpha=0.05).to_pylist()[0]
    assert (row["share_of_sentences"], row["share_in_right_text"]) == (0, 0)
    assert row["corrected_share"] is None and row["low"] is None
    assert "not surely more frequent" in row["no_interval_because"]


def refused(path: Path, choose: Callable[[rdpt.Database], rdpt.ScoredRun]) -> str:
    with pytest.raises(UsageError) as caught:
        choose(rdpt.open(path)).corrected_shares()
    return str(caught.value)


def test_what_cannot_be_corrected_is_told(database: Path, tmp_path: Path) -> None:
    assert "distilled model's text" in refused(database, lambda opened: opened.run("by the student"))
    alone = tmp_path / "alone.duckdb"
    synthetic.build(alone, texts({"Teacher": 0.4}))
    assert "rdpt calibrate" in refused(alone, lambda opened: opened.run())
    pair = tmp_path / "pair.duckdb"
    synthetic.build(pair, texts({"Teacher": 0.4}), roles=(Role.STUDENT, Role.DISTILLED))
    assert "teacher and student" in refused(pair, lambda opened: opened.run())


def test_text_that_is_scored_otherwise_is_not_used(database: Path) -> None:
    other = synthetic.build(
        database, texts({"Teacher": 0.5}), run_id="d" * 16, name="other", identity={"run": "same", "policy": "raw"}
    )
    opened = rdpt.open(database)
    register_writer(database, other, opened.run("run").info.key, Role.STUDENT, {})
    row = opened.run("run").corrected_shares().to_pylist()[0]
    assert row["share_in_wrong_text"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("teacher", "student", "expected"),
    [((0.5, 0.4, 0.6), (0.5, 0.4, 0.6), None), ((0.5, 0.4, 0.6), (0.3, 0.2, 0.39), (0.5, 0.3))],
)
def test_both_labels_are_to_say_the_same(
    teacher: Sequence[float], student: Sequence[float], expected: tuple[float, float] | None
) -> None:
    sample = (30, 30, 30)
    rows = [
        CorrectedRow(ALL, label, CorrectedShare(0.4, 0.1, 0.7, *ends, sample, (30.0,) * 3, sample, None))  # type: ignore[arg-type]
        for label, ends in (("Teacher", teacher), ("Student", student))
    ]
    assert contradiction(rows) == expected
    unknown = [replace(rows[0], shares=replace(rows[0].shares, refused="too few")), rows[1]]
    assert contradiction(unknown) is None
