"""Compressed files: read whole, and refused where they are damaged or grow without end."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable

import pytest
import zstandard

from rdpt_core.errors import InputError
from rdpt_core.traces.files import compression, limits
from rdpt_core.traces.files.source import Source
from tests.support.imports.imported import read
from tests.support.imports.imported_paths import lines, pair

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("kind", PACKERS)
def test_streams_one_after_another_are_one_file(kind: str) -> None:
    pack = PACKERS[kind]
    padding = b"\0" * 8 if kind == "xz" else b""
    traces, rejects = read(pack(lines(pair(1))) + padding + pack(lines(pair(2))) + padding)
    assert [trace.response[-1] for trace in traces] == ["2", "3"]
    assert not rejects


@pytest.mark.parametrize("kind", PACKERS)
def test_damage_is_told(kind: str) -> None:
    data = PACKERS[kind](lines(*map(pair, range(500))))
    for broken in (data[:-9], data[: len(data) // 2], data + b"more"):
        with pytest.raises(InputError, match=r"damaged|not a file of traces|nothing that can be read"):
            read(broken)


@pytest.mark.parametrize("kind", PACKERS)
def test_bombs_are_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    with pytest.raises(InputError, match="grows beyond"):
        read(PACKERS[kind](b'{"question": "q", "response": "' + b"x" * 50_000_000 + b'"}'))


def test_an_xz_header_cannot_ask_for_any_amount_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = lzma.compress(lines(pair(1)), preset=9)
    assert len(read(data)[0]) == 1
    monkeypatch.setattr(compression, "_XZ_MEMORY", 2**20)
    with pytest.raises(InputError, match="damaged.*limit"):
        read(data)


def test_text_that_begins_like_bzip2_is_text() -> None:
    with Source.of_bytes("file", b"BZh9, question\n").open() as stream:
        assert stream.read() == b"BZh9, question\n"
