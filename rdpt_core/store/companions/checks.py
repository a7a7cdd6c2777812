"""What must be true of companions before anything of them is shown, as of the roles of a triple."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from rdpt_core.store.companions.columns import COLUMN_TYPES, column, name_of
from rdpt_core.store.soundness import check_count, damaged


def check_companions(
    connection: duckdb.DuckDBPyConnection, place: str, run_no: int, companions: Mapping[str, bool], n_traces: int
) -> None:
    """Check the columns and the number of token rows of the companions of a run.

    Args:
        companions: key → whether it is finished.

    Raises:
        StoreError: columns are missing, a number is out of range, or a finished companion lacks a trace, or a number
            without a reason.
    """
    _check_columns(connection, place, companions)
    _check_numbers(connection, place, run_no, companions)
    _check_reasons(connection, place, run_no, companions)
    rows = connection.execute("SELECT role, count(*) FROM tokens WHERE run_no = ? GROUP BY role", [run_no]).fetchall()
    # A database without any tokens still has its sentences; whoever asks for tokens is told.
    for role, is_finished in companions.items() if rows else ():
        if is_finished:
            check_count(f"tokens of {place}, {role}", n_traces, dict(rows).get(role, 0))


def _check_columns(connection: duckdb.DuckDBPyConnection, place: str, companions: Mapping[str, bool]) -> None:
    # Names of columns are the same without regard to case.
    found = {name.lower() for name, *_ in connection.execute("DESCRIBE sentences").fetchall()}
    for role in companions:
        if missing := [stem for stem in COLUMN_TYPES if name_of(stem, role).lower() not in found]:
            raise damaged(f"sentences of {place}", f"columns of {role}", f"no {name_of(missing[0], role)}")


# Beginning of a column → what none of its numbers may be, and what they are then expected to be. NaN counts as larger
# than every number.
_IMPOSSIBLE = {
    "n_tokens": ("{} < 0", "numbers from 0"),
    "logprob_sum": ("{} > 0", "numbers of at most 0"),
    "first_logprob": ("{} > 0", "numbers of at most 0"),
    "rank_sum": ("{} < 1", "numbers from 1"),
    "p": ("{0} <= 0 OR {0} > 1", "numbers above 0 and of at most 1"),
}


def _check_numbers(
    connection: duckdb.DuckDBPyConnection, place: str, run_no: int, companions: Mapping[str, bool]
) -> None:
    # Plain conditions, each in a query of its own: DuckDB answers them from the least and largest number that it keeps
    # of each block of rows. To ask for the least and largest of all columns would read every one of them.
    for role in companions:
        for stem, (impossible, expected) in _IMPOSSIBLE.items():
            name = column(stem, role)
            found = connection.execute(
                f"SELECT {name} FROM sentences WHERE run_no = ? AND ({impossible.format(name)}) LIMIT 1", [run_no]
            ).fetchall()
            for (value,) in found:
                raise damaged(f"{name_of(stem, role)} of {place}", expected, value)


def _check_reasons(
    connection: duckdb.DuckDBPyConnection, place: str, run_no: int, companions: Mapping[str, bool]
) -> None:
    # Plain conditions, each in a query of its own: DuckDB answers them from what it knows of whole blocks of rows.
    for role, is_finished in companions.items():
        p, reason = column("p", role), column("unscored_reason", role)
        conditions = [f"{reason} IS NOT NULL AND {p} IS NOT NULL"]
        if is_finished:
            conditions.append(f"{reason} IS NULL AND {p} IS NULL")
        n = 0
        for condition in conditions:
            rows = connection.execute(f"SELECT count(*) FROM sentences WHERE run_no = ? AND {condition}", [run_no])
            n += rows.fetchall()[0][0]
        if n:
            raise damaged(
                f"sentences of {place}",
                f"a probability under {role}, or a reason why there is none",
                f"{n:,} sentences with neither or both",
            )
