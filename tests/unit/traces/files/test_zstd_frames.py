"""A zstd file that was cut off is damaged, wherever it was cut."""

from __future__ import annotations

import io
import random

import pytest
import zstandard

from rdpt_core.traces.files.zstd_frames import check_frames

_TEXT = random.Random(1).randbytes(300_000) + b"a" * 300_000


def packed(level: int = 3, **parameters: bool) -> bytes:
    return zstandard.ZstdCompressor(level=level, **parameters).compress(_TEXT)


def streamed() -> bytes:
    """A frame that does not say how long it is."""
    compressor = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return compressor.compress(_TEXT) + compressor.flush()


SKIPPABLE = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"other"
FRAMES = {
    "sized": packed(),
    "level 19": packed(19),
    "checksum": packed(write_checksum=True),
    "no size": packed(write_content_size=False),
    "streamed": streamed(),
    "empty": zstandard.ZstdCompressor().compress(b""),
    "skippable": SKIPPABLE,
    "several": streamed() + SKIPPABLE + packed(),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_whole_file_is_whole_and_a_part_is_not(kind: str) -> None:
    data = FRAMES[kind]
    check_frames(io.BytesIO(data))
    for end in {len(data) - 1, len(data) - 4, len(data) * 2 // 3, 7}:
        with pytest.raises(EOFError, match="ends inside"):
            check_frames(io.BytesIO(data[:end]))


def test_what_follows_the_last_frame_is_left_to_the_decompressor() -> None:
    check_frames(io.BytesIO(packed() + b"\0more"))
