"""The teacher of a triple may be called something, and something else later; no two models of a run share a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rdpt_core.errors import UsageError
from rdpt_core.records import RunClaim
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.store.writer import claim_run
from tests.unit.store.conftest import write_companion, write_run


def named(claim: RunClaim, name: str | None) -> RunClaim:
    return replace(claim, models=(replace(claim.models[0], name=name), *claim.models[1:]))


def stored(path: Path) -> Run:
    with open_reader(path) as reader:
        return reader.runs()[0]


def test_a_name_that_comes_later_is_taken_over_and_one_that_is_not_given_stays(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "run.duckdb"
    write_run(path, claim)
    before = stored(path)
    for given, expected in (("math", "math"), (None, "math"), ("Math", "Math")):
        assert claim_run(path, named(claim, given), []).run_id == claim.run_id
        assert [model.name for model in stored(path).models] == [expected, None, None]
    assert stored(path).updated_at > before.updated_at
    assert stored(path).is_finished
    last = stored(path)
    claim_run(path, named(claim, "Math"), [])
    assert stored(path) == last


def test_a_companion_s_name_is_taken(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "run.duckdb"
    write_companion(path, write_run(path, claim))
    with pytest.raises(UsageError, match=r"another model of this name: teacher Code.*got that of teacher:code"):
        claim_run(path, named(claim, "Code"), [])
    assert [model.name for model in stored(path).models] == [None, None, None]
