"""Which of very many keys are frequent, without holding them all: counters that several keys may share.

A key's counter is never below its number, so no frequent key is missed. One that shares its counter may be kept
although it is rare; exact numbers, counted afterwards, drop it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rdpt_core.arrays import Hashes, Ints

_COUNTERS = 1 << 24


class Frequent:
    """Keys that were seen at least so often, and a text of each.

    Args:
        fewest: how often.
    """

    def __init__(self, fewest: int) -> None:
        self._fewest = fewest
        self._counters = np.zeros(_COUNTERS if fewest > 1 else 0, np.uint32)
        self._text: dict[int, str] = {}
        self._known: Hashes = np.empty(0, np.uint64)

    def add(self, keys: Hashes, first: Ints, n: Ints, texts: Callable[[Ints], Sequence[str]]) -> None:
        """Count keys.

        Args:
            keys: (k,), different, ascending.
            first: (k,), any place of each, for `texts`.
            n: (k,), how often each is there.
            texts: the texts at some places.
        """
        often = np.ones(len(keys), bool)
        if self._fewest > 1:
            counters = (keys >> np.uint64(40)).astype(np.int64)
            np.add.at(self._counters, counters, n.astype(np.uint32))
            often = self._counters[counters] >= self._fewest
        at = np.minimum(np.searchsorted(self._known, keys), max(0, len(self._known) - 1))
        new = often & (self._known[at] != keys if len(self._known) else True)
        if new.any():
            self._text.update(zip(keys[new].tolist(), texts(first[new]), strict=True))
            self._known = np.sort(np.concatenate([self._known, keys[new]]))

    def known(self) -> tuple[Hashes, list[str]]:
        """The keys that were kept, ascending, and their texts."""
        return self._known, [self._text[key] for key in self._known.tolist()]
