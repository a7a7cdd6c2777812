"""Tables and columns of a database: ours, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import duckdb

from rdpt_core.store.companions import are_companions
from rdpt_core.store.schema import migrate
from rdpt_core.store.soundness.parsing import damaged


def check_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse tables of other columns, types or constraints than ours, and views in their place.

    Raises:
        StoreError: there is one.
    """
    found = _tables(connection)
    for name, definition in _our_tables().items():
        if name == "sentences" and _is_extended(connection, found.get(name, ""), definition):
            continue
        if found.get(name) != definition:
            raise damaged(f"table {name}", definition, found.get(name, "no such table"))


def _is_extended(connection: duckdb.DuckDBPyConnection, found: str, ours: str) -> bool:
    """Whether a table is ours with nothing but columns of companions behind."""
    beginning = ours.removesuffix(");")
    if not found.startswith(f"{beginning}, "):
        return False
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = 'sentences' "
        "AND NOT internal ORDER BY column_index"
    ).fetchall()
    n_ours = len(_our_sentence_columns())
    return are_companions(columns[n_ours:])


@cache
def _our_sentence_columns() -> tuple[str, ...]:
    with duckdb.connect(":memory:") as connection:
        migrate(connection)
        return tuple(name for name, *_ in connection.execute("DESCRIBE sentences").fetchall())


@cache
def _our_tables() -> Mapping[str, str]:
    with duckdb.connect(":memory:") as connection:
        migrate(connection)
        return _tables(connection)


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Name → definition, as DuckDB writes it."""
    return dict(connection.execute("SELECT table_name, sql FROM duckdb_tables() WHERE schema_name = 'main'").fetchall())
