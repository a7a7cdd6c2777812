"""References: simulated sums as calibration takes them, and runs in a file that have references."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.recipe.experiments.exchangeable import Sums
from rdpt_core.records import RunKey
from tests.support import companions, synthetic


def halves(drawn: Sums) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[Any], ...]]:
    """The tested model and the references, each less the references' mean, in half precision."""
    near = (drawn.sums - drawn.sums[1:].mean(axis=0)).astype(np.float16)
    return near[0], tuple(near[1:])


def build(path: Path, n_references: int, traces: Sequence[synthetic.Sketch] | None = None) -> RunKey:
    """A run in a file with controls `a`, `b`, …, which differ a little from each other and know no Teacher sentence.

    Args:
        traces: those of `synthetic.sketches` and one without a number by default.
    """
    sketches = [*synthetic.sketches(), synthetic.unscored_sketch()] if traces is None else traces
    run = companions.build(path, sketches, ("checkpoint:200",), models=companions.named_teacher())
    rng = np.random.default_rng(0)
    for place in range(n_references):
        own = {
            kind: min(0.99, p * float(np.exp(0.15 * rng.standard_normal())))
            for kind, p in companions.PROBABILITIES["control:decoy"].items()
        }
        companions.add(path, run, sketches, f"control:{chr(ord('a') + place)}", probabilities=own)
    return run
