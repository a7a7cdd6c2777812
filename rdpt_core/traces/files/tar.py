"""Tar archives as a stream of members.

Python's own reader lets a hostile header ask for any amount of memory and time in the versions that are still common.
This one reads names and sizes, and nothing else of what a header may say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BLOCK = 512
_CHUNK = 1 << 20
_HEADER_TEXT = 1 << 20
_FILES = b"0\x007"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _FOLDER = b"L", b"K", b"x", b"g", b"5"
_KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"6": "a named pipe",
          b"S": "a sparse file", b"D": "a folder's listing", b"M": "the rest of another archive's file",
          b"V": "the archive's label"}  # fmt: skip


class TarError(ValueError):
    """The archive is damaged, with what is wrong."""


@dataclass(slots=True)
class TarMember:
    """A member that is no folder; its bytes are drawn from `blocks` before the next member, or passed over.

    Attributes:
        kind: what it is, if it is no plain file.
    """

    name: str
    size: int
    kind: str | None
    blocks: Iterator[bytes]


def is_tar(head: bytes) -> bool:
    """Whether a file's first bytes are the header of a tar archive, by its mark and its checksum."""
    return head[257:262] == b"ustar" and _checksum_is_right(head[:_BLOCK])


def read_tar(stream: BinaryIO) -> Iterator[TarMember]:
    """The members of an archive, in order.

    Raises:
        TarError: a header is wrong, or the archive ends inside a member.
    """
    long_name: str | None = None
    pax: dict[str, str] = {}
    while header := _header(stream):
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
            text = _small(stream, size)
            if kind == _LONG_NAME:
                long_name = _text(text.rstrip(b"\0"))
            elif kind == _PAX:
                pax = _pax_fields(text)
            continue
        name = pax.get("path") or long_name or _name(header)
        given = pax.get("size", "")
        size = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else size
        if any(key.startswith("GNU.sparse") for key in pax):
            kind = b"S"
        long_name, pax = None, {}
        has_more = kind == b"S" and header[482:483] == b"\x01"
        while has_more:  # the map of a sparse file goes on in blocks of its own
            has_more = stream.read(_BLOCK)[504:505] == b"\x01"
        if kind in b"12346":
            size = 0  # links and devices have no content, whatever their header says
        blocks = _content(stream, size)
        if kind != _FOLDER and not (kind in _FILES and name.endswith("/")):
            what = None if kind in _FILES else _KINDS.get(kind, f"of the unknown kind {_text(kind)!r}")
            yield TarMember(name, size, what, blocks)
        for _ in blocks:
            pass


def _header(stream: BinaryIO) -> bytes:
    """The next header; empty at the archive's end, which two blocks of zeros mark, or one, or none."""
    header = stream.read(_BLOCK)
    if not header.strip(b"\0"):
        return b""
    if len(header) < _BLOCK:
        raise TarError("the archive ends inside a header")
    if not _checksum_is_right(header):
        raise TarError("the checksum of a header is wrong")
    return header


def _checksum_is_right(header: bytes) -> bool:
    if len(header) < _BLOCK:
        return False
    try:
        given = _number(header[148:156])
    except TarError:
        return False
    return given == sum(header[:148]) + 8 * ord(" ") + sum(header[156:])


def _number(field: bytes) -> int:
    if field[0] == 0x80:  # GNU tar's way to write large sizes
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise TarError("a number in a header cannot be read")
    return int(digits, 8)


def _small(stream: BinaryIO, size: int) -> bytes:
    if size > _HEADER_TEXT:
        raise TarError(f"a name takes {size} bytes")
    return b"".join(_content(stream, size))


def _content(stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0:
        block = stream.read(min(left, _CHUNK))
        if not block:
            raise TarError("the archive ends inside a member")
        left -= len(block)
        yield block
    padding = -size % _BLOCK
    if len(stream.read(padding)) < padding:
        raise TarError("the archive ends inside a member")


def _pax_fields(text: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        digits, space, _ = text[position : position + 12].partition(b" ")
        if not space or not digits.isdigit() or not int(digits):
            raise TarError("an extended header cannot be read")
        key, _, value = text[position + len(digits) + 1 : position + int(digits)].partition(b"=")
        fields[_text(key)] = _text(value.removesuffix(b"\n"))
        position += int(digits)
    return fields


def _name(header: bytes) -> str:
    name, prefix = header[:100].split(b"\0", 1)[0], header[345:500].split(b"\0", 1)[0]
    # GNU's own variant keeps times where POSIX keeps the front of a long name.
    return _text(prefix + b"/" + name if prefix and header[257:263] == b"ustar\0" else name)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
