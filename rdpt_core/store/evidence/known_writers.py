"""Runs whose responses were all written by one model: which run they calibrate, and how their text came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdpt_core.errors import UsageError
from rdpt_core.records import RunKey
from rdpt_core.store.claimed import check_claimed, write_claimed


def register_writer(path: Path, run: RunKey, of: RunKey, role: str, settings: Mapping[str, Any]) -> None:
    """Note that `role` wrote all responses of a run, and that it calibrates another. Noted again, nothing changes.

    Args:
        settings: how the responses came about.

    Raises:
        UsageError: another role is noted as their writer, or the run calibrates itself.
        StoreError: the database is not the one in which the runs were claimed.
    """
    with write_claimed(path, run) as connection:
        check_claimed(connection, of)
        if run == of:
            raise UsageError(
                f"these are the responses of the run itself, so the {role} did not write them",
                where=f"run {run.run_id}",
                expected=f"text that the {role} wrote",
            )
        known = connection.execute("SELECT role FROM known_writers WHERE run_no = ?", [run.run_no]).fetchall()
        if known and known != [(role,)]:
            raise UsageError(
                "the same responses cannot be written by two models",
                where=f"run {run.run_id}",
                expected=f"text of the {known[0][0]}, as was noted before",
                got=f"the same as text of the {role}",
            )
        if not known:
            connection.execute(
                "INSERT INTO known_writers VALUES (?, ?, ?, ?)",
                [run.run_no, of.run_no, role, json.dumps(dict(settings), sort_keys=True)],
            )
