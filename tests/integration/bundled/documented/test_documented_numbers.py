"""Every number that the README and docs/statistics.md give of the bundled data, recomputed from them."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.controls import NO_TEACHER
from rdpt_core.analysis.evidence.importance.data import importance_of
from rdpt_core.analysis.evidence.importance.summaries import summary_rows
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.run.predict.verdict import Direction, against_length, verdicts
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.auc import Auc
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit

PROJECT = Path(__file__).resolve().parents[4]
RULE = LabelRule.make()
ORIGINS = {
    "teacher_a": "only in the teacher's data",
    "slip": "a slip that the next sentence corrects, only in the teacher's data",
    "both_teachers": "in the data of the teacher and of teacher B",
    "teacher_b": "only in teacher B's data",
    "decoy": "only in the decoy's data",
    "student": "only in the student's data",
    "amplified": "amplified in the distillation set",
    "common": "in everybody's data",
    "none": "in nobody's (mostly false sums)",
}
OWN_ORIGIN = {"Teacher": "teacher_a", "Student": "student"}
LABELS = ("Teacher", "Student", "Shared", "Boosted")


def flat(text: str) -> str:
    """Without emphasis, and on one line."""
    return " ".join(text.replace("**", "").split())


def readme() -> str:
    """What the README says of the bundled data."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    return flat(text.partition("## What the bundled data show")[2].partition("### Which of several teachers?")[0])


def statistics() -> str:
    """The bundled traces in docs/statistics.md, as far as correctness goes."""
    text = (PROJECT / "docs" / "statistics.md").read_text(encoding="utf-8")
    return flat(text.partition("**On the bundled traces** (")[2].partition("\n## ")[0])


def openings() -> str:
    """What docs/statistics.md says of the first sentences of the bundled traces."""
    text = (PROJECT / "docs" / "statistics.md").read_text(encoding="utf-8")
    return flat(text.partition("**Openings of the bundled traces differ.**")[2].partition("\n![")[0])


@pytest.fixture(scope="module")
def run(bundled_database: Path) -> rdpt.ScoredRun:
    return rdpt.open(bundled_database).run()


@pytest.fixture(scope="module")
def predicted(run: rdpt.ScoredRun) -> dict[str, Prediction]:
    """Measure → everything on correctness, as the page Predict shows it."""
    return {measure: run._data().prediction(RULE, Scope(), measure) for measure in ("share", "count")}


@cache
def planted() -> dict[tuple[str, int, int], str]:
    """Trace and characters of every planted sentence → where it came from."""
    lines = map(json.loads, (PROJECT / "data" / "traces.jsonl").read_text(encoding="utf-8").splitlines())
    return {
        (line["trace_id"], item["char_start"], item["char_end"]): item["origin"]
        for line in lines
        for item in line["meta"]["planted"]
    }


def labels_by_origin(run: rdpt.ScoredRun) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {origin: Counter() for origin in ORIGINS}
    for row in run.sentences().to_pylist():
        origin = planted().get((row["trace_id"], row["char_start"], row["char_end"]))
        if origin is not None:
            found[origin][row["label"]] += 1
    return found


def auc_of(auc: Auc) -> str:
    return f"{auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})"


def odds_of(fit: LogisticFit) -> str:
    return "× {:.2f} ({:.2f} to {:.2f})".format(*(np.exp(v[0]) for v in (fit.coefficient, fit.low, fit.high)))


def test_the_table_of_origins(run: rdpt.ScoredRun) -> None:
    counts = labels_by_origin(run)
    for origin, words in ORIGINS.items():
        total = counts[origin].total()
        if not total:
            assert f"| {words} |" not in readme()
            continue
        shares = " | ".join(f"{counts[origin][label] / total:.2f}" for label in LABELS)
        assert f"| {words} | {total:,} | {shares} |" in readme()
    precision = {
        label: counts[origin][label] / sum(c[label] for c in counts.values()) for label, origin in OWN_ORIGIN.items()
    }
    assert (
        f"of all sentences labelled Teacher, {precision['Teacher']:.2f} were the teacher's alone; of those labelled "
        f"Student, {precision['Student']:.2f} were the student's alone."
    ) in readme()
    n_known, n_all = sum(c.total() for c in counts.values()), run.sentences().num_rows
    # The recipe cuts traces as the product does.
    assert n_known == n_all
    assert f"At α = {RULE.alpha:g} and β = {RULE.beta:g}, for all {n_all:,} sentences:" in readme()
    assert {label for label in LABELS if counts["none"][label] > counts["none"].total() / 100} == {*LABELS} - {"Shared"}


