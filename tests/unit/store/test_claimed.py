"""The run behind a number: nothing is read or written unless it is the one that was claimed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rdpt_core.errors import StoreError, StoreMissingError
from rdpt_core.records import Role, RunClaim, RunKey
from rdpt_core.store.connect import open_for_writing
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.store.schema import MIGRATIONS
from rdpt_core.store.writer import claim_run

from .conftest import CODE, make_claim, make_companion, make_result, make_traces, write_companion, write_run

CALLS: dict[str, tuple[Any, ...]] = {
    "claim_copy": (make_claim("another"),),
    "scored_trace_nos": (Role.TEACHER,),
    "complete_trace_nos": ([Role.TEACHER, Role.STUDENT],),
    "traces": (0, 2),
    "tokens": (Role.TEACHER, [0]),
    "commit": (Role.TEACHER, [make_result(0, Role.TEACHER, (-9.0, -9.0, -9.0))], []),
    "spans": (0, 2),
    "local_trace_nos": (Role.STUDENT, 4),
    "commit_local": (Role.STUDENT, 4, []),
    "finish": (),
    "claim_companions": ([make_companion()],),
    "commit_companion": (CODE, [], []),
    "finish_companion": (CODE,),
    "count_unscored": (CODE,),
    "trace_nos_without_sums": (CODE,),
    "count_sentences": (),
    "unscored_traces": (),
}


NAMED: dict[str, dict[str, Any]] = {name: {"with_prompt": False} for name in ("local_trace_nos", "commit_local")}


def call(store: DuckDBRunStore, name: str, run: RunKey) -> Any:
    """A method of the store on a run: that of which a copy is made, for `claim_copy`."""
    method = getattr(store, name)
    if name == "claim_copy":
        return method(*CALLS[name], run, [2, 2])
    return method(run, *CALLS[name], **NAMED.get(name, {}))


def test_every_method_that_takes_a_run_is_tried() -> None:
    methods = {name for name in vars(DuckDBRunStore) if not name.startswith("_")}
    assert methods == CALLS.keys() | {"claim"}


@pytest.mark.parametrize("name", CALLS)
def test_another_run_under_the_number_is_left_alone(tmp_path: Path, claim: RunClaim, name: str) -> None:
    path = tmp_path / "a.duckdb"
    run = write_run(path, claim)
    write_companion(path, run)
    before = path.read_bytes()
    for wrong, got in ((replace(run, run_id="elsewhere"), claim.run_id), (replace(run, run_no=7), "no such run")):
        with pytest.raises(StoreError, match=f"was replaced.*{path}.*{got}"):
            call(DuckDBRunStore(path), name, wrong)
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="was replaced.*no file there"):
        call(DuckDBRunStore(tmp_path / "gone.duckdb"), name, run)
    assert not (tmp_path / "gone.duckdb").exists()
    call(DuckDBRunStore(path), name, run)


def test_an_empty_database_in_its_place(tmp_path: Path, claim: RunClaim) -> None:
    run = write_run(tmp_path / "a.duckdb", claim)
    with open_for_writing(tmp_path / "empty.duckdb"):
        pass
    with pytest.raises(StoreError, match="was replaced.*no such run"):
        DuckDBRunStore(tmp_path / "empty.duckdb").scored_trace_nos(run, Role.TEACHER)


@pytest.mark.parametrize("name", CALLS)
def test_a_database_of_an_older_schema_in_its_place_is_not_migrated(tmp_path: Path, claim: RunClaim, name: str) -> None:
    run = write_run(tmp_path / "a.duckdb", claim)
    path = tmp_path / "older.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("CREATE TABLE store_info (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)")
        connection.execute("INSERT INTO store_info VALUES ('schema_version', '1')")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="was replaced.*schema version 1"):
        call(DuckDBRunStore(path), name, run)
    assert path.read_bytes() == before


def test_a_database_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError), open_for_writing(tmp_path / "a.duckdb", as_found=True):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", ["{", "7", "[7]", "[]"])
def test_environments_that_are_none_are_told(tmp_path: Path, claim: RunClaim, environment: str) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, claim)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET environment = ?", [environment])
    with pytest.raises(StoreError, match="damaged: environment of run number 1"):
        claim_run(path, claim, [])


def test_rows_that_were_there_before_are_missed(tmp_path: Path, claim: RunClaim) -> None:
    store, run = DuckDBRunStore(tmp_path / "a.duckdb"), write_run(tmp_path / "a.duckdb", claim)
    for lost in (lambda: store.traces(run, 0, 3), lambda: store.tokens(run, Role.TEACHER, [0, 5])):
        with pytest.raises(StoreError, match="lost rows"):
            lost()


def test_a_refusal_to_go_on_leaves_the_file_as_it_was(tmp_path: Path, claim: RunClaim) -> None:
    path = tmp_path / "a.duckdb"
    heard: list[Any] = []
    second = replace(claim, environment={"device": "other"})

    def hear(*what: Any) -> dict[str, Any]:
        heard.append(what)
        return second.environment

    claim_run(path, claim, make_traces(), hear)
    assert heard == []  # It is new.
    write_run(path, claim)
    # What it says of this process is stored, not what the claim does.
    claim_run(path, claim, [], hear)
    assert heard == [((claim.environment,), {"teacher", "student", "distilled"})]

    def refuse(*_: Any) -> dict[str, Any]:
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        claim_run(path, replace(claim, environment={"device": "third"}), [], refuse)
    claim_run(path, claim, [])
    with open_reader(path) as reader:
        # The last one is that of the last process, though it was there before.
        assert reader.run(None).environment == (claim.environment, second.environment, claim.environment)
