"""How much a file may ask of this computer. Each limit turns an attack or an accident into an error that says so."""

from __future__ import annotations

MAX_RECORD_BYTES = 256 * 2**20
"""One line, one CSV row, one member of an archive."""

MAX_DOCUMENT_BYTES = 2**30
"""One JSON document that has to be read as a whole."""

FREE_BYTES = 2**28
"""What a compressed file may grow to whatever its size; beyond it the ratio counts."""

MAX_EXPANSION = 200
"""Growth by decompression that text may show. Prose shrinks to a quarter, looping traces to a thirtieth or so."""

MAX_MEMBERS = 100_000
"""Files in an archive."""

DENSE_BYTES = 16 * 2**20
"""From this size on, JSON is weighed before it is parsed."""

MAX_DENSITY = 10
"""Memory that parsed JSON may take, in multiples of its text."""


def is_bomb(size_in: int, size_out: int) -> bool:
    """Whether data that grew from one size to another is nothing that text would do."""
    return size_out > FREE_BYTES and size_out > MAX_EXPANSION * max(size_in, 1)


def is_too_dense(text: str) -> bool:
    """Whether JSON is made of so many small values that parsing it would take many times its size.

    A list or object costs CPython at least 64 to 90 bytes, and an entry 8 to 60, however few characters it has.
    """
    if len(text) < DENSE_BYTES:
        return False
    return 80 * (text.count("[") + text.count("{")) + 30 * text.count(",") > MAX_DENSITY * len(text)
