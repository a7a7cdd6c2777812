"""The bundled triple, scored as a newcomer scores it: exact against the oracle, and true to the planted origins."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.records import ROLES
from tests.integration.conftest import export
from tests.support.oracle import Oracle

PROJECT = Path(__file__).resolve().parents[3]
DATA = PROJECT / "data"


@pytest.fixture(scope="module")
def database(bundled_database: Path) -> Path:
    return bundled_database


@pytest.fixture(scope="module")
def sentences(database: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    return export(database, "sentences", tmp_path_factory.mktemp("out") / "s.jsonl")


@pytest.fixture(scope="module")
def traces() -> dict[str, dict[str, object]]:
    lines = (DATA / "traces.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["trace_id"]: line for line in map(json.loads, lines)}


def test_nine_benchmarks_with_a_hundred_traces_each(traces: dict[str, dict[str, object]]) -> None:
    counts = Counter(line["benchmark"] for line in traces.values())
    assert len(counts) == 9
    assert min(counts.values()) >= 100
    samples = Counter(line["question_id"] for line in traces.values())
    assert Counter(samples.values())[4] >= 100
    assert all(line["gold"] is not None and line["correct"] is not None for line in traces.values())


def test_scores_agree_with_the_oracle(database: Path, traces: dict[str, dict[str, object]], tmp_path: Path) -> None:
    tokens = export(database, "tokens", tmp_path / "tokens.jsonl")
    by_trace: dict[tuple[object, object], list[dict[str, object]]] = {}
    for row in tokens:
        by_trace.setdefault((row["trace_id"], row["role"]), []).append(row)
    for role in ROLES:
        oracle = Oracle(DATA / role)
        for trace_id in list(traces)[::25]:
            line = traces[trace_id]
            ids, logprobs = oracle.logprobs(str(line["question"]), str(line["response"]))
            mine = by_trace[trace_id, role]
            assert [row["token_id"] for row in mine] == ids
            assert np.abs(np.array([row["logprob"] for row in mine]) - logprobs).max() <= 1e-4


def test_every_label_occurs_and_every_sentence_is_scored(sentences: list[dict[str, object]]) -> None:
    counts = Counter(row["label"] for row in sentences)
    assert set(counts) == {"Teacher", "Student", "Shared", "Boosted"}
    assert min(counts.values()) > 100


def test_planted_origins_come_out(sentences: list[dict[str, object]], traces: dict[str, dict[str, object]]) -> None:
    labels: dict[str, Counter[object]] = {}
    spans = {(row["trace_id"], row["char_start"], row["char_end"]): row["label"] for row in sentences}
    n_planted = n_found = 0
    for trace_id, line in traces.items():
        for planted in line["meta"]["planted"]:
            n_planted += 1
            label = spans.get((trace_id, planted["char_start"], planted["char_end"]))
            if label is not None:
                n_found += 1
                labels.setdefault(planted["origin"], Counter())[label] += 1
    # The recipe cuts traces as the product does.
    assert n_found == n_planted == len(sentences)
    for origin, label in (("teacher_a", "Teacher"), ("student", "Student")):
        assert labels[origin][label] / labels[origin].total() >= 0.9
        assert labels[origin].total() > 300


def test_the_python_of_the_docs_runs(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(database, tmp_path / "mine.duckdb")
    monkeypatch.chdir(tmp_path)
    reading = (PROJECT / "docs" / "python.md").read_text(encoding="utf-8").partition("\n## Writing")[0]
    names: dict[str, object] = {}
    for page in ((PROJECT / "README.md").read_text(encoding="utf-8"), reading):
        for block in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S):
            exec(block, names)
    assert (tmp_path / "trace.html").stat().st_size > 0
