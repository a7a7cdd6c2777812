"""Arrow streams and files: read in every form, and harmless when they are damaged or made to harm."""

from __future__ import annotations

import gzip
import io
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rdpt_core.errors import InputError
from rdpt_core.traces.files import limits
from rdpt_core.traces.files.tables import arrow
from tests.support.imports.imported import read


def table(n: int = 7) -> Any:
    return pa.table(
        {
            "question": pa.array([f"{i} + 1?" for i in range(n)]),
            "response": pa.array([f"<think>{i}</think>{i + 1}" for i in range(n)], pa.large_string()),
            "model": pa.array(["m"] * n).dictionary_encode(),
            "notes": pa.array([{"a": [i], "b": str(i)} for i in range(n)]),
        }
    )


def packed(table: Any, *, stream: bool = True, rows: int = 3, compression: str | None = None) -> bytes:
    file = io.BytesIO()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return file.getvalue()


FORMS: dict[str, dict[str, Any]] = {
    "stream": {},
    "file": {"stream": False},
    "zstd": {"compression": "zstd"},
    "lz4 file": {"stream": False, "compression": "lz4"},
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_records(form: str) -> None:
    data = packed(table(), **FORMS[form])
    for content in (data, gzip.compress(data)):
        traces, rejects = read(content)
        assert not rejects
        assert [trace.response for trace in traces] == table()["response"].to_pylist()
        assert [trace.meta["import"]["line"] for trace in traces] == list(range(1, 8))
        assert traces[3].meta["source"] == {"notes": {"a": [3], "b": "3"}}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_breaks_off_keeps_what_came_before(form: str) -> None:
    data = packed(table(2_000), rows=100, **FORMS[form])
    traces, rejects = read(data[: len(data) // 2])
    assert 500 < len(traces) < 1_500
    assert len(rejects) == 1
    assert "cannot be read any further" in rejects[0].reason


def test_text_that_is_not_utf8_costs_its_row() -> None:
    texts = pa.array([b"a", b"\xff", b"c"])
    for kind in (pa.string(), pa.large_string()):
        binary = texts.cast(pa.large_binary()) if kind == pa.large_string() else texts
        traces, rejects = read(packed(pa.table({"question": ["1", "2", "3"], "response": binary.view(kind)})))
        assert [trace.response for trace in traces] == ["a", "c"]
        assert [(reject.line, "not UTF-8" in reject.reason) for reject in rejects] == [(2, True)]


def test_the_first_feather_is_named() -> None:
    with pytest.raises(InputError, match="Feather file of version 1"):
        read(b"FEA1" + b"\0" * 100)


def test_a_batch_that_unpacks_without_end_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 1_000_000)
    for compression in ("zstd", "lz4"):
        bomb = pa.table({"question": ["q"], "response": ["x" * 50_000_000]})
        with pytest.raises(InputError, match="a batch that unpacks to"):
            read(packed(bomb, compression=compression))


def test_lengths_that_lie_do_not_ask_for_memory() -> None:
    data = bytearray(packed(table(3), compression="zstd"))
    # The unpacked length stands in front of each compressed buffer.
    start = data.index(b"\x28\xb5\x2f\xfd") - 8
    data[start : start + 8] = struct.pack("<q", 2**60)
    with pytest.raises(InputError, match="grows beyond"):
        read(bytes(data))
    for length in (2**31 - 1, -5):
        with pytest.raises(InputError):
            read(packed(table(3))[:4] + struct.pack("<i", length) + packed(table(3))[8:])


def test_a_batch_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "MAX_DOCUMENT_BYTES", 100_000)
    big = pa.table({"question": ["q"], "response": ["x" * 200_000]})
    for compression in (None, "zstd"):
        with pytest.raises(InputError, match="record batch is too large"):
            read(packed(big, compression=compression))


DAMAGE = """
import random, sys
from rdpt_core.errors import RdptError
from tests.support.imports.imported import read
data = sys.stdin.buffer.read()
rng = random.Random(3)
for _ in range(300):
    broken = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        place = rng.randrange(len(broken))
        broken[place] = rng.choice((0, 255, 127, broken[place] ^ 1 << rng.randrange(8)))
    try:
        read(bytes(broken[: rng.randrange(len(broken))] if rng.random() < 0.1 else broken))
    except RdptError:
        pass
"""


@pytest.mark.parametrize("form", FORMS)
def test_damage_never_ends_the_process(form: str) -> None:
    project = Path(__file__).resolve().parents[5]
    done = subprocess.run(
        [sys.executable, "-c", DAMAGE], input=packed(table(), **FORMS[form]), cwd=project, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]


def test_random_bytes_are_no_stream() -> None:
    rng = random.Random(1)
    assert not any(arrow.is_arrow(b"\xff\xff\xff\xff" + rng.randbytes(100)) for _ in range(2_000))
    assert not arrow.is_arrow(b"\xff\xff\xff\xff")
