"""Results of some traces as one Parquet file, which appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from rdpt_core.atomic_write import atomic_write
from rdpt_core.records import RoleResult, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.traces import trace_to_json
from rdpt_core.traces.canonical.schema import trace_of

_TOKEN_FIELDS = tuple(field.name for field in fields(TokenLogprobs))


def shard_name(trace_nos: Sequence[int]) -> str:
    """Named by what it holds, so that the same traces scored twice make one file."""
    return f"shard-{min(trace_nos):09d}-{max(trace_nos):09d}-{len(trace_nos)}.parquet"


def write_shard(folder: Path, results: Sequence[RoleResult]) -> Path:
    """Write results under their name; NaN stays NaN."""
    path = folder / shard_name([result.trace_no for result in results])
    columns: dict[str, Any] = {
        "trace_no": pa.array([result.trace_no for result in results], pa.int32()),
        "n_straddling": pa.array([result.n_straddling for result in results], pa.int32()),
        "unscored_reason": pa.array([result.unscored_reason for result in results], pa.string()),
        "detail": pa.array([result.detail for result in results], pa.string()),
    }
    for name in _TOKEN_FIELDS:
        arrays = [getattr(result.tokens, name) for result in results]
        kind = next((pa.from_numpy_dtype(array.dtype) for array in arrays if array is not None), pa.int32())
        columns[name] = pa.array(arrays, pa.list_(kind))
    _write(path, pa.table(columns))
    return path


def read_shard(path: Path) -> list[RoleResult]:
    """What `write_shard` wrote."""
    table = pyarrow.parquet.read_table(path)
    results = []
    for row in range(table.num_rows):
        columns: dict[str, Any] = {}
        for name in _TOKEN_FIELDS:
            cell = table.column(name)[row]
            columns[name] = cell.values.to_numpy(zero_copy_only=False).copy() if cell.is_valid else None
        tokens = TokenLogprobs(**columns)
        reason = table.column("unscored_reason")[row].as_py()
        results.append(
            RoleResult(
                table.column("trace_no")[row].as_py(),
                tokens,
                table.column("n_straddling")[row].as_py(),
                None if reason is None else UnscoredReason(reason),
                table.column("detail")[row].as_py(),
            )
        )
    return results


def write_traces(path: Path, traces: Sequence[tuple[int, Trace]]) -> None:
    """Traces on their way to the workers, as canonical lines beside their numbers."""
    columns = {
        "trace_no": pa.array([trace_no for trace_no, _ in traces], pa.int32()),
        "trace": pa.array([trace_to_json(trace) for _, trace in traces], pa.string()),
    }
    _write(path, pa.table(columns))


def read_traces(path: Path) -> list[tuple[int, Trace]]:
    """What `write_traces` wrote."""
    rows = pyarrow.parquet.read_table(path).to_pylist()
    return [(row["trace_no"], trace_of(json.loads(row["trace"]))[0]) for row in rows]


def _write(path: Path, table: pa.Table) -> None:
    with atomic_write(path, "a shard") as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")
