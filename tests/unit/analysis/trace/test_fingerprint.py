"""What tells one state of a file from another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rdpt_core.analysis.trace.fingerprint import file_fingerprint
from rdpt_core.store.reader import open_reader
from tests import synthetic

FIRST = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two. ", "Shared"), ("Three.", "Student")])
# The same text cut in another way.
RESPLIT = replace(FIRST, sentences=[("One. Two. ", "Teacher"), ("Three.", "Student")])


def build(path: Path, **runs: synthetic.Sketch) -> None:
    for run_id, sketch in runs.items():
        synthetic.build(path, [sketch], run_id=run_id, name=run_id)


def test_a_fingerprint_changes_with_the_runs_and_with_nothing_else(tmp_path: Path) -> None:
    one, two = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    build(one, aaaa=FIRST, bbbb=RESPLIT)
    build(two, bbbb=RESPLIT)
    with open_reader(two) as reader:
        alone = file_fingerprint(reader.runs())
    build(two, aaaa=FIRST)
    with open_reader(one) as reader, open_reader(two) as other:
        assert file_fingerprint(reader.runs()) == file_fingerprint(other.runs())
        assert file_fingerprint(reader.runs()) != alone
