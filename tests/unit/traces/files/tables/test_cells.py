"""Cells of every type of column: none is lost, and none is taken for what it is not."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.errors import InputError
from rdpt_core.traces.files import limits
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.files.tables.cells import RowMaker
from tests.support.imports.imported import read

MOMENT = datetime.datetime(2024, 1, 2, 3, 4, 5, 123000)
DAY = MOMENT.date()


def as_parquet(table: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def as_arrow(table: Any) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


WRITERS = pytest.mark.parametrize("write", [as_parquet, as_arrow])

CELLS = [
    (pa.array([MOMENT], pa.timestamp("s")), "2024-01-02T03:04:05"),
    (pa.array([MOMENT], pa.timestamp("ms")), "2024-01-02T03:04:05.123"),
    (pa.array([1], pa.timestamp("ns")), "1970-01-01T00:00:00.000000001"),
    (pa.array([MOMENT], pa.timestamp("ms", tz="UTC")), "2024-01-02T03:04:05.123Z"),
    (pa.array([MOMENT], pa.timestamp("ms", tz="Europe/Berlin")), "2024-01-02T04:04:05.123+01:00"),
    (pa.array([DAY]), "2024-01-02"),
    (pa.array([2**31 - 1], pa.date32()), "<value out of range: 2147483647>"),
    (pa.array([MOMENT.time()], pa.time32("ms")), "03:04:05.123"),
    (pa.array([5], pa.duration("s")), "5 s"),
    (pa.array([Decimal("1.20")]), "1.20"),
    (pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
    (pa.array([1.5], pa.float16()), 1.5),
    (pa.array(["a"]).dictionary_encode(), "a"),
    (pa.array([MOMENT], pa.timestamp("s")).dictionary_encode(), "2024-01-02T03:04:05"),
    (pa.array(["a"], pa.string_view()), "a"),
    (pa.array([[DAY, None]]), ["2024-01-02", None]),
    (pa.array([[Decimal("0.1")]], pa.large_list(pa.decimal128(2, 1))), ["0.1"]),
    (pa.array([[DAY]], pa.list_(pa.date32(), 1)), ["2024-01-02"]),
    (pa.array([{"a": [{"b": DAY}], "c": None}]), {"a": [{"b": "2024-01-02"}], "c": None}),
    (pa.array([[("k", DAY)]], pa.map_(pa.string(), pa.date32())), {"k": "2024-01-02"}),
    (pa.array([[(1, "x")]], pa.map_(pa.int32(), pa.string())), [[1, "x"]]),
    (pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int8())), [["k", 1], ["k", 2]]),
    (pa.array([True]), True),
]
ARROW_ONLY = [
    (pa.array([[1, 2]], pa.list_view(pa.int8())), [1, 2]),
    (pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["x"])), "x"),
    (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "MonthDayNano(months=1, days=2, nanoseconds=3)"),
    (pa.array([b"0123456789abcdef"], pa.uuid()), "30313233-3435-3637-3839-616263646566"),
]


def cells(write: Callable[[Any], bytes], **columns: Any) -> dict[str, Any]:
    """The record of a table's only row."""
    from rdpt_core.traces.files.containers import open_container

    (record,) = open_container(Source.of_bytes("file", write(pa.table(columns)))).records()
    assert isinstance(record, Record)
    assert isinstance(record.value, dict)
    return record.value


@pytest.mark.parametrize(("array", "cell"), CELLS, ids=lambda part: str(getattr(part, "type", ""))[:40])
def test_every_cell_is_there_in_parquet(array: Any, cell: Any) -> None:
    # Parquet knows no seconds, so that times come back finer than they went in.
    assert plain(cells(as_parquet, x=array)["x"]) == plain(cell)


def plain(cell: Any) -> Any:
    return cell.rstrip("0").rstrip(".") if isinstance(cell, str) else cell


@pytest.mark.parametrize(("array", "cell"), [*CELLS, *ARROW_ONLY], ids=lambda part: str(getattr(part, "type", ""))[:40])
def test_every_cell_is_there_in_arrow(array: Any, cell: Any) -> None:
    assert cells(as_arrow, x=array) == {"x": cell}


@WRITERS
def test_a_date_can_be_the_reference_answer(write: Callable[[Any], bytes]) -> None:
    (trace,), _ = read(
        write(pa.table({"question": ["q"], "response": ["r"], "gold": [DAY], "score": [Decimal("0.5")]}))
    )
    assert trace.gold == "2024-01-02"
    assert trace.meta["source"] == {"score": "0.5"}


@WRITERS
def test_nan_is_an_empty_cell_and_no_zero(write: Callable[[Any], bytes]) -> None:
    table = pa.table({"question": ["q"], "response": ["r"], "gold": [float("nan")], "correct": [float("nan")]})
    (trace,), _ = read(write(table))
    assert (trace.gold, trace.correct) == (None, None)
    assert cells(write, x=pa.array([[float("nan"), 0.0]]))["x"][1] == 0.0


@WRITERS
def test_bytes_are_no_text_and_are_named(write: Callable[[Any], bytes]) -> None:
    table = pa.table({"question": ["q"], "response": ["r"], "gold": [b"4"], "image": [{"bytes": b"x"}]})
    (trace,), _ = read(write(table))
    assert trace.gold is None
    assert trace.meta["source"] == {"left_out": ["image", "gold (bytes)"]} or trace.meta["source"] == {
        "left_out": ["gold (bytes)", "image"]
    }
    _, rejects = read(write(pa.table({"question": ["q"], "response": [b"r"]})), format="pairs")
    assert "response (bytes)" in rejects[0].reason


def row_maker(table: Any) -> RowMaker:
    return RowMaker(table.schema, Source.of_bytes("file", b"x" * 100), "a table")


def test_a_structure_with_two_fields_of_a_name_costs_its_rows() -> None:
    array = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    (bad,) = row_maker(pa.table({"x": array})).records(pa.record_batch({"x": array}))
    assert isinstance(bad, Bad)
    assert "the cell of x cannot be read" in bad.reason


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    table = pa.table([["q"], ["r"], ["x"], ["y"]], names=["question", "response", "a", "a"])
    with pytest.raises(InputError, match="names a column twice.*got a"):
        read(as_arrow(table))


LONG = "x" * 10_000


@pytest.mark.parametrize(
    "array",
    [
        pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), pa.array([LONG])),
        pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), pa.array([[LONG]])),
        pa.RunEndEncodedArray.from_arrays(pa.array([64], pa.int32()), pa.array([LONG])),
        pa.ListViewArray.from_arrays(pa.array([0] * 64, pa.int32()), pa.array([1] * 64, pa.int32()), pa.array([LONG])),
        pa.array([LONG] * 64, pa.string_view()),
        pa.array([{"a": [LONG]}] * 64),
        pa.array([[("k", LONG)]] * 64, pa.map_(pa.string(), pa.string())),
        pa.FixedSizeListArray.from_arrays(pa.nulls(64 * 5_000), 5_000),
    ],
    ids=lambda array: str(array.type)[:20],
)
def test_a_few_bytes_cannot_stand_for_endless_copies(array: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    with pytest.raises(InputError, match="grows beyond"):
        list(row_maker(pa.table({"x": array})).records(pa.record_batch({"x": array})))


def test_rows_without_a_byte_have_an_end() -> None:
    array = pa.nulls(10_000_000)
    with pytest.raises(InputError, match="hold 10000000 rows"):
        list(row_maker(pa.table({"x": array})).records(pa.record_batch({"x": array})))
