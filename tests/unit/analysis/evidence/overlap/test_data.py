"""Which traces hold a sentence of a class, as a loop over all sentences finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.labels import LabelRule
from tests.support import synthetic
from tests.support.companions import overlap

SKETCHES = synthetic.sketches(6)
OF_KIND = {"Uncertain": "Teacher"}


@pytest.mark.parametrize("label", [None, "Teacher", "Student"])
def test_traces_that_hold_a_class_are_those_of_a_loop(tmp_path: Path, label: str | None) -> None:
    path = tmp_path / "overlap.duckdb"
    synthetic.build(path, SKETCHES)
    # Of the first trace nothing is known; new sentences are rare.
    classes = [["new" if (t, i) in ((3, 0), (5, 2)) else "copied" for i in range(len(own.sentences))]
               for t, own in enumerate(SKETCHES)]  # fmt: skip
    classes[4] = ["template"] * len(classes[4])
    unknown: list[list[str | None]] = [[None] * len(classes[0]), *classes[1:]]
    overlap.insert(path, SKETCHES, unknown)
    found = overlap_of(rdpt.open(path).run()._data())
    assert found is not None
    for name in overlap.CLASSES:
        wanted = [
            t
            for t, (sketch, own) in enumerate(zip(SKETCHES, unknown, strict=True))
            if any(
                one == name and label in (None, OF_KIND.get(kind, kind))
                for one, (_, kind) in zip(own, sketch.sentences, strict=True)
            )
        ]
        assert found.traces_with(LabelRule.make(), name, label).tolist() == wanted
        assert label is not None or 0 < len(wanted) < len(SKETCHES)
