"""The table of the selection experiment: accuracies with paired intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.recipe.measuring.tables import markdown
from data.recipe.problems.tasks import SEEN_BENCHMARKS

REFERENCE = "random"
_N_RESAMPLES = 2000

Verdicts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One strategy under one guard. `verdicts` is (seeds, graded questions), 1 where the answer was right.

    `n_steps` counts the steps of one fine-tuning: at equal tokens, longer picks are fewer and take fewer steps.
    """

    strategy: str
    n_picked: int
    n_tokens: int
    n_steps: int
    picked_correct: float
    picked_teacher_share: float
    verdicts: Verdicts


def table(rows: Sequence[Row], problems: Sequence[Mapping[str, Any]], seed: int) -> str:
    """Accuracy by strategy, the most accurate first, with the paired difference from `random`."""
    benchmark = np.array([problem["benchmark"] for problem in problems])
    is_seen = np.isin(benchmark, SEEN_BENCHMARKS)
    resampled = {row.strategy: resample(row.verdicts, benchmark, seed) for row in rows}
    lines = []
    for row in sorted(rows, key=lambda row: -macro_accuracy(row.verdicts.mean(axis=0), benchmark)):
        mean = row.verdicts.mean(axis=0)
        gap = resampled[row.strategy] - resampled[REFERENCE]
        reference = next(other for other in rows if other.strategy == REFERENCE)
        centre = macro_accuracy(mean, benchmark) - macro_accuracy(reference.verdicts.mean(axis=0), benchmark)
        lines.append(
            [
                row.strategy,
                f"{row.n_picked}",
                f"{row.n_tokens:,}",
                f"{row.n_tokens / row.n_picked:.0f}",
                f"{row.n_steps}",
                f"{row.picked_correct:.2f}",
                f"{row.picked_teacher_share:.2f}",
                f"**{macro_accuracy(mean, benchmark):.3f}** {_interval(resampled[row.strategy])}",
                "–" if row.strategy == REFERENCE else f"{centre:+.3f} {_interval(gap, sign='+')}",
                f"{macro_accuracy(mean[is_seen], benchmark[is_seen]):.2f}",
                f"{macro_accuracy(mean[~is_seen], benchmark[~is_seen]):.2f}",
            ]
        )
    header = ["strategy", "picks", "tokens", "tokens a pick", "steps", "correct picks", "Teacher share", "accuracy"]
    return markdown([*header, f"against {REFERENCE}", "seen benchmarks", "unseen"], lines)


def macro_accuracy(verdicts: Verdicts, benchmark: npt.NDArray[np.str_]) -> float:
    """Mean over the benchmarks of their mean."""
    return float(np.mean([verdicts[benchmark == name].mean() for name in np.unique(benchmark)]))


def resample(verdicts: Verdicts, benchmark: npt.NDArray[np.str_], seed: int) -> Verdicts:
    """Accuracies of resamples: seeds drawn with replacement, and questions within each benchmark.

    The draws depend on the shapes and the seed only, so resample i of two strategies is the same seeds and questions.
    """
    rng = np.random.default_rng(seed)
    n_seeds = len(verdicts)
    total = np.zeros(_N_RESAMPLES)
    weights = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=_N_RESAMPLES) / n_seeds
    names = np.unique(benchmark)
    for name in names:
        here = verdicts[:, benchmark == name]
        n = here.shape[1]
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=_N_RESAMPLES) / n
        total += np.einsum("rs,sq,rq->r", weights, here, drawn)
    result: Verdicts = total / len(names)
    return result


def _interval(values: Verdicts, sign: str = "") -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"[{low:{sign}.3f}, {high:{sign}.3f}]"
