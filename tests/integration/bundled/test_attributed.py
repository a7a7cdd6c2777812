"""Whose the sentences of the bundled runs are, against planted truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.recipe.experiments.attributed import SIBLING, TEACHERS, PlantedRun, main
from rdpt_core.bundled import ROOT

ORIGINS = {
    "teacher_a": "only in A's data",
    "teacher_b": "only in B's data",
    "both_teachers": "in A's and B's data",
    "student": "only in the student's data",
    "common": "in everybody's data",
    "amplified": "amplified in the distillation set",
    "none": "in nobody's (mostly false sums)",
}


@pytest.fixture(scope="module")
def distilled(demo_database: Path) -> PlantedRun:
    return PlantedRun(demo_database, "bundled demo")


@pytest.fixture(scope="module")
def mixture(demo_database: Path) -> PlantedRun:
    return PlantedRun(demo_database, "bundled mixture")


def test_sentences_of_one_source_go_to_it_and_common_ones_to_nobody(distilled: PlantedRun, mixture: PlantedRun) -> None:
    for run in (distilled, mixture):
        asked = run.ask(*TEACHERS)
        assert asked.counts["teacher_a"].total() > 300
        assert asked.share("teacher_a", "A") >= 0.95
        assert asked.share("student", "student") >= 0.95
        assert asked.share("common", "several", "student") >= 0.7
    asked = mixture.ask(*TEACHERS)
    assert asked.counts["teacher_b"].total() > 300
    assert asked.share("teacher_b", "B") >= 0.95


def test_the_verdict_names_who_taught_and_nobody_else(distilled: PlantedRun, mixture: PlantedRun) -> None:
    assert distilled.ask(*TEACHERS).verdict == "A; not B (95% confidence)."
    assert mixture.ask(*TEACHERS).verdict == "A and B (95% confidence)."


def test_a_sibling_is_never_the_winner(distilled: PlantedRun, mixture: PlantedRun) -> None:
    for run in (distilled, mixture):
        asked = run.ask(*TEACHERS, SIBLING)
        assert max(asked.share("teacher_a", name) for name in ("A", SIBLING)) <= 0.05
        assert "A and sibling, which cannot be told apart" in asked.verdict


def test_a_control_is_credited_with_next_to_nothing(distilled: PlantedRun, mixture: PlantedRun) -> None:
    for run in (distilled, mixture):
        for control in run.controls:
            placed = run.put_in_place(control)
            credited = sum(counts[control] for counts in placed.counts.values())
            assert credited < 0.01 * sum(counts.total() for counts in placed.counts.values())
    assert distilled.controls == ("decoy", "decoy_2", "decoy_3", "decoy_4", "decoy_5")
    assert mixture.controls == ("decoy",)


def test_where_the_true_teacher_is_withheld_nobody_is_named(distilled: PlantedRun, mixture: PlantedRun) -> None:
    for run in (distilled, mixture):
        assert run.ask("B").share("teacher_a", "none") >= 0.8
    asked = distilled.ask("B")
    assert "mostly none of these" in asked.verdict
    assert mixture.ask("A").share("teacher_b", "none") >= 0.8


def test_the_interval_of_the_mixtures_share_holds_the_planted_one(mixture: PlantedRun) -> None:
    assert mixture.coverage(n_worlds=200, n_questions=150) >= 0.93


def test_the_readme_holds_the_confusion_table(mixture: PlantedRun) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("**", "")
    asked = mixture.ask(*TEACHERS)
    assert f"| true origin | n | {' | '.join(asked.answers)} |" in readme
    for origin, counts in asked.counts.items():
        shares = " | ".join(f"{asked.share(origin, answer):.2f}" for answer in asked.answers)
        assert f"| {ORIGINS[origin]} | {counts.total():,} | {shares} |" in readme


def test_what_the_readme_says_of_its_weak_sides(mixture: PlantedRun) -> None:
    asked = mixture.ask(*TEACHERS)
    assert mixture.ask("B").share("teacher_a", "none") > 0.995
    assert abs(asked.share("none", *TEACHERS) - asked.share("none", "none")) < 0.1
    assert 0.17 < asked.share("both_teachers", *TEACHERS) < 0.23


def test_the_command_prints_every_table(demo_database: Path) -> None:
    shown: list[str] = []
    assert main(["--db", str(demo_database), "--half", "A"], shown.append) == 0
    assert sum("planted origin" in text for text in shown) == 14
    assert shown[0].startswith("\nbundled demo, A and B: A; not B (95% confidence).")
