"""Peak memory of the import of one large table.

    python tests/benchmarks/importing/bench_memory_of_import.py [MB] [FOLDER]

Makes Parquet files of candidates, four responses a row, in two row groups, as tools write them that hold the whole
table; imports each in a process of its own, and prints how much memory that took beyond what an import of one row does.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import pyarrow as pa
import pyarrow.parquet as pq

from rdpt_core.traces import RejectLog
from rdpt_core.traces.importing.pipeline import import_traces

RESPONSE_CHARS = 20_000
ROW_GROUPS = 2


def text(rng: random.Random) -> str:
    """A response that no compression and no dictionary makes small."""
    return rng.randbytes(RESPONSE_CHARS // 2).hex()


def make(path: Path, megabytes: float, compression: str) -> None:
    """A file with about so many megabytes of responses."""
    rng = random.Random(7)
    rows = max(1, round(megabytes * 1e6 / RESPONSE_CHARS / 4 / ROW_GROUPS))
    writer = None
    for group in range(ROW_GROUPS):
        table = pa.table(
            {
                "problem": [f"question {group} {row}" for row in range(rows)],
                "generations": [[text(rng) for _ in range(4)] for _ in range(rows)],
                "answer": ["4"] * rows,
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression=compression)
        writer.write_table(table, row_group_size=rows)
    if writer is not None:
        writer.close()


def measure(path: Path) -> tuple[int, float, float]:
    """Traces, seconds, and the peak of this process in MB."""
    start = time.perf_counter()
    n = sum(1 for _ in import_traces([path], grade=False, rejects=RejectLog()))
    return n, time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    """Prints one line a compression."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 200.0
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        for compression in ("snappy", "zstd"):
            path = Path(folder) / "candidates.parquet"
            peaks = []
            for size in (0, megabytes):
                with context.Pool(1) as pool:
                    pool.apply(make, (path, size, compression))
                with context.Pool(1) as pool:
                    n, seconds, peak = pool.apply(measure, (path,))
                peaks.append(peak)
            print(
                f"{compression:7} {path.stat().st_size / 1e6:7.0f} MB in {ROW_GROUPS} row groups: {n} traces, "
                f"{seconds:.0f} s, peak {peaks[1]:.0f} MB, {peaks[1] - peaks[0]:.0f} MB more than for one row"
            )


if __name__ == "__main__":
    main()
