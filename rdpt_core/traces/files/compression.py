"""Decompressing streams: gzip, zstd, xz and bzip2, with damage and bombs turned into errors that a user can read."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from rdpt_core.errors import InputError, MissingPackageError
from rdpt_core.traces.files.limits import is_bomb
from rdpt_core.traces.files.zstd_frames import check_frames

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

MAGIC_BYTES = 10
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_XZ = b"\xfd7zXZ\x00"
_BZIP2, _BZIP2_BLOCK = b"BZh", b"1AY&SY"
_BLOCK = 1 << 18
_XZ_MEMORY = 2**28
"""`xz -9` needs 65 MiB. A header may ask for gigabytes."""


def decompressed(raw: BinaryIO, name: str, size: int) -> BinaryIO:
    """A stream from its start, decompressed if its first bytes say that it is compressed.

    Args:
        raw: closed together with the result.
        name: what errors call the file.
        size: the compressed file's bytes, against which its growth is held.

    Raises:
        MissingPackageError: the compression needs a package that is not installed. Damage is reported while reading.
    """
    magic = raw.read(MAGIC_BYTES)
    raw.seek(0)
    inner: object
    if magic.startswith(_GZIP):
        inner = gzip.GzipFile(fileobj=raw)
    elif magic.startswith(_ZSTD):
        inner = zstd_stream(raw)
    elif magic.startswith(_XZ):
        inner = _Streams(raw, _xz_decompressor())
    elif magic.startswith(_BZIP2) and magic.endswith(_BZIP2_BLOCK):
        inner = bzip2_stream(raw)
    else:
        return raw
    return cast(BinaryIO, _Decompressed(_Guard(cast(io.RawIOBase, inner), name, size), raw))


def damaged(name: str, got: str) -> InputError:
    """The error for compressed data that does not decompress."""
    return InputError("a compressed file is damaged", where=name, got=got, hint="Fetch or make the file again.")


def too_big(name: str, what: str, got: str) -> InputError:
    """The error for content that grows beyond what text does."""
    return InputError(
        f"{what} grows beyond every reasonable size", where=name, got=got, hint="If the file is right, unpack it first."
    )


def zstd_decompressor() -> ZstdDecompressor:
    """A decompressor whose window is bounded, so that a header cannot ask for gigabytes.

    Raises:
        MissingPackageError: zstandard is not installed.
    """
    try:
        import zstandard
    except ImportError as error:
        raise MissingPackageError(
            "reading zstd-compressed files needs the package zstandard", hint="Run: pip install zstandard"
        ) from error
    return zstandard.ZstdDecompressor(max_window_size=2**27)


def bzip2_stream(raw: BinaryIO) -> io.RawIOBase:
    """What a bzip2 file holds, in bounded memory."""
    return _Streams(raw, bz2.BZ2Decompressor)


def zstd_stream(raw: BinaryIO) -> io.RawIOBase:
    """What a zstd file holds, in bounded memory. `EOFError` if it was cut off, which its decompressor does not say.

    Raises:
        MissingPackageError: zstandard is not installed.
    """
    return _Zstd(raw, cast(BinaryIO, zstd_decompressor().stream_reader(raw, read_across_frames=True, closefd=False)))


class _Zstd(io.RawIOBase):
    def __init__(self, raw: BinaryIO, stream: BinaryIO) -> None:
        self._raw = raw
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        if not block:
            check_frames(self._raw)
        return block


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _xz_decompressor() -> Callable[[], _Decompressor]:
    try:
        import lzma
    except ImportError as error:  # a Python that was built without it
        raise MissingPackageError("this Python cannot read xz files: it was built without lzma") from error
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


class _Streams(io.RawIOBase):
    """Decompresses the streams that an xz or bzip2 file holds, one after another, within bounded memory."""

    def __init__(self, raw: BinaryIO, new: Callable[[], _Decompressor]) -> None:
        self._raw = raw
        self._new = new
        self._stream: _Decompressor | None = None
        self._held = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._stream is None:
                # Zero bytes may stand between and behind the streams of an xz file.
                self._held = self._held.lstrip(b"\x00")
                while not self._held:
                    block = self._raw.read(_BLOCK)
                    if not block:
                        return b""
                    self._held = block.lstrip(b"\x00")
                self._stream = self._new()
            if self._stream.needs_input and not self._held:
                self._held = self._raw.read(_BLOCK)
                if not self._held:
                    raise EOFError("the file ends inside its compressed data")
            block = self._stream.decompress(self._held, size)
            self._held = b""
            if self._stream.eof:
                self._held, self._stream = self._stream.unused_data, None
            if block:
                return block


class _Decompressed(io.BufferedReader):
    def __init__(self, guard: _Guard, raw: BinaryIO) -> None:
        super().__init__(guard, _BLOCK)
        self._under = raw

    def close(self) -> None:
        """Close the file under it as well."""
        super().close()
        self._under.close()


class _Guard(io.RawIOBase):
    def __init__(self, inner: io.RawIOBase, name: str, size: int) -> None:
        self._inner = inner
        self._name = name
        self._size_in = size
        self._size_out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        try:
            block = self._inner.read(len(view)) or b""
        except unpacking_errors() as error:
            raise damaged(self._name, str(error) or type(error).__name__) from error
        self._size_out += len(block)
        if is_bomb(self._size_in, self._size_out):
            raise too_big(
                self._name, "a compressed file", f"{self._size_in} bytes that unpack to more than {self._size_out}"
            )
        view[: len(block)] = block
        return len(block)


def unpacking_errors() -> tuple[type[BaseException], ...]:
    """What the decompressors raise for damage."""
    errors: list[type[BaseException]] = [EOFError, zlib.error, OSError]
    try:
        import zstandard

        errors.append(zstandard.ZstdError)
    except ImportError:
        pass
    try:
        import lzma

        errors.append(lzma.LZMAError)
    except ImportError:
        pass
    return tuple(errors)
