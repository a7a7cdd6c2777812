"""Patterns in the sidecar: kept under a name of their own, changed by one person at a time, and never trusted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rdpt_core.errors import SidecarError, UsageError
from rdpt_core.store.beside.patterns import (
    MOST_NAME_CHARACTERS,
    Pattern,
    delete,
    read_pattern,
    read_patterns,
    rename,
    save_pattern,
)
from rdpt_core.store.beside.sidecar import APPLICATION_ID, MIGRATIONS, VERSION, sidecar_path

WAIT = Pattern("second thoughts", "expression", r"\b(wait|hmm)\b")
KIND = Pattern("openings", "kind", "so the", family="opening")


def names(database: Path) -> list[str]:
    return [saved.pattern.name for saved in read_patterns(database)]


def test_patterns_are_kept_by_name(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    assert read_patterns(database) == ()
    assert not sidecar_path(database).exists()
    saved = save_pattern(database, WAIT)
    save_pattern(database, KIND)
    save_pattern(database, Pattern("  a \n name ", "text", " Wait, \x00<b>", match_case=True))
    assert names(database) == ["a name", "openings", "second thoughts"]
    assert read_patterns(database)[0].pattern == Pattern("a name", "text", " Wait, \x00<b>", match_case=True)
    assert [item.pattern for item in read_patterns(database)[1:]] == [KIND, WAIT]
    assert read_pattern(database, "second  thoughts") == saved


def test_a_name_is_given_once(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    first, second = save_pattern(database, WAIT), save_pattern(database, KIND)
    with pytest.raises(UsageError, match="another pattern has this name"):
        save_pattern(database, Pattern(WAIT.name, "text", "other"))
    with pytest.raises(UsageError, match="another pattern has this name"):
        rename(database, second, WAIT.name)
    assert read_patterns(database) == (second, first)
    with pytest.raises(UsageError, match="no pattern has this name") as caught:
        read_pattern(database, "nobody")
    assert "'openings'" in str(caught.value.expected)


def test_renaming_and_deleting_see_what_others_did(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    old = save_pattern(database, WAIT)
    new = rename(database, old, "doubts")
    assert read_patterns(database) == (new,)
    assert (new.pattern.name, new.pattern.value) == ("doubts", WAIT.value)
    for change in (lambda: rename(database, old, "mine"), lambda: delete(database, old)):
        with pytest.raises(SidecarError, match="somebody else"):
            change()
    assert names(database) == ["doubts"]
    # The same name again is a change of its own.
    again = rename(database, new, "doubts")
    assert again.saved_at > new.saved_at
    delete(database, again)
    assert names(database) == []


@pytest.mark.parametrize(
    "pattern",
    [
        Pattern(" \n", "text", "x"),
        Pattern("n" * (MOST_NAME_CHARACTERS + 1), "text", "x"),
        Pattern("n", "text", ""),
        Pattern("n", "text", "x" * 20_001),
        Pattern("n", "kind", "x", family="f" * 20_001),
        Pattern("n", "guess", "x"),  # type: ignore[arg-type]
    ],
)
def test_patterns_that_say_nothing_or_too_much(tmp_path: Path, pattern: Pattern) -> None:
    with pytest.raises(UsageError):
        save_pattern(tmp_path / "a.duckdb", pattern)
    assert list(tmp_path.iterdir()) == []


def test_half_of_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    save_pattern(database, Pattern("a\ud800", "text", "b\ud800"))
    assert read_patterns(database)[0].pattern == Pattern("a?", "text", "b?")


@pytest.mark.parametrize(("column", "value"), [("match_case", "'yes'"), ("value", "x'00ff'"), ("how", "'guess'")])
def test_rows_of_another_kind_are_refused(tmp_path: Path, column: str, value: str) -> None:
    database = tmp_path / "a.duckdb"
    save_pattern(database, WAIT)
    with sqlite3.connect(sidecar_path(database)) as connection:
        connection.execute(f"UPDATE patterns SET {column} = {value}")
    with pytest.raises(SidecarError, match="cannot be used") as caught:
        read_patterns(database)
    assert column in str(caught.value)


def test_a_sidecar_of_version_2_is_brought_up_to_date(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with sqlite3.connect(sidecar_path(database)) as connection:
        for statements in MIGRATIONS[:2]:
            for statement in statements:
                connection.execute(statement)
        connection.execute("INSERT INTO basket VALUES ('r', 'b', 'q', 't', '', '2026')")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 2")
    # Reading does not write.
    assert read_patterns(database) == ()
    with sqlite3.connect(sidecar_path(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    save_pattern(database, WAIT)
    with sqlite3.connect(sidecar_path(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("SELECT count(*) FROM basket").fetchone() == (1,)
    assert names(database) == [WAIT.name]


@pytest.mark.parametrize("value", ["", "x" * 20_001])
def test_a_row_longer_than_a_pattern_may_be_is_refused(tmp_path: Path, value: str) -> None:
    database = tmp_path / "run.duckdb"
    save_pattern(database, Pattern("waiting", "text", "Wait"))
    with sqlite3.connect(sidecar_path(database)) as connection:
        connection.execute("UPDATE patterns SET value = ?", [value])
    with pytest.raises(SidecarError, match="1 to 20,000 characters"):
        read_patterns(database)
