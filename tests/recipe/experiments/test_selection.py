"""The arithmetic of the selection experiment, and one tiny run from end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.recipe.experiments import selection_table
from data.recipe.experiments.selection import Size, run
from data.recipe.experiments.selection_table import Row, macro_accuracy, resample, table
from data.recipe.problems.tasks import BENCHMARKS, SEEN_BENCHMARKS
from data.recipe.reproducible import reproducible_torch

DATA = Path(__file__).parents[3] / "data"
BENCHMARK = np.array(["shop"] * 3 + ["week"] * 2)


def test_accuracy_weighs_benchmarks_and_not_questions_equally() -> None:
    assert macro_accuracy(np.array([1.0, 1.0, 0.0, 0.0, 1.0]), BENCHMARK) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_resamples_are_paired_and_centred() -> None:
    rng = np.random.default_rng(0)
    benchmark = np.repeat(["shop", "week"], 200)
    verdicts = (rng.random((4, 400)) < 0.6).astype(float)
    found = resample(verdicts, benchmark, 1)
    assert np.array_equal(found, resample(verdicts, benchmark, 1))
    assert found.mean() == pytest.approx(macro_accuracy(verdicts.mean(axis=0), benchmark), abs=0.005)
    # The same seeds and questions are drawn for both, so a constant lead has no spread.
    assert np.ptp(resample(np.ones_like(verdicts), benchmark, 1) - resample(0 * verdicts, benchmark, 1)) < 1e-12


def test_the_interval_covers_what_it_should() -> None:
    """100 experiments with a known accuracy of 0.5: about 95% of their intervals hold it."""
    rng = np.random.default_rng(0)
    benchmark = np.repeat(["shop", "week"], 60)
    covered = 0
    for number in range(100):
        verdicts = np.repeat((rng.random((1, 120)) < 0.5).astype(float), 4, axis=0)
        low, high = np.quantile(resample(verdicts, benchmark, number), [0.025, 0.975])
        covered += low <= 0.5 <= high
    assert 85 <= covered <= 100


def test_the_table_puts_the_most_accurate_first_and_names_the_reference() -> None:
    problems = [{"benchmark": name} for name in BENCHMARK]
    rows = [
        Row("random", 10, 500, 6, 0.5, 0.2, np.tile([1.0, 0.0, 0.0, 0.0, 1.0], (2, 1))),
        Row("longest", 5, 500, 6, 0.9, 0.4, np.ones((2, 5))),
    ]
    lines = table(rows, problems, 0).splitlines()
    assert lines[2].startswith("| longest | 5 | 500 | 100 | 6 |")
    assert "+0.583" in lines[2]
    assert lines[3].startswith("| random |")
    assert "| – |" in lines[3]


# The experiment itself runs reduced beside the other tests: `make experiment`.
@pytest.mark.slow
def test_a_tiny_experiment_runs_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection_table, "_N_RESAMPLES", 50)
    strategies = ("teacher-count", "rsr", "lalp", "random")
    size = Size(n_problems=2, n_candidates=2, n_epochs=1, n_seeds=2, n_graded=1, strategies=strategies)
    with reproducible_torch():
        text = run(DATA, size, 5)
    assert text.count("| teacher-count |") == text.count("| rsr |") == text.count("| lalp |") == 2
    n_questions = size.n_problems * len(SEEN_BENCHMARKS)
    assert f"{n_questions} questions ({', '.join(SEEN_BENCHMARKS)}), 2 candidates each" in text
    assert f"graded on 1 questions of each of {len(BENCHMARKS)} benchmarks" in text
