"""What is read equals what a loop over the rows reads: drops before the answer, their place, kind and third."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.evidence.importance.drops import Coverage, Drops, coverage, load_drops
from rdpt_core.analysis.evidence.importance.kinds import KINDS
from rdpt_core.errors import StoreError
from rdpt_core.store.reader import open_reader
from rdpt_core.traces.markers import is_mark
from tests.support import synthetic
from tests.support.companions import importance
from tests.unit.analysis.evidence.importance.conftest import TRACES, WITHOUT, deletion_rows


def loaded(path: Path, method: str = "deletion", *, marks: bool = False) -> Drops:
    with open_reader(path) as reader:
        return load_drops(reader, reader.run(None), method, marks)


def naive(marks: bool) -> list[tuple[int, int, int, float, int]]:
    """Trace, sentence, place, drop and third of every sentence that counts."""
    found, place = [], 0
    stored = {row[0]: row for row in deletion_rows() if row[4] is None}
    for trace_no, sketch in enumerate(TRACES):
        texts = [text for text, _ in sketch.sentences]
        counted = [index for index, text in enumerate(texts) if marks or not is_mark(text, 0, len(text))]
        if trace_no in stored:
            _, _, answer, drops, _ = stored[trace_no]
            assert answer is not None
            before = [index for index in counted if len("".join(texts[:index])) < answer]
            for number, index in enumerate(before):
                drop = drops[index]
                if drop is not None and not math.isnan(drop):
                    third = 3 * number // len(before)
                    found.append((trace_no, index, place + counted.index(index), drop, third))
        place += len(counted)
    return found


@pytest.mark.parametrize("marks", [False, True])
def test_drops_are_those_of_a_loop(path: Path, marks: bool) -> None:
    drops = loaded(path, marks=marks)
    trace = np.repeat(drops.trace_no, np.diff(drops.start))
    rows = list(zip(trace, drops.sentence_index, drops.place, drops.third, strict=True))
    expected = naive(marks)
    assert rows == [(t, index, place, third) for t, index, place, _, third in expected]
    # Held in single precision.
    np.testing.assert_allclose(drops.drop, [row[3] for row in expected], rtol=1e-6)
    assert {len(TRACES) - 1, 0} <= set(drops.trace_no.tolist()) and WITHOUT not in drops.trace_no


def test_the_kind_is_that_of_the_sentence(path: Path) -> None:
    drops = loaded(path)
    kinds = {
        "7 + 5 = 12. ": "equation",
        "Wait, 12 - 5 = 7, so that is right. ": "equation",
        "Okay, let me think about this step by step.\n\n": "plan",
        "Everything looks consistent. ": "other",
        "We start with 7. ": "other",
    }
    trace = np.repeat(drops.trace_no, np.diff(drops.start))
    seen = set()
    for t, index, kind in zip(trace, drops.sentence_index, drops.kind, strict=True):
        text = TRACES[t].sentences[index][0]
        if text in kinds:
            assert KINDS[kind] == kinds[text], text
            seen.add(text)
    assert seen == set(kinds)


def test_how_much_is_covered(path: Path) -> None:
    with open_reader(path) as reader:
        found = coverage(reader, reader.run(None))
    n = len(TRACES)
    assert found == (Coverage("deletion", n - 1, 1, n), Coverage("replacement", n - 2, 0, n))


def test_a_list_of_another_length_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    traces = synthetic.sketches(2)
    synthetic.build(path, traces)
    # One too few here and one too many there: the sum is right.
    rows = importance.rows_of(traces)[:2]
    rows[0][3].pop()
    rows[1][3].append(None)
    importance.insert(path, rows)
    with pytest.raises(StoreError, match="trace 0"):
        loaded(path)


def test_a_run_without_traces_of_a_method_is_empty(path: Path) -> None:
    drops = loaded(path, "no such method")
    assert len(drops.drop) == len(drops.trace_no) == 0
    assert drops.start.tolist() == [0]
