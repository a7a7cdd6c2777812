"""Tags of notes are tested as soon as they are written, and kinds are told by how far they stand in training texts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.discovery.data import behaviours_of
from rdpt_core.analysis.behaviours.families import LENS, TAG
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.store.beside.notes import Anchor, add_note, delete_note, notes
from tests.support import synthetic
from tests.support.companions import overlap

SKETCHES = synthetic.sketches(30)
RULE, ALL = LabelRule.make(), Scope()


def tag(path: Path, data: RunData, sketch: synthetic.Sketch, index: int, name: str) -> None:
    texts = [text for text, _ in sketch.sentences]
    start = len("".join(texts[:index]))
    where = index, start, start + len(texts[index]), texts[index]
    add_note(path, Anchor(data.run.run_id, sketch.trace_id, text_hash("".join(texts)), *where), "", (name,))


def test_a_tag_is_tested_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "tags.duckdb"
    synthetic.build(path, SKETCHES)
    # One and the same memory, as in the app.
    data = rdpt.open(path).run()._data()
    found = behaviours_of(data)
    before = found.table(RULE, ALL, "Teacher")
    assert before.rows and all(row.family != TAG for row in before.rows)
    for sketch in SKETCHES:
        tag(path, data, sketch, 0, "first")
    after = found.table(RULE, ALL, "Teacher")
    (row,) = [row for row in after.rows if row.family == TAG]
    assert (row.kind, row.n_sentences, row.place) == ("first", len(SKETCHES), 0.0)
    assert (after.n_kinds, after.n_tested) == (before.n_kinds + 1, before.n_tested + 1)
    pattern = Pattern("", "tag", "first")
    assert len(places_of(data, pattern, marks=False)) == len(SKETCHES)
    # Nothing else is another one now, and asking again gives the same answer.
    others = {(row.family, row.kind, row.z) for row in after.rows if row.family != TAG}
    assert others == {(row.family, row.kind, row.z) for row in before.rows}
    assert found.table(RULE, ALL, "Teacher") is after
    (first, *_) = notes(path)
    delete_note(path, first)
    (row,) = [row for row in found.table(RULE, ALL, "Teacher").rows if row.family == TAG]
    assert row.n_sentences == len(SKETCHES) - 1 == len(places_of(data, pattern, marks=False))


def test_kinds_are_told_by_the_classes_of_their_labelled_sentences(tmp_path: Path) -> None:
    path = tmp_path / "overlap.duckdb"
    synthetic.build(path, SKETCHES)
    classes = overlap.by_turns(SKETCHES)
    classes[0][0] = None
    data = rdpt.open(path).run()._data()
    assert all(row.training_new is None for row in behaviours_of(data).table(RULE, ALL, "Teacher").rows)
    overlap.insert(path, SKETCHES, classes)
    data = rdpt.open(path).run()._data()
    flat = [name for own in classes for name in own]
    codes = data.codes(RULE)
    assert len(flat) == len(codes)
    families = {family.family: family for family in kinds_of(data, marks=False)}
    rows = [row for row in behaviours_of(data).table(RULE, ALL, "Teacher").rows if row.family == LENS]
    assert rows
    for row in rows:
        held = Counter(flat[place] for place in families[LENS].places(row.kind).tolist() if codes[place])
        n = held.total() - held[None]
        parts = [held[name] / n for name in overlap.CLASSES]
        assert [row.training_copied, row.training_template, row.training_new] == pytest.approx(parts)
