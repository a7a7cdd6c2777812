"""Patterns in Python: kept beside the file, looked for in a run, and refused where they say nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.patterns import members, view
from tests.support import synthetic

TRACES = [*synthetic.sketches(), synthetic.unscored_sketch()]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> rdpt.Database:
    for module in (members, view):
        monkeypatch.setattr(module, "kinds_of", lambda data, marks: ())
    synthetic.build(tmp_path / "patterns.duckdb", TRACES)
    return rdpt.open(tmp_path / "patterns.duckdb")


def test_patterns_are_kept_beside_the_file(database: rdpt.Database) -> None:
    before = database.path.read_bytes()
    kept = database.save_pattern("equations", expression=r"= \d+")
    assert kept == rdpt.Pattern("equations", "expression", r"= \d+")
    database.save_pattern("so", kind="so the", family="opening", match_case=True)
    assert database.pattern("so") == rdpt.Pattern("so", "kind", "so the", "opening", match_case=True)
    database.rename_pattern("so", "openings")
    assert [pattern.name for pattern in database.patterns()] == ["equations", "openings"]
    database.delete_pattern("openings")
    assert database.patterns() == (kept,)
    assert database.path.read_bytes() == before
    with pytest.raises(rdpt.UsageError, match="no pattern has this name"):
        database.pattern("openings")
    with pytest.raises(rdpt.UsageError, match="not a regular expression"):
        database.save_pattern("broken", expression="((")


def test_the_sentences_are_those_that_hold_it(database: rdpt.Database) -> None:
    run = database.run()
    database.save_pattern("equations", text="=")
    found = run.pattern(database.pattern("equations")).sentences()
    everything = run.sentences()
    assert found.schema == everything.schema
    assert found == everything.filter(pc.match_substring(everything.column("text"), "="))
    one = run.pattern(text="=").sentences(benchmark="clock", correct=True)
    narrow = run.sentences(benchmark="clock", correct=True)
    assert 0 < one.num_rows < found.num_rows
    assert one == narrow.filter(pc.match_substring(narrow.column("text"), "="))
    assert run.pattern(text="nowhere at all").sentences().schema == everything.schema


def test_shares_are_those_of_the_sentences(database: rdpt.Database) -> None:
    run = database.run()
    table = run.pattern(text="=").shares(beta=0.2)
    sentences = run.pattern(text="=").sentences(beta=0.2)
    labels = [label for label in sentences.column("label").to_pylist() if label]
    rows = [row for row in table.to_pylist() if row["section"] == "all"]
    assert {row["label"] for row in rows} == {"Teacher", "Shared", "Student", "Boosted"}
    for row in rows:
        assert row["share"] == pytest.approx(labels.count(row["label"]) / len(labels), abs=1e-12)
        assert row["n_sentences"] == len(labels)
        assert row["difference"] == pytest.approx(row["share"] - row["rest_share"], abs=1e-12)
        assert row["share_low"] <= row["share"] <= row["share_high"]


def test_two_patterns_against_each_other(database: rdpt.Database) -> None:
    run = database.run()
    first, second = run.pattern(text="="), run.pattern(text="add")
    for table in (first.against(second), first.against(second.pattern)):
        for row in table.to_pylist():
            assert row["difference"] == pytest.approx(row["first_share"] - row["second_share"], abs=1e-12)
            assert (row["first"], row["second"]) == ("=", "add")
            assert (row["n_first"], row["n_second"]) == (first.sentences().num_rows, second.sentences().num_rows)


@pytest.mark.parametrize("given", [{}, {"text": "a", "tag": "b"}])
def test_a_pattern_is_one_thing(database: rdpt.Database, given: dict[str, str]) -> None:
    run = database.run()
    for refuse in (lambda: run.pattern(**given), lambda: database.save_pattern("n", **given)):  # type: ignore[arg-type]
        with pytest.raises(rdpt.UsageError, match="a pattern is one thing"):
            refuse()
    with pytest.raises(rdpt.UsageError, match="a pattern is one thing"):
        run.pattern(rdpt.Pattern("", "text", "x"), text="y")
