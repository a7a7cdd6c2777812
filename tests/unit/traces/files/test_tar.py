"""Tar archives of every writer, and headers that lie."""

from __future__ import annotations

import io
import tarfile

import pytest

from rdpt_core.traces.files.tar import TarError, is_tar, read_tar

NAMES = ("a", "b/" + "c" * 90 + "/" + "d" * 80, "e" * 250, "日本/ü.jsonl")


def packed(form: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for number, name in enumerate(NAMES):
            if form == tarfile.USTAR_FORMAT and len(name) > 200:
                continue
            info = tarfile.TarInfo(name)
            info.size = 600 * number
            archive.addfile(info, io.BytesIO(b"x" * info.size))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    return file.getvalue()


def members(data: bytes, draw: bool = True) -> list[tuple[str, int, int]]:
    return [(m.name, m.size, sum(map(len, m.blocks)) if draw else 0) for m in read_tar(io.BytesIO(data))]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_and_sizes_are_those_of_pythons_reader(form: int) -> None:
    data = packed(form)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [(info.name, info.size, info.size) for info in archive if info.isfile()]
    assert is_tar(data)
    assert members(data) == expected
    # Members that nobody draws are passed over.
    assert [name for name, _, _ in members(data, draw=False)] == [name for name, _, _ in expected]


def test_damage_is_told() -> None:
    data = packed(tarfile.GNU_FORMAT)
    for cut in range(512, len(data.rstrip(b"\0")), 700):
        if cut % 512:
            with pytest.raises(TarError):
                members(data[:cut])
    broken = bytearray(data)
    broken[10] ^= 1
    assert not is_tar(broken)
    with pytest.raises(TarError, match="checksum"):
        members(bytes(broken))


def header(kind: bytes, size: bytes) -> bytes:
    raw = bytearray(512)
    raw[0:1], raw[124 : 124 + len(size)], raw[156:157], raw[257:263] = b"n", size, kind, b"ustar\0"
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def test_a_name_of_gigabytes_is_not_read() -> None:
    for kind in (b"L", b"x", b"K", b"g"):
        with pytest.raises(TarError, match="a name takes"):
            members(header(kind, b"77777777777\0") + b"x" * 5_000)


@pytest.mark.parametrize("text", [b"999 path=x\n", b"0 path=x\n", b"path=x\n", b"-1 a=b\n"])
def test_extended_headers_that_lie_do_no_harm(text: bytes) -> None:
    data = header(b"x", b"%o\0" % len(text)) + text.ljust(512, b"\0") + header(b"0", b"0\0")
    try:
        assert len(members(data)) == 1
    except TarError as error:
        assert "extended header" in str(error)


def test_a_size_that_is_no_number_is_told() -> None:
    with pytest.raises(TarError, match="number"):
        members(header(b"0", b"12x\0"))
