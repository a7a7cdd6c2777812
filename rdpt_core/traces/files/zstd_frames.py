"""Whether a zstd file is whole, told from the headers of its frames and blocks alone.

The decompressor ends a file that was cut off as if that were its end. What was lost would be lost in silence.
"""

from __future__ import annotations

from typing import BinaryIO

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_ID_BYTES = (0, 1, 2, 4)
_SIZE_BYTES = (0, 2, 4, 8)
_REPEATED = 1
_CHECKSUM_BYTES = 4


def check_frames(file: BinaryIO) -> None:
    """Go from header to header to the end of a seekable file.

    Raises:
        EOFError: the file ends inside a frame.
    """
    end = file.seek(0, 2)
    position = 0
    while position < end:
        file.seek(position)
        magic = file.read(4)
        if magic == _MAGIC:
            position = _frame_end(file, position + 4)
        elif magic[1:] == _SKIPPABLE and magic[0] >> 4 == 5:
            position += 8 + int.from_bytes(file.read(4), "little")
        else:
            return  # something else behind the last frame, of which the decompressor thinks what it likes
    if position > end:
        raise _cut()


def _frame_end(file: BinaryIO, position: int) -> int:
    file.seek(position)
    about = file.read(1)
    if not about:
        raise _cut()
    is_single = about[0] >> 5 & 1
    size_bytes = _SIZE_BYTES[about[0] >> 6] or is_single
    position += 1 + (1 - is_single) + _ID_BYTES[about[0] & 3] + size_bytes
    is_last = False
    while not is_last:
        file.seek(position)
        header = file.read(3)
        if len(header) < 3:
            raise _cut()
        block = int.from_bytes(header, "little")
        is_last = bool(block & 1)
        position += 3 + (1 if block >> 1 & 3 == _REPEATED else block >> 3)
    return position + (_CHECKSUM_BYTES if about[0] >> 2 & 1 else 0)


def _cut() -> EOFError:
    return EOFError("the file ends inside its compressed data")
