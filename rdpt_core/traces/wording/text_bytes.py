"""The bytes of many texts at once, and which texts hold some of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.arrays import Bools, Ints

Octets = npt.NDArray[np.uint8]


class TextBytes:
    """The bytes of an array of texts, without copying them.

    Args:
        texts: (n,); one that is null has no bytes.

    Attributes:
        start: (n + 1,), text i is `data[start[i] : start[i + 1]]`.
        data: (n_bytes,), UTF-8.
    """

    def __init__(self, texts: pa.StringArray) -> None:
        n = len(texts)
        self.start: Ints = np.zeros(n + 1, np.int64)
        self.data: Octets = np.empty(0, np.uint8)
        _, offset_buffer, data_buffer = texts.buffers()
        if n and data_buffer is not None:
            offsets = np.frombuffer(offset_buffer, np.int32)[texts.offset : texts.offset + n + 1].astype(np.int64)
            self.start = offsets - offsets[0]
            self.data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]

    def rows(self, found: Callable[[Octets], Bools]) -> Bools:
        """(n,), which texts hold a byte that was found.

        Args:
            found: (n_bytes,) → (n_bytes,), looking at all bytes in a row; it may look back into the text before.
        """
        holds = np.zeros(len(self.start) - 1, bool)
        if not len(self.data):
            return holds
        flags = found(self.data)
        if flags.any():
            has_bytes = self.start[:-1] < self.start[1:]
            holds[has_bytes] = np.logical_or.reduceat(flags, self.start[:-1][has_bytes])
        return holds

    def rows_with(self, characters: str) -> Bools:
        """(n,), which texts hold these characters in a row."""
        octets = characters.encode("utf-8")

        def found(data: Octets) -> Bools:
            flags: Bools = data == octets[-1]
            for back, octet in enumerate(reversed(octets[:-1]), start=1):
                flags[:back] = False
                flags[back:] &= data[:-back] == octet
            return flags

        return self.rows(found)