def test_what_the_readme_says_of_correctness(predicted: dict[str, Prediction]) -> None:
    share = predicted["share"]
    teacher, student, length = (share.auc(name, ALL).auc for name in ("Teacher", "Student", LENGTH))
    fit = share.fit("Student").fits[Beside.CURVE]
    odds = odds_of(fit).replace(" (", " per standard deviation, ")
    assert (
        f"(AUC {teacher.value:.2f}, 95% interval {teacher.low:.2f} to {teacher.high:.2f}, {teacher.n_questions} "
        "questions); with no teacher it would"
    ) in readme()
    assert f"goes with incorrect answers (AUC {auc_of(student).replace(' (', ', ')}, also beside a curve" in readme()
    assert f"for length (odds {odds}, but no longer clearly so among traces of about the same length." in readme()
    assert f"| number of sentences | {auc_of(length)} |" in statistics()
    assert share.length.misfit_p < 0.001 and "misfits (p < 0.001)" in statistics()
    *_, without, with_labels = share.added
    losses = (without.loss.value, with_labels.loss.value)
    assert "a log loss of {:.3f}; with label shares, {:.3f}.".format(*losses) in statistics()


def test_what_the_readme_says_of_adjustments(predicted: dict[str, Prediction]) -> None:
    student = next(verdict for verdict in verdicts(predicted["share"]) if verdict.predictor == "Student")
    assert student.pooled is Direction.INCORRECT
    assert student.at_equal_length["beside length, curve"] is Direction.INCORRECT
    assert student.at_equal_length["about the same length"] is Direction.UNCLEAR
    for prediction in predicted.values():
        said = {verdict.predictor: verdict for verdict in verdicts(prediction)}
        assert all(len(verdict.at_equal_length) == 4 for verdict in said.values())
        # No label keeps one direction through all four adjustments, so the README says "here" and "clearly".
        assert all(verdict.agreed is None for verdict in said.values())
        # Over the same pairs of traces no label does better than length where the question is the same.
        assert {found.group: found.better for found in against_length(prediction)}[SAME_QUESTION] == ()
        added = prediction.added[-1].added
        assert added is not None and added.low > 0
    assert verdicts(predicted["share"])[0].pooled is Direction.UNCLEAR


def test_correctness_rises_with_length_and_then_falls(run: rdpt.ScoredRun) -> None:
    traces = run.traces().to_pylist()

    def accuracy(shortest: int, longest: int) -> float:
        return float(np.mean([row["correct"] for row in traces if shortest <= row["n_sentences"] <= longest]))

    assert accuracy(1, 5) < accuracy(6, 12) - 0.3 and accuracy(19, 99) < accuracy(6, 12) - 0.3


def test_openings_differ(run: rdpt.ScoredRun) -> None:
    rows = run.sentences().to_pylist()
    share = {}
    for index in (0, 3, 6):
        there = [row for row in rows if row["sentence_index"] == index]
        for benchmark in {row["benchmark"] for row in there}:
            own = Counter(row["label"] for row in there if row["benchmark"] == benchmark)
            share |= {(index, benchmark, label): own[label] / own.total() for label in LABELS}
    assert (
        f"mostly Teacher (clock {share[0, 'clock', 'Teacher']:.2f}, shop {share[0, 'shop', 'Teacher']:.2f}); on those "
        f"farthest from it, mostly Student (units {share[0, 'units', 'Student']:.2f}, week "
        f"{share[0, 'week', 'Student']:.2f})."
    ) in openings()
    spread = {
        index: max(
            np.ptp([value for (at, _, kind), value in share.items() if (at, kind) == (index, label)])
            for label in ("Teacher", "Student")
        )
        for index in (0, 3, 6)
    }
    assert spread[0] > 0.9 > 0.85 > spread[3] and spread[6] < 0.85


