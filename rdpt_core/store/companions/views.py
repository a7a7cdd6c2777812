"""The views through which a companion, or another role, is looked at in the place of a role of the triple."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import duckdb

from rdpt_core.records import ROLES
from rdpt_core.records.companions import is_companion
from rdpt_core.store.companions.columns import SHARED_WITH_ROLES, column, quoted


class SeenRun(NamedTuple):
    """How one run is looked at.

    Attributes:
        roles: those that the run has of its own.
        seen_as: role of the triple → key of the companion in its place, or another role of the run's own; empty if the
            run is seen as it is.
    """

    run_no: int
    roles: Sequence[str]
    seen_as: Mapping[str, str]


def see(connection: duckdb.DuckDBPyConnection, runs: Sequence[SeenRun]) -> None:
    """From now on, queries of this connection find companions' numbers under the names of roles of the triple.

    Temporary views stand before the tables `sentences` and `tokens`. They hold for this connection alone, and nothing
    is written to the file.

    Args:
        runs: all that will be asked for; of any other run nothing may be read.
    """
    unsee(connection)
    if not any(run.seen_as for run in runs):
        return
    [(database,)] = connection.execute("SELECT current_database()").fetchall()
    tables = f"{quoted(database)}.main"
    roles, copies = "", ""
    for run in runs:
        for role, key in run.seen_as.items():
            of_role = f"run_no = {run.run_no:d} AND role = {_text(role)}"
            roles += f" WHEN {of_role} THEN {_text(own_role(role))}"
            if is_companion(key):
                roles += f" WHEN run_no = {run.run_no:d} AND role = {_text(key)} THEN {_text(role)}"
            else:
                # A role keeps its own tokens, so that whoever is seen as it has the same ones once more.
                copies += (
                    f" UNION ALL SELECT * REPLACE ({_text(role)} AS role) FROM {tables}.tokens "
                    f"WHERE run_no = {run.run_no:d} AND role = {_text(key)}"
                )
    # A view has no numbers of rows; whoever asks for them asks the table, by `Reader.stored`.
    connection.execute(
        f"CREATE TEMP VIEW sentences AS SELECT * REPLACE ({_sentence_columns(runs)}) FROM {tables}.sentences"
    )
    connection.execute(
        f"CREATE TEMP VIEW tokens AS SELECT * REPLACE (CASE{roles} ELSE role END AS role) FROM {tables}.tokens{copies}"
    )


def own_role(role: str) -> str:
    """What the tokens of a role are called while a companion is seen in its place."""
    return f"own {role}"


def unsee(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables as they are."""
    for table in ("sentences", "tokens"):
        connection.execute(f"DROP VIEW IF EXISTS temp.main.{table}")


def _sentence_columns(runs: Sequence[SeenRun]) -> str:
    columns = []
    for role in ROLES:
        if any(role in run.seen_as for run in runs):
            for stem in SHARED_WITH_ROLES:
                own = column(stem, role)
                by_run = [column(stem, run.seen_as[role]) if role in run.seen_as else own for run in runs]
                columns.append(f"{_by_run(runs, by_run)} AS {own}")
    reasons = [_reason(run) if run.seen_as else "unscored_reason" for run in runs]
    return ", ".join([*columns, f"{_by_run(runs, reasons)} AS unscored_reason"])


def _by_run(runs: Sequence[SeenRun], expressions: Sequence[str]) -> str:
    """One run needs no CASE: its columns are read, and no others."""
    if len(runs) == 1:
        return expressions[0]
    cases = " ".join(f"WHEN {run.run_no:d} THEN {text}" for run, text in zip(runs, expressions, strict=True))
    return f"CASE run_no {cases} END"


def _reason(run: SeenRun) -> str:
    """Why a sentence has no number under some role, once companions stand in for others.

    The stored reason is that of the first role that has one: it still holds if a role that is not replaced lacks its
    number. A role of the run's own has no other reason than that one.
    """
    own = {key for key in run.seen_as.values() if not is_companion(key)}
    read = [f"p_{role} IS NULL" for role in run.roles if role not in run.seen_as or role in own]
    companions = [column("unscored_reason", key) for key in run.seen_as.values() if is_companion(key)]
    otherwise = f"coalesce({', '.join(companions)})" if companions else "NULL"
    return f"CASE WHEN {' OR '.join(read) or 'FALSE'} THEN unscored_reason ELSE {otherwise} END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
