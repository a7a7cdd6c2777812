"""How the drops of groups of sentences are distributed, on a scale that shows hundredths of a nat and dozens of them.

    u = arsinh(drop / FINE)

is close to `drop / FINE` where the drop is below `FINE`, and close to a logarithm beyond, on either side of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from rdpt_core.analysis.evidence.importance.sample import By, Sample
from rdpt_core.arrays import Doubles, Ints

FINE = 0.01
"""Nats up to which the scale is nearly linear."""

N_BINS = 72

T = TypeVar("T", float, Doubles)


def to_scale(drop: T) -> T:
    """Nats to places on the scale."""
    placed: T = np.arcsinh(drop / FINE)
    return placed


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """Counts of every label in every group, in bins of equal width on the scale.

    Attributes:
        edges: (n_bins + 1,), on the scale.
        groups: the values of the split that some sentence has, as indices into its names.
        counts: (n_groups, n_labels, n_bins), sentences.
    """

    edges: Doubles
    groups: tuple[int, ...]
    counts: Ints


def histograms(sample: Sample, by: By) -> Histograms:
    """The distributions of a sample; the bins span all of it."""
    placed = np.arcsinh(sample.drop / FINE)
    low, high = (float(placed.min()), float(placed.max())) if len(placed) else (0.0, 0.0)
    # Room for 0 and for what counts as large, so that figures of different scopes look alike.
    edges = np.linspace(min(low, -1.0), max(high, 5.5), N_BINS + 1)
    groups = sample.present(by)
    bin_no = np.clip(np.searchsorted(edges, placed, side="right") - 1, 0, N_BINS - 1)
    row = np.searchsorted(np.array(groups, np.int64), sample.group(by)) * len(sample.labels) + sample.label
    size = len(groups) * len(sample.labels) * N_BINS
    counts = np.bincount(row * N_BINS + bin_no, minlength=size)
    return Histograms(edges, groups, counts.reshape(len(groups), len(sample.labels), N_BINS))
