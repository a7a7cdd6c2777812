"""Columns of companions in `sentences`.

A companion's columns are named by its role, such as `p_teacher_code`, and belong to all runs of the file. They are
added when the first companion of that name is claimed, and hold NULL for every run that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from rdpt_core.records import CompanionRole
from rdpt_core.records.companions import column_of

COLUMN_TYPES: Mapping[str, str] = {
    "n_tokens": "INTEGER",
    "logprob_sum": "DOUBLE",
    "first_logprob": "FLOAT",
    "p": "DOUBLE",
    "rank_sum": "INTEGER",
    "unscored_reason": "VARCHAR",
}
"""Beginnings of the names of a companion's columns, in their order, and their types."""

SHARED_WITH_ROLES = tuple(name for name in COLUMN_TYPES if name != "unscored_reason")
"""Those that each role of the triple has, too: a reason is stored once for all of them."""


def quoted(name: str) -> str:
    """A name as SQL reads it, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def name_of(stem: str, role: str) -> str:
    """The name of a column of a role: `p_teacher_code`."""
    return f"{stem}_{column_of(role)}"


def column(stem: str, role: str) -> str:
    """The same, as SQL reads it."""
    return quoted(name_of(stem, role))


def add_columns(connection: duckdb.DuckDBPyConnection, role: str) -> None:
    """Make room for a companion, unless one of its name was there before."""
    for stem, kind in COLUMN_TYPES.items():
        connection.execute(f"ALTER TABLE sentences ADD COLUMN IF NOT EXISTS {column(stem, role)} {kind}")


def are_companions(columns: Sequence[tuple[str, str]]) -> bool:
    """Whether these columns, as (name, type), are those of companions: all of each, in order, and nothing else."""
    stems = list(COLUMN_TYPES.items())
    for first in range(0, len(columns), len(stems)):
        group = columns[first : first + len(stems)]
        ending = group[0][0].removeprefix(f"{stems[0][0]}_")
        kind, _, name = ending.partition("_")
        try:
            CompanionRole.parse(f"{kind}:{name}")
        except ValueError:
            return False
        if list(group) != [(f"{stem}_{ending}", kind_) for stem, kind_ in stems]:
            return False
    return True
