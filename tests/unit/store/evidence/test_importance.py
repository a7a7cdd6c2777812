"""Importance in a database: stored trace by trace, once a method, and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdpt_core.errors import StoreError, UsageError
from rdpt_core.records import RunKey, Span
from rdpt_core.records.importance import NO_ANSWER, TraceImportance
from rdpt_core.store.evidence.importance import DuckDBImportanceStore, importance_counts
from rdpt_core.store.reader import open_reader
from tests.unit.store.conftest import SPANS, make_claim, write_run

SETTINGS = {"version": 1}
WHOLE = TraceImportance(0, SPANS[1], 2, -1.25, np.array([0.5, np.nan]))
WITHOUT = TraceImportance(1, None, None, None, np.full(2, np.nan), NO_ANSWER)


@pytest.fixture
def run(tmp_path: Path) -> RunKey:
    return write_run(tmp_path / "a.duckdb", make_claim())


@pytest.fixture
def store(tmp_path: Path) -> DuckDBImportanceStore:
    return DuckDBImportanceStore(tmp_path / "a.duckdb")


def rows(path: Path) -> list[dict[str, object]]:
    with open_reader(path) as reader:
        reader.check(reader.run(None))
        return reader.query("SELECT * EXCLUDE (run_no) FROM importance ORDER BY trace_no, method").to_pylist()


def test_what_is_stored_is_what_was_measured(tmp_path: Path, run: RunKey, store: DuckDBImportanceStore) -> None:
    store.commit_importance(run, "deletion", SETTINGS, [WHOLE, WITHOUT])
    common = {"method": "deletion", "settings": '{"version": 1}'}
    assert rows(tmp_path / "a.duckdb") == [
        {
            "trace_no": 0,
            "answer_start": 9,
            "answer_end": 20,
            "answer_n_tokens": 2,
            "answer_logprob": -1.25,
            "logprob_drop": [0.5, None],
            "unscored_reason": None,
            **common,
        },
        {
            "trace_no": 1,
            "answer_start": None,
            "answer_end": None,
            "answer_n_tokens": None,
            "answer_logprob": None,
            "logprob_drop": [None, None],
            "unscored_reason": "no_answer",
            **common,
        },
    ]
    assert store.measured_trace_nos(run, "deletion", SETTINGS) == {0, 1}
    assert store.measured_trace_nos(run, "replacement", {"version": 1, "seed": 2}) == set()


def test_a_trace_is_stored_once_a_method(tmp_path: Path, run: RunKey, store: DuckDBImportanceStore) -> None:
    other = TraceImportance(0, Span(0, 9), 3, -0.5, np.full(2, np.nan))
    store.commit_importance(run, "replacement", {"version": 1, "seed": 2}, [WHOLE])
    for measured in ([WHOLE, WITHOUT], [other]):
        store.commit_importance(run, "deletion", SETTINGS, measured)
    found = rows(tmp_path / "a.duckdb")
    assert [(row["trace_no"], row["method"]) for row in found] == [(0, "deletion"), (0, "replacement"), (1, "deletion")]
    assert found[0]["answer_logprob"] == -0.5
    store.commit_importance(run, "deletion", SETTINGS, [])
    store.drop_importance(run, "deletion")
    assert [row["method"] for row in rows(tmp_path / "a.duckdb")] == ["replacement"]


def test_other_settings_are_refused(run: RunKey, store: DuckDBImportanceStore) -> None:
    store.commit_importance(run, "replacement", {"version": 1, "seed": 2}, [WHOLE])
    with pytest.raises(UsageError, match="other settings.*expected seed 2, version 1; got seed 3, version 1.*--again"):
        store.measured_trace_nos(run, "replacement", {"version": 1, "seed": 3})


def test_counts(tmp_path: Path, run: RunKey, store: DuckDBImportanceStore) -> None:
    same = TraceImportance(0, SPANS[1], 2, -1.25, np.array([0.0, np.nan]))
    store.commit_importance(run, "deletion", SETTINGS, [WHOLE, WITHOUT])
    store.commit_importance(run, "replacement", {"version": 1, "seed": 2}, [same])
    with open_reader(tmp_path / "a.duckdb") as reader:
        assert importance_counts(reader, run.run_no) == [
            {"method": "deletion", "settings": SETTINGS, "traces": 2, "without": 1, "sentences": 1, "same": 0},
            {
                "method": "replacement",
                "settings": {"version": 1, "seed": 2},
                "traces": 1,
                "without": 0,
                "sentences": 1,
                "same": 1,
            },
        ]
        assert importance_counts(reader, run.run_no + 1) == []


def test_another_run_under_the_number_is_left_alone(tmp_path: Path, run: RunKey, store: DuckDBImportanceStore) -> None:
    store.commit_importance(run, "deletion", SETTINGS, [WHOLE])
    before = (tmp_path / "a.duckdb").read_bytes()
    wrong = RunKey(run.run_no, "elsewhere")
    for call in (
        lambda: store.measured_trace_nos(wrong, "deletion", SETTINGS),
        lambda: store.commit_importance(wrong, "deletion", SETTINGS, [WITHOUT]),
        lambda: store.drop_importance(wrong, "deletion"),
    ):
        with pytest.raises(StoreError, match="was replaced"):
            call()
    assert (tmp_path / "a.duckdb").read_bytes() == before
