"""Tables of a run that is not finished, and of one that is seen with another teacher."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

import rdpt_core as rdpt
from rdpt_core.errors import UsageError
from tests.support import companions, synthetic
from tests.support.companions import importance


def test_tables_of_an_unfinished_run_warn_once(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=16, finish=False)
    synthetic.build(path, synthetic.sketches(2), run_id="a")
    half, whole = rdpt.open(path).runs()
    assert (half.n_traces_scored, whole.n_traces_scored) == (16, whole.info.n_traces)
    with pytest.warns(UserWarning, match="16 of 36 traces; the run is not finished") as caught:
        assert half.sentences().num_rows
        half.shares()
        half.trace(synthetic.sketches()[0].trace_id)
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole.sentences()


TRACES = synthetic.sketches()


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> rdpt.ScoredRun:
    path = tmp_path_factory.mktemp("several") / "several.duckdb"
    companions.build(path, TRACES, ("teacher:code", "control:decoy"), models=companions.named_teacher("math"))
    return rdpt.open(path).run()


def test_shares_ask_the_teacher_that_is_named(several: rdpt.ScoredRun) -> None:
    own, code = several.shares(), several.shares(teacher="code")
    assert several.shares(teacher="math") == own
    assert several.shares(teacher="teacher:code") == code
    assert own.schema == code.schema and own != code
    for table, sentences in ((own, several.sentences()), (code, several.sentences(teacher="code"))):
        labels = sentences.filter(pc.is_valid(pc.field("label"))).to_pylist()
        total = Counter(row["benchmark"] for row in labels)
        counts = Counter((row["benchmark"], row["label"]) for row in labels)
        for row in table.to_pylist():
            share = counts[row["benchmark"], row["label"]] / total[row["benchmark"]]
            assert row["share_of_sentences"] == pytest.approx(share, abs=1e-12)
    # And the run remembers nothing of it.
    assert several.shares() == own


def test_a_trace_asks_the_teacher_that_is_named(several: rdpt.ScoredRun) -> None:
    trace_id = TRACES[0].trace_id
    own, code = several.trace(trace_id), several.trace(trace_id, teacher="code")
    rows, other = own.sentences.to_pylist(), code.sentences.to_pylist()
    assert several.trace(trace_id, teacher="math").sentences == own.sentences
    assert [row["p_teacher"] for row in other] == [row["p_teacher_code"] for row in rows]
    assert [row["p_student"] for row in other] == [row["p_student"] for row in rows]
    assert [row["label"] for row in other] != [row["label"] for row in rows]


@pytest.mark.parametrize("name", ["law", "checkpoint:400", ""])
def test_a_teacher_that_the_run_lacks_is_refused(several: rdpt.ScoredRun, name: str) -> None:
    for ask in (
        lambda: several.shares(teacher=name),
        lambda: several.sentences(teacher=name),
        lambda: several.trace(TRACES[0].trace_id, teacher=name),
    ):
        with pytest.raises(UsageError, match="no such teacher.* expected math or code or decoy"):
            ask()


def test_importance_is_asked_by_group_and_method(tmp_path: Path) -> None:
    path = tmp_path / "importance.duckdb"
    synthetic.build(path, TRACES)
    run = rdpt.open(path).run()
    for ask in (run.importance, run.importance_differences):
        with pytest.raises(UsageError, match="the run has no importance"):
            ask()
    importance.insert(path, importance.rows_of(TRACES, "replacement"))
    run = rdpt.open(path).run()
    with pytest.raises(UsageError, match="expected 'all' or 'correctness'"):
        run.importance("domain")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="by this method"):
        run.importance(method="deletion")
    drops = run.sentences().filter(pc.is_valid(pc.field("importance_replacement"))).to_pylist()
    for row in run.importance("kind", benchmark="shop").to_pylist():
        assert row["method"] == "replacement" and row["divided_by"] == "kind"
    by_label = {row["label"]: row for row in run.importance().to_pylist()}
    for label, row in by_label.items():
        own = [sentence["importance_replacement"] for sentence in drops if sentence["label"] == label]
        assert row["n_sentences"] == len(own)
        assert row["mean_drop"] == pytest.approx(sum(own) / len(own), rel=1e-5, abs=1e-7)
    raw = [row for row in run.importance_differences().to_pylist() if row["held_equal"] == "as they are"]
    for row in raw:
        if row["measure"] == "mean":
            expected = by_label["Teacher"]["mean_drop"] - by_label[row["minus"]]["mean_drop"]
            assert row["difference"] == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert {row["minus"] for row in raw} == {"Shared", "Student", "Boosted"}
