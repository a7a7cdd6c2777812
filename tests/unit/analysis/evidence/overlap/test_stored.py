"""What is stored of a trace's overlap: stretches that do not fit are told of, and never guessed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rdpt_core.analysis.evidence.overlap.stored import load_trace
from rdpt_core.errors import StoreError
from rdpt_core.store.reader import open_reader
from tests.support import synthetic
from tests.support.companions import overlap

SKETCHES = synthetic.sketches(2)


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ((0, None), (None, 50)),  # as many of both, of different sentences
        ((1, None), (1, None)),  # an empty stretch
        ((0, None), (10_000, None)),  # beyond the response
    ],
)
def test_a_stretch_that_does_not_fit_its_sentence_is_damage(
    tmp_path: Path, starts: tuple[int | None, ...], ends: tuple[int | None, ...]
) -> None:
    path = tmp_path / "overlap.duckdb"
    synthetic.build(path, SKETCHES)
    overlap.insert(path, SKETCHES, overlap.by_turns(SKETCHES))
    with open_reader(path) as reader:
        assert all(entry and entry.span is None for entry in load_trace(reader, reader.run(None), 0))
    rest = [None] * (len(SKETCHES[0].sentences) - 2)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "UPDATE overlap SET span_start = ?::INTEGER[], span_end = ?::INTEGER[] WHERE trace_no = 0",
            [[*starts, *rest], [*ends, *rest]],
        )
    with open_reader(path) as reader, pytest.raises(StoreError, match="overlap of trace 0"):
        load_trace(reader, reader.run(None), 0)
