"""Archives of logs: zip and tar, compressed or not. Each member is a source of its own, known by its content.

The members are unpacked into one temporary file, one behind the other, so that formats can read them twice and tables
can seek. The name of a member is only a name: nothing is ever written under it. An archive inside an archive is not
opened, but for Inspect's logs, which are read as they are.
"""

from __future__ import annotations

import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

from rdpt_core.errors import InputError, MissingPackageError
from rdpt_core.traces.files.archive import ZIP_MAGIC, is_inspect_log
from rdpt_core.traces.files.compression import bzip2_stream, damaged, too_big, unpacking_errors, zstd_stream
from rdpt_core.traces.files.limits import MAX_MEMBERS, is_bomb
from rdpt_core.traces.files.named_files import beside_datasets, is_hidden
from rdpt_core.traces.files.source import FilePart, Source
from rdpt_core.traces.files.tar import TarError, is_tar, read_tar

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BZIP2, _ZSTD = zipfile.ZIP_BZIP2, 93
_ENCRYPTED = 1
_LOCAL_HEADER_BYTES = 30
_CHUNK = 1 << 16


class _MemberError(ValueError):
    """A member that cannot be unpacked, with the reason."""


def with_members(files: Iterable[tuple[Source, bool]]) -> Iterator[tuple[Source, bool]]:
    """The files, with its members in place of each archive, and whether the user named the file itself.

    A member that cannot be unpacked has its `trouble`, one that is no file is set `aside`. Members that are hidden or
    folders are passed over, as they are in a folder.

    Raises:
        InputError: an archive that the user named cannot be read, or holds no files. One of a folder becomes a source
            with that trouble.
    """
    for source, is_named in files:
        try:
            members = _members(source)
        except InputError as error:
            if is_named:
                raise
            yield Source(source.name, source.path, trouble=error), False
            continue
        if members is None:
            yield source, is_named
            continue
        aside = beside_datasets(member.name for member in members)
        for member in members:
            reason = aside.get(member.name)
            yield (Source(member.name, aside=reason) if reason is not None else member), False


def _members(source: Source) -> list[Source] | None:
    """The members of an archive of logs; None for any other file, one that cannot be opened too: that is said later."""
    if source.trouble is not None or source.aside is not None:
        return None
    try:
        with source.open() as stream:
            head = stream.read(512)
    except (InputError, MissingPackageError, OSError):
        return None
    if head.startswith(ZIP_MAGIC):
        return _zip_members(source)
    return _tar_members(source) if is_tar(head) else None


class _Unpacking:
    """One archive on its way into its temporary file.

    Raises (every method):
        InputError: the archive holds more members, or unpacks to more, than is reasonable; or the disk is full.
    """

    def __init__(self, source: Source) -> None:
        self.members: list[Source] = []
        self._source = source
        self._size = source.size()
        self._file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it lives as long as its members
        self._end = 0
        self._unpacked = 0
        self._n = 0

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        """A member, or the trouble with it."""
        start = self._end
        name = self._named(name)
        try:
            for block in blocks:
                self._write(block)
        except _MemberError as error:
            self._end = start
            self._file.seek(start)
            trouble = InputError("a member of an archive cannot be read", where=name, got=str(error))
            self.members.append(Source(name, trouble=trouble))
            return
        self.members.append(Source(name, part=FilePart(self._file, start, self._end - start)))

    def set_aside(self, name: str, what: str) -> None:
        """A member that is no file."""
        self.members.append(Source(self._named(name), aside=what))

    def finish(self) -> list[Source]:
        """The members, sorted as the files of a folder are."""
        if not self.members:
            raise InputError("an archive holds no files", where=self._source.name, expected="files of traces")
        return sorted(self.members, key=lambda member: member.name)

    def _named(self, name: str) -> str:
        self._n += 1
        if self._n > MAX_MEMBERS:
            raise InputError(
                "an archive holds too many files",
                where=self._source.name,
                expected=f"at most {MAX_MEMBERS}",
                hint="If it is right, unpack it and name the folder.",
            )
        return f"{self._source.name}/{name.removeprefix('./')}"

    def _write(self, block: bytes) -> None:
        self._end += len(block)
        # With what was thrown away: members that turn out damaged at their end could be unpacked for days.
        self._unpacked += len(block)
        if is_bomb(self._size, self._unpacked):
            got = f"{self._size} bytes that unpack to more than {self._unpacked}"
            raise too_big(self._source.name, "an archive", got)
        try:
            self._file.write(block)
        except OSError as error:
            raise InputError(
                "an archive cannot be unpacked",
                where=self._source.name,
                got=error.strerror or type(error).__name__,
                hint="Make room in the folder for temporary files, or unpack it yourself and name the folder.",
            ) from error


def _tar_members(source: Source) -> list[Source]:
    unpacking = _Unpacking(source)
    try:
        with source.open() as stream:
            for member in read_tar(stream):
                if is_hidden(member.name):
                    continue
                if member.kind is not None:
                    unpacking.set_aside(member.name, f"{member.kind}, which is not followed")
                else:
                    unpacking.add(member.name, member.blocks)
    except TarError as error:
        raise damaged(source.name, f"a tar archive: {error}") from error
    return unpacking.finish()


def _zip_members(source: Source) -> list[Source] | None:
    with source.open() as file:
        if not file.seekable():
            raise InputError("a zip archive is compressed once more", where=source.name, hint="Unpack it first.")
        try:
            archive = zipfile.ZipFile(file)
            entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
            raise damaged(source.name, str(error)) from error
        if is_inspect_log(entry.filename for entry in entries):
            return None
        unpacking = _Unpacking(source)
        for entry in entries:
            if entry.filename.endswith("/") or is_hidden(entry.filename):
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                unpacking.set_aside(entry.filename, "a symbolic link, which is not followed")
            else:
                unpacking.add(entry.filename, _zip_blocks(archive, entry, file))
        return unpacking.finish()


def _zip_blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a member, checked against its checksum.

    Raises:
        _MemberError: it is encrypted or damaged, or packed in a way that is not known here.
    """
    if entry.flag_bits & _ENCRYPTED:
        raise _MemberError("it is encrypted")
    if entry.compress_type in (_BZIP2, _ZSTD):
        yield from _unpacked_here(entry, file)
        return
    if entry.compress_type not in _METHODS:
        raise _MemberError(f"it is compressed by the unknown method {entry.compress_type}")
    try:
        with archive.open(entry) as stream:
            while block := stream.read(_CHUNK):
                yield block
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, struct.error) as error:
        raise _MemberError(str(error) or type(error).__name__) from error


def _unpacked_here(entry: zipfile.ZipInfo, file: BinaryIO) -> Iterator[bytes]:
    """As `_zip_blocks`, for zstd, which Python's zipfile learns in 3.14, and for bzip2, where it knows no bound."""
    if entry.header_offset < 0:
        raise _MemberError("the directory points outside the file")
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
        raise _MemberError("its own header is missing")
    start = entry.header_offset + _LOCAL_HEADER_BYTES + sum(struct.unpack("<2H", header[26:30]))
    unpacked = bzip2_stream if entry.compress_type == _BZIP2 else zstd_stream
    checksum = 0
    try:
        with FilePart(file, start, entry.compress_size).open() as packed, unpacked(packed) as stream:
            while block := stream.read(_CHUNK):
                checksum = zlib.crc32(block, checksum)
                yield block
    except unpacking_errors() as error:
        raise _MemberError(f"{'bzip2' if entry.compress_type == _BZIP2 else 'zstd'}: {error}") from error
    if checksum != entry.CRC:
        raise _MemberError("the checksum is wrong: the member is damaged")
