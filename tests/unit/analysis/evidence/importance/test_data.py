"""Which method is meant, and what is said of a run that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.importance.data import ImportanceData, importance_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError
from tests.support import synthetic


def test_the_first_method_is_meant_unless_one_is_named(found: ImportanceData) -> None:
    assert found.chosen().method == "deletion"
    assert found.chosen("replacement").method == "replacement"
    with pytest.raises(UsageError, match="deletion or replacement"):
        found.chosen("rewriting")


def test_a_run_without_importance_says_which_command_computes_it(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    nothing = importance_of(rdpt.open(path).run()._data())
    assert nothing.coverage() == ()
    with pytest.raises(UsageError, match="rdpt importance"):
        nothing.chosen()


def test_a_scope_without_importance_is_empty(found: ImportanceData) -> None:
    scope = Scope(benchmark="marks")
    assert len(found.sample(LabelRule.make(), scope, "deletion").drop) == 2
    assert not len(found.sample(LabelRule.make(), scope, "replacement").drop)
    assert found.summaries(LabelRule.make(), scope, "replacement") == ()
    assert found.contrasts(LabelRule.make(), scope, "replacement") == ()
    assert found.ranked(LabelRule.make(), scope, "replacement").num_rows == 0