def test_what_comes_with_the_project(run: rdpt.ScoredRun) -> None:
    text = flat((PROJECT / "README.md").read_text(encoding="utf-8"))
    benchmarks = Counter(row["benchmark"] for row in run.traces().to_pylist())
    assert f"{benchmarks.total()} traces of the distilled model on nine small benchmarks" in text
    assert len(benchmarks) == 9
    (size,) = {f"{model.n_parameters / 1e6:.1f}" for model in run.info.models}
    data = PROJECT / "data"
    n_more = len([*(data / "companions").iterdir(), *(data / "checkpoints").iterdir()])
    assert n_more == 12 and f"a distilled model and twelve more, of {size} million parameters each" in text


def test_the_table_in_the_docs(predicted: dict[str, Prediction]) -> None:
    rows = (("share", "Teacher"), ("count", "Teacher"), ("share", "Student"), ("count", "Shared"))
    for measure, label in rows:
        prediction = predicted[measure]
        aucs = [auc_of(prediction.auc(label, group).auc) for group in (ALL, SAME_LENGTH, SAME_QUESTION)]
        odds = odds_of(prediction.fit(label).fits[Beside.CURVE])
        name = {"share": "share", "count": "number"}[measure]
        assert f"| {name} of {label} | {' | '.join(aucs)} | {odds} |" in statistics()
    length = [auc_of(predicted["share"].auc(LENGTH, group).auc) for group in (ALL, SAME_QUESTION)]
    assert f"| number of sentences | {length[0]} | – | {length[1]} | – |" in statistics()
    prediction = predicted["share"]
    worth = f"({prediction.n_questions} questions, worth {prediction.n_effective:.0f} equal ones;"
    assert worth in flat((PROJECT / "docs" / "statistics.md").read_text(encoding="utf-8"))


def test_what_answers_lose(demo_database: Path) -> None:
    demo = rdpt.open(demo_database).run("bundled demo")
    data = {None: demo._data(), "no teacher": demo._data(control=NO_TEACHER.key)}
    lost = {name: importance_of(own).summaries(RULE, Scope(), "deletion", "all") for name, own in data.items()}
    shares = {
        (name, row["label"]): row
        for name, summaries in lost.items()
        for row in summary_rows(summaries, "all", "deletion").to_pylist()
    }

    def told(name: str | None, label: str, between: str = "") -> str:
        row = shares[name, label]
        share, low, high = (f"{100 * row[f'share_above_1_nat{end}']:.0f}%" for end in ("", "_low", "_high"))
        return f"{share} of {label}{between} ({low} to {high}"

    text = readme()
    for part in (
        f"{told(None, 'Teacher', ' sentences')}, 90 questions)",
        f"{told(None, 'Shared')}), {told(None, 'Boosted')}) and {told(None, 'Student', ' sentences')})",
        told("no teacher", "Teacher").replace("of Teacher", "of those that would be Teacher"),
    ):
        assert part in text
    differences = demo.importance_differences().to_pylist()
    assert {row["n_questions"] for row in differences if row["minus"] == "Student"} == {90}


def test_no_number_of_the_readme_goes_unchecked() -> None:
    # A number added to this part of the README belongs into a test above, or of controls, and then into this list.
    numbers = Counter(re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", readme().replace("95% interval", "")))
    table = re.findall(r"\| ([\d.,]+)(?= \|)", readme())
    checked = (
        "0.05 0.1 10,405 0.44 0.29 0.49 0.45 0.53 540 0.38 0.34 0.43 0.47 0.31 0.72 0.37 48 58 9.9 11.0 9.0 99.1 "
        "124 50 3 47 72 31 1.6 76 44 25 "
        "1 20 15 27 90 19 11 28 22 13 34 39 32 47 21 15 29"
    )
    assert numbers - Counter(table) == Counter(checked.split())
