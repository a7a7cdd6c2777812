"""The headers of Parquet pages, against what pyarrow wrote, and with damage."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.traces.files.tables.pages import TextColumn, text_columns

RNG = random.Random(5)
TABLE = pa.table(
    {
        "label": ["a", "b"] * 500,
        "texts": [[RNG.randbytes(50).hex() for _ in range(2)] for _ in range(1_000)],
        "number": range(1_000),
    }
)


def packed(**options: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(TABLE, file, row_group_size=600, write_batch_size=64, **options)
    return file.getvalue()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_columns_tell_how_their_pages_are_packed(version: str) -> None:
    data = packed(dictionary_pagesize_limit=5_000, data_page_size=2_000, data_page_version=version)
    groups = text_columns(io.BytesIO(data))
    assert [[column.path for column in group] for group in groups] == [["label", "texts.list.element"]] * 2
    assert [[column.is_mixed for column in group] for group in groups] == [[False, True]] * 2
    # Two texts of one letter, five bytes each with their lengths.
    assert groups[0][0] == TextColumn("label", False, 600 * 10)
    assert groups[0][1].most_copied >= 64 * 104


def test_without_a_dictionary_and_with_nothing_else_no_column_is_mixed() -> None:
    for options in ({"use_dictionary": False}, {"dictionary_pagesize_limit": 1 << 24}):
        assert not any(column.is_mixed for group in text_columns(io.BytesIO(packed(**options))) for column in group)


def test_damage_is_left_to_pyarrow() -> None:
    data = packed(dictionary_pagesize_limit=5_000)
    rng = random.Random(1)
    outcomes = set()
    for _ in range(2_000):
        broken = bytearray(data)
        for _ in range(rng.choice((1, 4))):
            broken[-rng.randrange(1, min(len(broken), 2_500))] = rng.randrange(256)
        try:
            text_columns(io.BytesIO(broken))
            outcomes.add("read")
        except ValueError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
    for cut in range(0, 60, 7):
        with pytest.raises(ValueError, match="footer|data end|nested|unknown"):
            text_columns(io.BytesIO(data[: -1 - cut]))
