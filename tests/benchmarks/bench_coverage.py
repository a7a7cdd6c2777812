"""How often 95% intervals hold the truth, on simulated data whose truth is known; ours, and naive ones beside them.

    python tests/benchmarks/bench_coverage.py [--sets 400] [--only edges|worlds]

*Worlds* plant shares, positions and effects on correctness at once. *Edges* are rare and certain labels, few questions,
and questions of very unequal size. Naive intervals take sentences (for accuracy, AUC and odds: traces) for independent.
"both levels" draws questions and then their traces once more, with plain percentiles. Four minutes on one core; the
same seeds give the same numbers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import coverage, simulation


def main() -> None:
    """Prints one line a statistic for each planted world, and one for each design at the edges."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--only", choices=["edges", "worlds"])
    arguments = parser.parse_args()
    if arguments.only != "edges":
        worlds(arguments.sets)
    if arguments.only != "worlds":
        edges(arguments.sets)


def worlds(n_sets: int) -> None:
    """Every statistic in every planted world."""
    for title, world in simulation.WORLDS.items():
        print(f"{title} ({n_sets} data sets)")
        for name, (honest, naive) in simulation.STATISTICS.items():
            truth = honest(simulation.large(world))[0]
            covered = simulation.coverage(world, honest, truth, n_sets)
            ours = f"{covered:6.1%}" if covered == covered else "refused"
            line = f"  {name:22} truth {truth:+.3f}   ours {ours}"
            if naive is not None:
                line += f"   naive {simulation.coverage(world, naive, truth, n_sets):6.1%}"
            if name == "share":
                both = simulation.coverage(world, simulation.share_of_both_levels, truth, n_sets)
                line += f"   both levels {both:6.1%}"
            print(line, flush=True)
        band, naive_band = simulation.band_coverage(world, n_sets)
        print(f"  {'whole curve':22} {'':14}   ours {band:6.1%}   naive {naive_band:6.1%}", flush=True)


def edges(n_sets: int) -> None:
    """Every design of `coverage`."""
    for title, designs in coverage.designs():
        print(f"{title} ({n_sets} data sets)")
        for name, design in designs.items():
            measured = coverage.measure(design, n_sets)
            ours = f"{measured.ours:6.1%} (width {measured.width:.3f})"
            naive = f"{measured.naive:6.1%} (width {measured.naive_width:.3f})"
            refused = f"   given in {measured.given:.0%}" if measured.given < 1 else ""
            print(f"  {name:36} ours {ours}   naive {naive}{refused}", flush=True)


if __name__ == "__main__":
    main()
