"""Sentences that no model finds likely: counted, and pointed out from where they matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.faint import Faint
from rdpt_core.analysis.labels import LabelRule, Space, label_order
from rdpt_core.analysis.run.shares import count_faint, label_counts
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

# Two sentences that every model finds unlikely, one whose probabilities are small but differ, one that all find likely.
_SMALL = {"Faint": (0.01, 0.03, 0.002), "Edge": (0.05, 0.05, 0.05), "Small": (0.04, 0.04, 0.06)}


@pytest.fixture
def faint_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, values in _SMALL.items():
        monkeypatch.setitem(synthetic.PROBABILITIES, name, values)
    kinds = ("Faint", "Edge", "Small", "Shared", "Teacher", "unscored")
    path, pair = tmp_path / "faint.duckdb", (Role.TEACHER, Role.STUDENT)
    sketch = synthetic.Sketch("faint-0", "faint", [(f"Sentence {kind}. ", kind) for kind in kinds])
    synthetic.build(path, [sketch], run_id="a" * 16, roles=pair)
    synthetic.build(path, [sketch, *synthetic.sketches(2)], run_id="b" * 16)
    return path


def test_sentences_that_no_model_finds_likely_are_counted(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("b" * 16), LabelRule.make()
        faint = load_trace_view(reader, run, 0, rule).faint()
        assert faint == Faint(Label.SHARED, "α", n_faint=2, n_label=4, n_scored=5)
        assert faint.is_notable
        counts = label_counts(reader, run, rule)
        total = count_faint(counts, rule, run.roles)
        assert total is not None and total.n_faint == 2
        assert total.n_scored == sum(sum(counts.column(name).to_pylist()) for name in label_order(run.roles))
        assert load_trace_view(reader, run, 1, rule).faint() == Faint(Label.SHARED, "α", 0, 2, 4)


def test_nothing_is_faint_in_ratio_space(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("b" * 16), LabelRule.make(space=Space.RATIO)
        assert load_trace_view(reader, run, 0, rule).faint() is None
        assert count_faint(label_counts(reader, run, rule), rule, run.roles) is None


def test_before_training_beta_decides_what_is_faint(faint_path: Path) -> None:
    with open_reader(faint_path) as reader:
        run, rule = reader.run("a" * 16), LabelRule.make()
        view = load_trace_view(reader, run, 0, rule)
        assert view.faint() == Faint(Label.COMMON, "β", n_faint=3, n_label=4, n_scored=5)
        assert count_faint(label_counts(reader, run, rule), rule, run.roles) == view.faint()


@pytest.mark.parametrize(("n_faint", "notable"), [(0, False), (5, False), (6, True)])
def test_few_faint_sentences_are_not_pointed_out(n_faint: int, notable: bool) -> None:
    assert Faint(Label.SHARED, "α", n_faint, 50, 100).is_notable is notable
