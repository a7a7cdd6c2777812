"""Opening what the user named: a file, standard input or bytes, seekable, and decompressed where it is compressed."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from rdpt_core.errors import InputError, MissingPackageError
from rdpt_core.traces.files.limits import is_bomb

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

_SPOOL_BYTES = 2**26
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import.

    Attributes:
        name: what messages and `meta` call it: never an absolute path of this computer.
        path: the file, or None for standard input and bytes.
        data: the content itself, if there is no path.
    """

    name: str
    path: Path | None = None
    data: BinaryIO | None = None

    @classmethod
    def of_stream(cls, name: str, stream: BinaryIO) -> Source:
        """A source that can be read only once, kept in memory and beyond 64 MiB on disk: formats read twice."""
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - it lives as long as the source
        while block := stream.read(1 << 20):
            spool.write(block)
        return cls(name, data=cast(BinaryIO, spool))

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Source:
        """A source that is in memory already."""
        return cls(name, data=io.BytesIO(data))

    def size(self) -> int:
        """Bytes as they are stored.

        Raises:
            InputError: the file cannot be read.
        """
        if self.data is not None:
            position = self.data.tell()
            size = self.data.seek(0, os.SEEK_END)
            self.data.seek(position)
            return size
        try:
            return self._path().stat().st_size
        except OSError as error:
            raise unreadable(self.name, error) from error

    def open_raw(self) -> BinaryIO:
        """The bytes as they are stored, from the start.

        Raises:
            InputError: the file cannot be read.
        """
        if self.data is not None:
            self.data.seek(0)
            return cast(BinaryIO, _Unclosed(self.data))
        try:
            return self._path().open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from error

    def open(self) -> BinaryIO:
        """The bytes from the start, decompressed if they are gzip or zstd.

        Raises:
            InputError: the file cannot be read. Damage further on is reported while reading.
            MissingPackageError: the file is zstd-compressed and zstandard is not installed.
        """
        raw = self.open_raw()
        magic = raw.read(4)
        raw.seek(0)
        if magic[:2] == _GZIP:
            return cast(BinaryIO, _Decompressed(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw)), raw, self))
        if magic == _ZSTD:
            return cast(BinaryIO, _Decompressed(_zstd_reader(raw), raw, self))
        return raw

    def _path(self) -> Path:
        if self.path is None:
            raise InputError("a source has neither a file nor data", where=self.name)
        return self.path


def unreadable(name: str, error: OSError) -> InputError:
    """The error for a file that the system does not let us read."""
    return InputError("a file cannot be read", where=name, got=error.strerror or type(error).__name__)


def damaged(name: str, got: str) -> InputError:
    """The error for compressed data that does not decompress."""
    return InputError("a compressed file is damaged", where=name, got=got, hint="Fetch or make the file again.")


def too_big(name: str, what: str, got: str) -> InputError:
    """The error for content that grows beyond what text does."""
    return InputError(
        f"{what} grows beyond every reasonable size", where=name, got=got, hint="If the file is right, unpack it first."
    )


class _Unclosed:
    """Lends a stream out without letting the borrower close it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def __enter__(self) -> _Unclosed:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Leave the stream open: its source is read again."""


class _Decompressed(io.BufferedReader):
    """A decompressing stream that turns damage and bombs into errors that a user can read."""

    def __init__(self, inner: io.RawIOBase, raw: BinaryIO, source: Source) -> None:
        super().__init__(_Guard(inner, source), 1 << 18)
        self._under = raw

    def close(self) -> None:
        """Close the file under it as well."""
        super().close()
        self._under.close()


class _Guard(io.RawIOBase):
    def __init__(self, inner: io.RawIOBase, source: Source) -> None:
        self._inner = inner
        self._source = source
        self._size_in = source.size()
        self._size_out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        broken: tuple[type[BaseException], ...] = (EOFError, zlib.error, OSError, *_zstd_errors())
        try:
            block = self._inner.read(len(view)) or b""
        except broken as error:
            raise damaged(self._source.name, str(error) or type(error).__name__) from error
        self._size_out += len(block)
        if is_bomb(self._size_in, self._size_out):
            raise too_big(
                self._source.name,
                "a compressed file",
                f"{self._size_in} bytes that unpack to more than {self._size_out}",
            )
        view[: len(block)] = block
        return len(block)


def _zstd_errors() -> tuple[type[BaseException], ...]:
    try:
        import zstandard
    except ImportError:
        return ()
    return (zstandard.ZstdError,)


def _zstd_reader(raw: BinaryIO) -> io.RawIOBase:
    return cast(io.RawIOBase, zstd_decompressor().stream_reader(raw, read_across_frames=True))


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
