"""Opening what the user named: a file, standard input or bytes, seekable, and decompressed where it is compressed."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from rdpt_core.errors import InputError
from rdpt_core.traces.files.compression import decompressed

_SPOOL_BYTES = 2**26
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class FilePart:
    """A stretch of a file that is open already, such as a member of an archive that was unpacked."""

    file: BinaryIO
    start: int
    length: int

    def open(self) -> BinaryIO:
        """A stream of its own over the stretch; several may be read in turn."""
        return io.BufferedReader(_PartReader(self), _BUFFER_BYTES)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import.

    Attributes:
        name: what messages and `meta` call it: never an absolute path of this computer.
        path: the file, or None for standard input, bytes and members of archives.
        data: the content itself, if there is no path.
        part: where the content lies, if it is a member of an archive.
        trouble: why it cannot be read, if that is known already; raised when it is opened.
        aside: what it is, if it is known by its place to belong to other files and to hold no traces.
    """

    name: str
    path: Path | None = None
    data: BinaryIO | None = None
    part: FilePart | None = None
    trouble: InputError | None = None
    aside: str | None = None

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
        if self.trouble is not None:
            raise self.trouble
        if self.part is not None:
            return self.part.length
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
        if self.trouble is not None:
            raise self.trouble
        if self.part is not None:
            return self.part.open()
        if self.data is not None:
            self.data.seek(0)
            return cast(BinaryIO, _Unclosed(self.data))
        try:
            return self._path().open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from error

    def open(self) -> BinaryIO:
        """The bytes from the start, decompressed if they are gzip, zstd, xz or bzip2.

        Raises:
            InputError: the file cannot be read. Damage further on is reported while reading.
            MissingPackageError: the file is zstd-compressed and zstandard is not installed.
        """
        return decompressed(self.open_raw(), self.name, self.size())

    def _path(self) -> Path:
        if self.path is None:
            raise InputError("a source has neither a file nor data", where=self.name)
        return self.path


def unreadable(name: str, error: OSError) -> InputError:
    """The error for a file that the system does not let us read."""
    return InputError("a file cannot be read", where=name, got=error.strerror or type(error).__name__)


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


class _PartReader(io.RawIOBase):
    def __init__(self, part: FilePart) -> None:
        self._part = part
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._part.length}[whence]
        if origin + offset < 0:
            raise OSError("a seek to before the start")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        wanted = min(len(view), max(0, self._part.length - self._position))
        # Other parts are read from the same file in turn, so its own position says nothing.
        self._part.file.seek(self._part.start + self._position)
        block = self._part.file.read(wanted)
        view[: len(block)] = block
        self._position += len(block)
        return len(block)
