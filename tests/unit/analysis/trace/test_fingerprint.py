"""What tells one state of a file from another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rdpt_core.analysis.trace.fingerprint import file_fingerprint
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

FIRST = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two. ", "Shared"), ("Three.", "Student")])
# The same text cut in another way.
RESPLIT = replace(FIRST, sentences=[("One. Two. ", "Teacher"), ("Three.", "Student")])


def build(path: Path, **runs: synthetic.Sketch) -> None:
    for run_id, sketch in runs.items():
        synthetic.build(path, [sketch], run_id=run_id, name=run_id)


def test_a_fingerprint_changes_with_the_runs_and_with_nothing_else(tmp_path: Path) -> None:
    first_path, second_path = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    build(first_path, aaaa=FIRST, bbbb=RESPLIT)
    build(second_path, bbbb=RESPLIT)
    with open_reader(second_path) as reader:
        alone = file_fingerprint(reader.runs())
    build(second_path, aaaa=FIRST)
    with open_reader(first_path) as reader, open_reader(second_path) as second_reader:
        assert file_fingerprint(reader.runs()) == file_fingerprint(second_reader.runs())
        assert file_fingerprint(reader.runs()) != alone
