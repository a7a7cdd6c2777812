"""What must be true of companions before anything of them is shown, as of the roles of a triple."""

from __future__ import annotations

import math
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


def _check_numbers(
    connection: duckdb.DuckDBPyConnection, place: str, run_no: int, companions: Mapping[str, bool]
) -> None:
    # Key and beginning of a column → least and largest value. NaN counts as larger than every number.
    limits: dict[tuple[str, str], tuple[float, float]] = {}
    for role in companions:
        limits[role, "n_tokens"] = (0, math.inf)
        limits[role, "logprob_sum"] = (-math.inf, 0)
        limits[role, "first_logprob"] = (-math.inf, 0)
        limits[role, "rank_sum"] = (1, math.inf)
        limits[role, "p"] = (math.nextafter(0, 1), 1)
    names = [column(stem, role) for role, stem in limits]
    ends = ", ".join(f"min({name}), max({name})" for name in names)
    row = connection.execute(f"SELECT {ends} FROM sentences WHERE run_no = ?", [run_no]).fetchall()[0]
    for number, ((role, stem), (least, largest)) in enumerate(limits.items()):
        for value in row[2 * number : 2 * number + 2]:
            if value is not None and not least <= value <= largest:
                raise damaged(f"{name_of(stem, role)} of {place}", f"numbers from {least:g} to {largest:g}", value)


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
