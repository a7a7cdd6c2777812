"""Classes of sentences that are asked for one by one, in the order in which they are asked for."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.analysis.evidence.overlap.columns import load_classes
from rdpt_core.store.reader import open_reader
from tests.support import synthetic
from tests.support.companions import overlap

SKETCHES = synthetic.sketches(3)


def test_each_sentence_has_its_own_class_and_others_have_none(tmp_path: Path) -> None:
    path = tmp_path / "overlap.duckdb"
    synthetic.build(path, SKETCHES)
    classes = overlap.by_turns(SKETCHES)
    classes[1][0] = None
    # The last trace was not looked up.
    overlap.insert(path, SKETCHES[:-1], classes[:-1])
    last = len(SKETCHES) - 1
    asked = [(t, i) for t in (1, 0, last) for i in (1, 0, 2)]
    with open_reader(path) as reader:
        ids, sentences = tuple(SKETCHES[t].trace_id for t, _ in asked), tuple(i + 1 for _, i in asked)
        found = load_classes(reader, reader.run(None), ids, sentences).to_pylist()
    assert found == [None if t == last else classes[t][i] for t, i in asked]
    assert found[1] is None and found[0] is not None
