"""Inspect's `.eval` archives: a zip of samples, deflated or zstd-compressed, whole or cut into chunks.

Python's zipfile reads the directory; the members are unpacked here, because before 3.14 it knows no zstd and because
every member has to stay within its limit. Each sample becomes a record of the shape that the JSON log has, with one
sample: `{"eval": …, "samples": [sample]}`.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from rdpt_core.errors import InputError
from rdpt_core.traces.files.compression import damaged, too_big, zstd_decompressor
from rdpt_core.traces.files.json_stream import parse_json
from rdpt_core.traces.files.limits import MAX_RECORD_BYTES, is_bomb
from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.files.source import Source

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_STORED, _DEFLATED, _ZSTD = 0, 8, 93
_ENCRYPTED = 1
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_HEADERS = ("header.json", "_journal/start.json")
_SAMPLE = re.compile(r"samples/.+_epoch_\d+(?:\.json|/sample\.json)", re.DOTALL)
_CHUNKED = "/sample.json"
_CHUNK = re.compile(r"(messages|attachments)/(\d+)\.json\Z")


class _MemberError(ValueError):
    """A member that cannot be read, with the reason."""


def is_inspect_log(names: Iterable[str]) -> bool:
    """Whether the members of a zip archive are those of an Inspect log: a header, or samples named as it names them."""
    return any(name in _HEADERS or _SAMPLE.fullmatch(name) for name in names)


def read_archive(source: Source) -> Iterator[Record | Bad]:
    """The samples of an Inspect log, in the archive's order; of a log without any, its header.

    Memory: one sample.

    Raises:
        InputError: the archive is damaged, is no Inspect log, or unpacks beyond every reasonable size.
    """
    with source.open_raw() as file:
        try:
            members = {info.filename: info for info in zipfile.ZipFile(file).infolist()}
        except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
            raise damaged(source.name, str(error)) from error
        archive = _Archive(file, members, source)
        if not is_inspect_log(members):
            raise InputError(
                "a zip archive is no Inspect log",
                where=source.name,
                expected="header.json and members named samples/….json",
                got=", ".join(list(members)[:5]) or "an empty archive",
                hint="Unpack it first, if it holds files of traces: archives inside archives are not opened.",
            )
        header = archive.header()
        samples = _samples_among(members)
        if not samples:
            yield Record(1, {"eval": header, "samples": []}, "")
        for number, name in enumerate(samples, 1):
            try:
                sample = archive.sample(name)
            except _MemberError as error:
                yield Bad(number, f"{name}: {error}", "")
                continue
            yield Record(number, {"eval": header, "samples": [sample]}, "")


class _Archive:
    def __init__(self, file: BinaryIO, members: dict[str, zipfile.ZipInfo], source: Source) -> None:
        self._file = file
        self._members = members
        self._source = source
        self._size = source.size()
        self._unpacked = 0
        # By folder, because looking through all members for each sample would take forever in a log of thousands.
        self._inside: dict[str, list[str]] = {}
        for name in members:
            chunk = _CHUNK.search(name)
            if chunk is not None:
                self._inside.setdefault(name[: chunk.start()], []).append(name)

    def header(self) -> dict[str, Any]:
        """The `eval` part of the log's header, empty if there is none: a log that was cut off has only a start."""
        for name in _HEADERS:
            if name in self._members:
                try:
                    value = self.json(name)
                except _MemberError:
                    continue
                if isinstance(value, dict) and isinstance(value.get("eval"), dict):
                    return dict(value["eval"])
        return {}

    def sample(self, name: str) -> Any:
        """A sample; one that is cut into chunks gets its messages and attachments back."""
        sample = self.json(name)
        if not isinstance(sample, dict):
            raise _MemberError(f"expected an object; got {snippet(sample)[:80]}")
        if not name.endswith(_CHUNKED):
            return sample
        folder = name.removesuffix("sample.json")
        chunks: dict[str, dict[int, Any]] = {"messages": {}, "attachments": {}}
        for member in self._inside.get(folder, ()):
            match = _CHUNK.fullmatch(member.removeprefix(folder))
            if match is not None:
                part = self.json(member)
                for index, value in enumerate(part if isinstance(part, list) else [], int(match[2])):
                    chunks[match[1]][index] = value
        attachments = {str(index): value for index, value in chunks["attachments"].items()}
        messages = _in_ranges(chunks["messages"], sample.get("message_refs"))
        return {**sample, "attachments": attachments, "messages": messages}

    def json(self, name: str) -> Any:
        """A member's JSON value.

        Raises:
            _MemberError: the member is damaged or is not JSON.
            InputError: the archive has unpacked to more than it may.
        """
        info = self._members[name]
        data = self._bytes(info)
        self._unpacked += len(data)
        if is_bomb(self._size, self._unpacked):
            raise too_big(
                self._source.name, "an archive", f"{self._size} bytes that unpack to more than {self._unpacked}"
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _MemberError(f"not UTF-8: {error.reason}") from error
        value, reason = parse_json(text)
        if reason is not None:
            raise _MemberError(reason)
        return value

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        if info.flag_bits & _ENCRYPTED:
            raise _MemberError("the member is encrypted")
        raw = self._packed(info)
        unpack: Callable[[bytes], bytes] | None
        unpack = {_STORED: _stored, _DEFLATED: _inflate, _ZSTD: _unzstd}.get(info.compress_type)
        if unpack is None:
            raise _MemberError(f"unknown compression method {info.compress_type}")
        data = unpack(raw)
        if len(data) > MAX_RECORD_BYTES or is_bomb(self._size, len(data)):
            raise too_big(
                self._source.name, f"the member {info.filename}", f"{len(raw)} bytes that unpack to {len(data)} or more"
            )
        if zlib.crc32(data) != info.CRC:
            raise _MemberError("the checksum is wrong: the member is damaged")
        return data

    def _packed(self, info: zipfile.ZipInfo) -> bytes:
        if not 0 <= info.header_offset < self._size or info.compress_size > self._size:
            raise _MemberError("the directory points outside the file")
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
            raise _MemberError("the member's own header is missing")
        *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        self._file.seek(name_length + extra_length, 1)
        raw = self._file.read(info.compress_size)
        if len(raw) < info.compress_size:
            raise _MemberError("the file ends inside the member")
        return raw


def _samples_among(members: Iterable[str]) -> list[str]:
    """The members that are samples. Their ids may hold slashes, so that they may lie in folders of any depth.

    A sample that was written whole and in chunks is read once, in chunks, because that form is the later one.
    """
    names = [name for name in members if name.startswith("samples/") and name.endswith(".json")]
    chunked = {name.removesuffix(_CHUNKED) for name in names if name.endswith(_CHUNKED)}
    samples = []
    for name in names:
        is_whole_too = name.removesuffix(".json") in chunked
        if name.endswith(_CHUNKED) or _SAMPLE.fullmatch(name):
            is_sample = not is_whole_too
        else:
            folders = name.split("/")[:-1]
            lies_in_sample = any("/".join(folders[:depth]) in chunked for depth in range(2, len(folders) + 1))
            is_sample = not is_whole_too and not lies_in_sample
        if is_sample:
            samples.append(name)
    return samples


def _stored(raw: bytes) -> bytes:
    return raw


def _inflate(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, MAX_RECORD_BYTES + 1)
    except zlib.error as error:
        raise _MemberError(str(error)) from error


def _unzstd(raw: bytes) -> bytes:
    decompressor = zstd_decompressor()
    import zstandard

    try:
        with decompressor.stream_reader(raw, read_across_frames=True) as stream:
            return bytes(stream.read(MAX_RECORD_BYTES + 1))
    except (zstandard.ZstdError, MemoryError) as error:
        raise _MemberError(f"zstd: {error}") from error


def _in_ranges(messages: dict[int, Any], ranges: Any) -> list[Any]:
    """The messages that half-open ranges name; all of them, in order, where there are no ranges.

    Raises:
        _MemberError: the ranges repeat messages many times over, which no log does.
    """
    order = sorted(messages)
    if not isinstance(ranges, list):
        return [messages[index] for index in order]
    wanted: list[Any] = []
    for pair in ranges:
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(end, int) for end in pair):
            low, high = bisect_left(order, pair[0]), bisect_left(order, pair[1])
            wanted += [messages[index] for index in order[low:high]]
        if len(wanted) > 10 * len(order):
            raise _MemberError("the message ranges overlap again and again")
    return wanted
