"""Parquet as large tools write it: several row groups, dictionaries that were given up half-way, long texts."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.imports.imported import read


def candidates(n: int, length: int) -> Any:
    rng = random.Random(n)
    texts = [[rng.randbytes(length // 2).hex() for _ in range(3)] for _ in range(n)]
    return pa.table({"question": [f"q{i}" for i in range(n)], "generations": texts})


def packed(table: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("rows", [1, 7, 40, 1_000])
@pytest.mark.parametrize("limit", [100, 3_000, 1 << 20])
def test_lists_in_several_row_groups_are_read_whole(rows: int, limit: int) -> None:
    table = candidates(90, 100)
    options: dict[str, Any] = {"write_batch_size": 16, "data_page_size": 1_000}
    data = packed(table, row_group_size=rows, dictionary_pagesize_limit=limit, **options)
    traces, rejects = read(data)
    assert not rejects
    assert [trace.response for trace in traces] == [
        text for texts in table["generations"].to_pylist() for text in texts
    ]
    assert traces[-1].meta["import"]["line"] == 90


PEAK = """
import re, sys
from pathlib import Path
from rdpt_core.traces import RejectLog
from rdpt_core.traces.importing.pipeline import import_traces
assert sum(1 for _ in import_traces([Path(sys.argv[1])], grade=False, rejects=RejectLog())) == int(sys.argv[2])
print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told in another place elsewhere")
def test_memory_does_not_grow_with_the_row_group(tmp_path: Path) -> None:
    peaks = []
    for n in (10, 6_000):
        path = tmp_path / f"{n}.parquet"
        path.write_bytes(packed(candidates(n, 20_000)))
        command = [sys.executable, "-c", PEAK, str(path), str(3 * n)]
        project = Path(__file__).resolve().parents[5]
        peaks.append(int(subprocess.run(command, cwd=project, check=True, capture_output=True).stdout) / 1e3)
    assert path.stat().st_size > 300e6
    assert peaks[1] - peaks[0] < 250


def test_rows_before_damage_are_kept() -> None:
    data = bytearray(packed(candidates(200, 1_000), row_group_size=50, compression="zstd"))
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(2_000)
    traces, rejects = read(bytes(data))
    assert 0 < len(traces) < 600
    assert "cannot be read any further" in rejects[-1].reason
