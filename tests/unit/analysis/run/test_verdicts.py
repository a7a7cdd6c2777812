"""Verdicts by origin, and our grades beside them, against a count by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.analysis.run.verdicts import DISPUTES, load_disputed, load_verdicts
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic

SOURCE = {"verdict": "acc"}
# correct, gold, meta
MADE: list[tuple[bool | None, str | None, dict[str, Any]]] = [
    (True, "1", {"import": SOURCE, "grading": {"method": "number", "correct": True}}),
    (True, "1", {"import": SOURCE, "grading": {"method": "number", "correct": False, "extracted": "2"}}),
    (False, "1", {"import": SOURCE, "grading": {"method": "text", "correct": True}}),
    (False, "1", {"import": SOURCE, "grading": {"method": "text", "correct": None, "reason": "prose"}}),
    (True, "1", {"import": SOURCE}),
    (True, "1", {}),
    (False, "1", {"grading": {"method": "math-verify"}}),
    (None, "1", {"grading": {"method": "math-verify", "reason": "no"}}),
    (None, "1", {}),
    (None, None, {}),
    (None, "1", {"import": {"verdict": "scores.match = P (part mark)"}}),
    # What a stranger may write.
    (True, "1", {"grading": "yes", "import": ["x"]}),
    (True, "1", {"grading": {"method": ["x"], "correct": "true"}, "import": {"verdict": {"a": 1}}}),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Run]]:
    path: Path = tmp_path_factory.mktemp("db") / "a.duckdb"
    first = synthetic.sketches(1)[0]
    sketches = [
        replace(first, trace_id=f"t{i}", question_id=f"q{i}", question=f"{i}?", correct=correct, gold=gold, meta=meta)
        for i, (correct, gold, meta) in enumerate(MADE)
    ]
    synthetic.build(path, sketches)
    with open_reader(path) as reader:
        yield reader, reader.run(None)


def test_where_verdicts_come_from(opened: tuple[Reader, Run]) -> None:
    found = load_verdicts(*opened, Scope())
    assert {(o.kind, o.name): (o.n_traces, o.n_questions) for o in found.origins} == {
        ("source", "acc"): (5, 5),
        ("source", None): (2, 2),
        ("source", '{"a":1}'): (1, 1),
        ("own", "math-verify"): (1, 1),
        ("none", "no grade could be reached: math-verify"): (1, 1),
        ("none", "not graded"): (1, 1),
        ("none", "no reference answer"): (1, 1),
        ("none", "the source says neither: scores.match"): (1, 1),
    }
    assert found.n_of("source") == 8


def test_checked_verdicts(opened: tuple[Reader, Run]) -> None:
    found = load_verdicts(*opened, Scope())
    assert found.n_checked == {(True, True): 1, (True, False): 1, (False, True): 1, (False, None): 1}
    assert found.n_disputed == 2
    assert found.agreement.share.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found.agreement.refused is not None
    assert load_verdicts(*opened, Scope(benchmark="none")).origins == ()


def test_which_are_disputed(opened: tuple[Reader, Run]) -> None:
    listed = [load_disputed(*opened, Scope(), dispute).column("trace_id").to_pylist() for dispute in DISPUTES]
    assert listed == [["t1", "t2"], ["t1"], ["t2"], ["t3"]]
    (row,) = load_disputed(*opened, Scope(), DISPUTES[1]).to_pylist()
    assert (row["question"], row["gold"], row["extracted"], row["source"], row["own"], row["field"]) == (
        "1?",
        "1",
        "2",
        "correct",
        "incorrect",
        "acc",
    )
    assert load_disputed(*opened, Scope(), DISPUTES[3]).column("reason").to_pylist() == ["prose"]
