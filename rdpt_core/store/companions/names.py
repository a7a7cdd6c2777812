"""What the user calls the models of a run's triple, which may change: it is no part of what names the run."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from rdpt_core.errors import UsageError
from rdpt_core.records import ScoredModel


def rename(connection: duckdb.DuckDBPyConnection, run_no: int, models: Sequence[ScoredModel]) -> bool:
    """Take over the names that are given by now, and say whether one is new. One that is not given stays.

    Raises:
        UsageError: another model of the run has the name.
    """
    stored = connection.execute("SELECT role, name FROM run_models WHERE run_no = ?", [run_no]).fetchall()
    names, is_new = dict(stored), False
    for model in models:
        if model.name is None or model.name == names.get(model.role):
            continue
        taken = [key for key, name in stored if key != model.role and (name or "").lower() == model.name.lower()]
        if taken:
            raise UsageError(
                "the run has another model of this name",
                where=f"{model.role} {model.name}",
                expected="a name that no other model of the run has",
                got=f"that of {taken[0]}",
                hint="Give it another name.",
            )
        connection.execute(
            "UPDATE run_models SET name = ? WHERE run_no = ? AND role = ?", [model.name, run_no, model.role]
        )
        is_new = True
    return is_new
