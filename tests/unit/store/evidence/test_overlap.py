"""Overlap in a database: stored some traces at a time, once a run, and counted."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from rdpt_core.errors import StoreError, UsageError
from rdpt_core.records import RunKey
from rdpt_core.records.overlap import OverlapColumns
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store.evidence.overlap import DuckDBOverlapStore, overlap_counts
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import commit_batch
from tests.unit.store.conftest import SPANS, make_claim, make_result, write_run

IDENTITY = {"version": 1, "sha256": ["aa"]}
COUNTS = {"n_records": 2, "n_rejects": 0, "n_sentences": 3, "n_distinct": 3}
SETTINGS = {**IDENTITY, "files": [{"name": "a.jsonl"}], **COUNTS}
FOUND = OverlapColumns(*(np.array(row) for row in ([2, -1], [3, -1], [0, -1], [8, -1], [5, -1], [5, -1])))
OTHER = OverlapColumns(*(np.array(row) for row in ([0, 0], [3, 0], [-1, 9], [-1, 12], [-1, 6], [5, 6])))


def sentences(*numbers: int) -> pa.Table:
    n = len(numbers)
    return pa.table(
        {
            "sentence_no": pa.array(numbers, pa.int32()),
            "record_no": pa.array([0] * n, pa.int32()),
            "record_id": pa.array([None] * n, pa.string()),
            "sentence_index": pa.array(numbers, pa.int32()),
            "n_times": pa.array([1] * n, pa.int32()),
            "text": [f"s{number}" for number in numbers],
        }
    )


@pytest.fixture
def run(tmp_path: Path) -> RunKey:
    return write_run(tmp_path / "a.duckdb", make_claim())


@pytest.fixture
def store(tmp_path: Path) -> DuckDBOverlapStore:
    return DuckDBOverlapStore(tmp_path / "a.duckdb")


def rows(path: Path, name: str) -> list[dict[str, object]]:
    with open_reader(path) as reader:
        reader.check(reader.run(None))
        found: list[dict[str, object]] = reader.query(f"SELECT * EXCLUDE (run_no) FROM {name} ORDER BY ALL").to_pylist()
        return found


def commit(store: DuckDBOverlapStore, run: RunKey, trace_no: int, columns: OverlapColumns) -> None:
    n = np.array([len(columns.nearest)])
    numbers = sentences(*columns.numbers().tolist())
    store.commit_overlap(run, SETTINGS, range(trace_no, trace_no + 1), n, columns, numbers)


def test_what_is_stored_is_what_was_found(tmp_path: Path, run: RunKey, store: DuckDBOverlapStore) -> None:
    assert store.looked_up(run, IDENTITY) == set()
    commit(store, run, 0, FOUND)
    commit(store, run, 1, OTHER)
    names = ("n_verbatim", "n_template", "span_start", "span_end", "span_in", "nearest")
    first = zip(names, ([2, None], [3, None], [0, None], [8, None], [5, None], [5, None]), strict=True)
    second = zip(names, ([0, 0], [3, 0], [None, 9], [None, 12], [None, 6], [5, 6]), strict=True)
    path = tmp_path / "a.duckdb"
    assert rows(path, "overlap") == [{"trace_no": 0, **dict(first)}, {"trace_no": 1, **dict(second)}]
    assert [row["sentence_no"] for row in rows(path, "training_sentences")] == [5, 6]
    assert store.looked_up(run, IDENTITY) == {0, 1}
    with open_reader(path) as reader:
        counts = {"settings": SETTINGS, "traces": 2, "copied": 1, "template": 1, "new": 1}
        assert overlap_counts(reader, run.run_no) == counts
        assert overlap_counts(reader, run.run_no + 1) is None


def test_a_trace_is_stored_once(tmp_path: Path, run: RunKey, store: DuckDBOverlapStore) -> None:
    commit(store, run, 0, FOUND)
    commit(store, run, 0, OTHER)
    assert [row["n_verbatim"] for row in rows(tmp_path / "a.duckdb", "overlap")] == [[0, 0]]


def test_other_texts_are_refused(run: RunKey, store: DuckDBOverlapStore) -> None:
    commit(store, run, 0, FOUND)
    with pytest.raises(UsageError, match="other training texts.*expected files of sha256 aa, .*got .* bb,.*--again"):
        store.looked_up(run, {"version": 1, "sha256": ["bb"]})


@pytest.mark.parametrize("hashes", [["aa", "bb"], ["bb", "aa"], ["bb", "aa", "bb"]])
def test_order_and_repeats_make_no_other_texts(
    tmp_path: Path, run: RunKey, store: DuckDBOverlapStore, hashes: list[str]
) -> None:
    commit(store, run, 0, FOUND)
    assert store.training_hashes(run) == ["aa"]
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("UPDATE training_sets SET settings = ?", [json.dumps({**SETTINGS, "sha256": hashes})])
    assert store.training_hashes(run) == hashes
    for asked in (["aa", "bb"], ["bb", "aa"], ["aa", "aa", "bb"]):
        assert store.looked_up(run, {**IDENTITY, "sha256": asked}) == {0}
    with pytest.raises(UsageError, match="other training texts"):
        store.looked_up(run, {**IDENTITY, "sha256": ["aa"]})


@pytest.mark.parametrize("sha256", [7, None, "aa", {"aa": 1}, ["aa", 7], []])
def test_settings_that_do_not_name_the_texts_are_damage(
    tmp_path: Path, run: RunKey, store: DuckDBOverlapStore, sha256: object
) -> None:
    commit(store, run, 0, FOUND)
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("UPDATE training_sets SET settings = ?", [json.dumps({**SETTINGS, "sha256": sha256})])
    with pytest.raises(StoreError, match="training texts of run.*expected the sha256 of each file"):
        store.looked_up(run, IDENTITY)


def test_what_is_dropped_is_gone(tmp_path: Path, run: RunKey, store: DuckDBOverlapStore) -> None:
    commit(store, run, 0, FOUND)
    store.drop_overlap(run)
    for table in ("overlap", "training_sets", "training_sentences"):
        assert rows(tmp_path / "a.duckdb", table) == []


def test_it_goes_with_the_sentences_that_it_belongs_to(tmp_path: Path, run: RunKey, store: DuckDBOverlapStore) -> None:
    commit(store, run, 0, FOUND)
    commit(store, run, 1, OTHER)
    with open_reader(tmp_path / "a.duckdb") as reader:
        (trace,) = reader.traces(run.run_no, 0, 1)
    results = {role: make_result(0, role) for role in ("teacher", "student", "distilled")}
    again = sentence_columns(0, trace.response, list(SPANS), results)
    commit_batch(tmp_path / "a.duckdb", run, "distilled", [results["distilled"]], [again])
    assert [row["trace_no"] for row in rows(tmp_path / "a.duckdb", "overlap")] == [1]


def test_responses_are_cut_as_they_are_stored(run: RunKey, store: DuckDBOverlapStore) -> None:
    texts, starts, is_mark = store.cut_responses(run, 0, 2)
    assert [at.tolist() for at in starts] == [[span.char_start for span in SPANS]] * 2
    assert is_mark.tolist() == [False] * 4
    assert store.lengths(run).tolist() == [len(text) for text in texts]


def test_another_run_under_the_number_is_left_alone(tmp_path: Path, run: RunKey, store: DuckDBOverlapStore) -> None:
    commit(store, run, 0, FOUND)
    before = (tmp_path / "a.duckdb").read_bytes()
    wrong = RunKey(run.run_no, "elsewhere")
    for call in (
        lambda: store.looked_up(wrong, IDENTITY),
        lambda: commit(store, wrong, 1, OTHER),
        lambda: store.drop_overlap(wrong),
    ):
        with pytest.raises(StoreError, match="was replaced"):
            call()
    assert (tmp_path / "a.duckdb").read_bytes() == before
