"""The basket in the sidecar: one decision a question, by run, and a migration that keeps older notes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rdpt_core.store.beside.basket import BasketItem, put_in_basket, read_basket, take_from_basket
from rdpt_core.store.beside.sidecar import APPLICATION_ID, MIGRATIONS, VERSION, open_sidecar, sidecar_path


def item(question_id: str, trace_id: str, run_id: str = "r1", reason: str = "because") -> BasketItem:
    return BasketItem(run_id, "hand", question_id, trace_id, reason)


def chosen(database: Path, run_id: str = "r1") -> list[tuple[str, str]]:
    return [(one.question_id, one.trace_id) for one in read_basket(database, run_id)]


def test_a_question_is_decided_once_and_by_run(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    assert chosen(database) == []
    assert not sidecar_path(database).exists()
    put_in_basket(database, item("q2", "t3"))
    put_in_basket(database, item("q1", "t1"))
    put_in_basket(database, item("q1", "t2", reason="second thoughts <b>"))
    put_in_basket(database, item("q1", "t9", run_id="r2"))
    assert chosen(database) == [("q1", "t2"), ("q2", "t3")]
    assert chosen(database, "r2") == [("q1", "t9")]
    assert read_basket(database, "r1")[0].reason == "second thoughts <b>"
    assert read_basket(database, "r1")[0].chosen_at.endswith("Z")
    take_from_basket(database, "r1", [("hand", "q1"), ("hand", "nobody")])
    assert chosen(database) == [("q2", "t3")]
    assert chosen(database, "r2") == [("q1", "t9")]


def test_a_sidecar_of_version_1_keeps_its_notes(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with sqlite3.connect(sidecar_path(database)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO notes (created_at, updated_at, run_id, trace_id, trace_hash, quote, text, tags) "
            "VALUES ('2026', '2026', 'r1', 't1', 'h', '', 'kept', '[]')"
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    assert chosen(database) == []
    put_in_basket(database, item("q1", "t1"))
    assert chosen(database) == [("q1", "t1")]
    with open_sidecar(database) as opened:
        assert [row["text"] for row in opened.execute("SELECT text FROM notes")] == ["kept"]
        assert opened.execute("PRAGMA user_version").fetchone()[0] == VERSION
