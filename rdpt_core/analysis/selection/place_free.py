"""Orders that depend on what things are and on a seed, never on their place in a file.

The same lines, sorted in another way, must give the same picks: files of candidates are often sorted by reward or
length, and an order by place would make that a hidden part of every strategy.
"""

from __future__ import annotations

import numpy as np

from rdpt_core.arrays import Doubles, Hashes, Ints

_GOLDEN = 0x9E3779B97F4A7C15
_BITS = (1 << 64) - 1


def mixed(hashes: Hashes, seed: int) -> Hashes:
    """Other numbers that look random for every seed: SplitMix64 (Steele, Lea and Flood 2014) of hash and seed.

    Shapes: (n,) to (n,). Different hashes stay different.
    """
    z = hashes + np.uint64((seed + 1) * _GOLDEN & _BITS)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(hashes: Hashes, seed: int) -> Doubles:
    """(n,), numbers in [0, 1) that look uniform and independent."""
    parts: Doubles = (mixed(hashes, seed) >> np.uint64(11)) / 2.0**53
    return parts


def turns(hashes: Hashes, seed: int) -> Ints:
    """(n,), the turn of each thing, from 0: a permutation that looks random for every seed."""
    turn = np.empty(len(hashes), np.int64)
    turn[np.argsort(mixed(hashes, seed), kind="stable")] = np.arange(len(hashes))
    return turn
