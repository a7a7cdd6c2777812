"""Coverage of all intervals over 400 simulated data sets. The same numbers as `tests/benchmarks/bench_coverage.py`."""

from __future__ import annotations

import pytest

from tests.support import simulation
from tests.support.simulation import STATISTICS, WORLDS

WORLD = WORLDS["40 questions, strong clustering"]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STATISTICS))
def test_intervals_cover_as_they_say(name: str) -> None:
    honest, naive = STATISTICS[name]
    truth = honest(simulation.large(WORLD))[0]
    assert 0.93 <= simulation.coverage(WORLD, honest, truth) <= 0.97
    if name in ("share", "difference", "AUC"):
        assert naive is not None
        assert simulation.coverage(WORLD, naive, truth) < 0.9


@pytest.mark.slow
def test_bands_cover_whole_curves() -> None:
    ours, naive = simulation.band_coverage(WORLD)
    assert 0.93 <= ours <= 0.97
    assert naive < 0.7
