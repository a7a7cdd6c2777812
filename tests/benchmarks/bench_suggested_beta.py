"""How often a β is suggested: for data with one hump, where none is right, and for two humps at several distances.

    python tests/benchmarks/bench_suggested_beta.py [--sets 300]

Prints a table for docs/statistics.md. A quarter of an hour on one core; the same numbers each time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import humps


def main() -> None:
    """Prints one row a kind of data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=300)
    n_sets = parser.parse_args().sets
    print("| " + " | ".join(["values", *(f"{n} × {m}" for n, m in humps.SIZES)]) + " |")
    print("|---" * (1 + len(humps.SIZES)) + "|")
    kinds = {f"one hump: {name}": draw for name, draw in humps.ONE_HUMP.items()}
    kinds |= {f"two humps, {distance} sd apart": humps.two_humps(distance) for distance in (3, 4, 5, 7)}
    kinds["two humps, 5 sd apart, unequal questions"] = humps.two_humps(5, spread=0.2)
    for name, draw in kinds.items():
        found = [humps.part_with_beta(draw, n, m, n_sets) for n, m in humps.SIZES]
        print(f"| {name} | " + " | ".join(f"{part:.1%}" for part in found) + " |", flush=True)


if __name__ == "__main__":
    main()
