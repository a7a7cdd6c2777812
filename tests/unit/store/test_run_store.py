"""A finished run asks nothing of the file, so that it may lie where nobody writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import ModelError, StoreForbiddenError
from rdpt_core.records import ROLES, RunClaim
from rdpt_core.store import run_store
from rdpt_core.store.connect import open_for_writing
from rdpt_core.store.files import file_identity
from rdpt_core.store.run_store import DuckDBRunStore

from .conftest import make_claim, make_traces, write_run


def test_a_finished_run_is_found_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: RunClaim
) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim)

    def refuse(*_: object) -> None:
        # As root, which tests may run as, no file is forbidden.
        raise StoreForbiddenError("the database cannot be written to")

    monkeypatch.setattr(run_store, "claim_run", refuse)
    monkeypatch.setattr(run_store, "finish_run", refuse)
    store = DuckDBRunStore(path)
    assert store.claim(claim, make_traces()) == run_no
    store.finish(run_no)

    def check(earlier: Sequence[Mapping[str, Any]], scored: Collection[str]) -> dict[str, Any]:
        assert (earlier, scored) == ((claim.environment,), set(ROLES))
        raise ModelError("another model")

    with pytest.raises(ModelError, match="another model"):
        store.claim(claim, make_traces(), check)
    with pytest.raises(StoreForbiddenError):
        store.claim(make_claim("fedcba9876543210"), make_traces())
    with pytest.raises(StoreForbiddenError):
        DuckDBRunStore(tmp_path / "none.duckdb").claim(claim, make_traces())


def test_finishing_twice_changes_nothing(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run_no = write_run(path, claim)
    before = file_identity(path)
    DuckDBRunStore(path).finish(run_no)
    assert file_identity(path) == before, "or the app would compute everything again"


def test_what_all_roles_have_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    run = write_run(path, claim)
    with open_for_writing(path) as connection:
        connection.execute("DELETE FROM tokens WHERE role = 'student' AND trace_no = 1")
    n_opened = []
    real = run_store.read_claimed
    monkeypatch.setattr(run_store, "read_claimed", lambda *given: n_opened.append(1) or real(*given))
    assert DuckDBRunStore(path).complete_trace_nos(run, ROLES) == {0}
    assert DuckDBRunStore(path).complete_trace_nos(run, (ROLES[0], ROLES[2])) == {0, 1}
    assert len(n_opened) == 2
