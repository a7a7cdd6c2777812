"""The write side of companions: claim them in a run that is there, commit batches, finish.

A companion's tokens are rows of their own. Its sums are columns of the sentences that the triple has, and are written
into those rows where they stand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.errors import StoreError, UsageError
from rdpt_core.records import CompanionRole, RoleResult, RunKey, SentenceColumns
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.store.claimed import write_claimed
from rdpt_core.store.companions.columns import COLUMN_TYPES, add_columns, column
from rdpt_core.store.soundness import parsed_environment
from rdpt_core.store.writer import insert_model, now, replace_tokens, touch


def claim_companions(path: Path, run: RunKey, companions: Sequence[CompanionClaim]) -> None:
    """Register companions of a run, or find those that are the same. All of them, or none.

    Raises:
        UsageError: the run has another model of such a name.
        StoreError: the database is not the one in which the run was claimed; so for every function below.
    """
    with write_claimed(path, run) as connection:
        changes = [_claim(connection, run, companion) for companion in companions]
        if any(changes):
            touch(connection, run)


def _claim(connection: duckdb.DuckDBPyConnection, run: RunKey, claim: CompanionClaim) -> bool:
    """Whether anything was written."""
    role, text = claim.model.role, json.dumps(claim.identity, sort_keys=True)
    stored = connection.execute(
        "SELECT role, name, model, revision, identity, environment FROM run_models WHERE run_no = ?", [run.run_no]
    ).fetchall()
    for key, name, model, revision, identity, environment in stored:
        if not _is_same_name(role, key, name):
            continue
        if (key, revision, identity) != (role, claim.model.revision, text):
            raise UsageError(
                "the run has another model of this name",
                where=f"{role} {claim.model.model} @ {claim.model.revision}, run {run.run_id}",
                expected=f"{key} {model} @ {revision}, with the settings that it was scored with",
                got="another model" if revision != claim.model.revision else "other settings or another spelling",
                hint="Give the new one another name.",
            )
        earlier = parsed_environment(environment or "", f"environment of {role} of run number {run.run_no}")
        latest = claim.environment
        if claim.check is not None:
            latest = claim.check(earlier, _scored(connection, run, role))
        # The last one tells how the latest numbers were made, so one that comes back is appended again.
        if earlier[-1] == latest:
            return False
        connection.execute(
            "UPDATE run_models SET environment = ? WHERE run_no = ? AND role = ?",
            [json.dumps([*earlier, latest], sort_keys=True), run.run_no, role],
        )
        return True
    add_columns(connection, role)
    insert_model(
        connection,
        run.run_no,
        claim.model,
        identity=text,
        environment=json.dumps([claim.environment], sort_keys=True),
    )
    return True


def _is_same_name(role: str, key: str, name: str | None) -> bool:
    """Whether a companion would be called as a model of the run is, of whatever kind: the teacher of the triple may
    have a name, too."""
    return role == key or (name is not None and CompanionRole.parse(role).name.lower() == name.lower())


def _scored(connection: duckdb.DuckDBPyConnection, run: RunKey, role: str) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT role FROM tokens WHERE run_no = ? AND role = ?", [run.run_no, role]
    ).fetchall()
    return {key for (key,) in rows}


def commit_companion(
    path: Path, run: RunKey, role: str, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns]
) -> None:
    """Store one batch of a companion: its tokens, and its columns of the sentences of the same traces. What was stored
    of them before is replaced, and no row moves.

    Args:
        sentences: one entry for each trace, with numbers and reasons of this companion alone.

    Raises:
        StoreError: the traces have no such sentences in the run.
    """
    with write_claimed(path, run) as connection:
        replace_tokens(connection, run.run_no, role, results)
        table = _sentence_table(role, sentences)
        connection.register("incoming", table)
        values = ", ".join(f"{column(stem, role)} = i.{stem}" for stem in COLUMN_TYPES)
        numbers = [item.trace_no for item in sentences]
        # The range lets DuckDB skip what lies outside.
        ((n_updated,),) = connection.execute(
            f"UPDATE sentences AS s SET {values} FROM incoming AS i WHERE s.run_no = ? AND s.trace_no BETWEEN ? AND ? "
            "AND (s.trace_no, s.sentence_index, s.char_start, s.char_end) "
            "= (i.trace_no, i.sentence_index, i.char_start, i.char_end)",
            [run.run_no, min(numbers, default=0), max(numbers, default=-1)],
        ).fetchall()
        ((n_stored,),) = connection.execute(
            "SELECT count(*) FROM sentences WHERE run_no = ? AND trace_no BETWEEN ? AND ? "
            "AND trace_no IN (SELECT unnest(?::INTEGER[]))",
            [run.run_no, min(numbers, default=0), max(numbers, default=-1), numbers],
        ).fetchall()
        connection.unregister("incoming")
        if not n_updated == n_stored == table.num_rows:
            raise StoreError(
                "the sentences of a further model are not those of the run",
                where=f"{role}, run {run.run_id}",
                expected=f"{n_stored:,} sentences in {len(numbers):,} traces, which every role of the run has scored",
                got=f"{table.num_rows:,} sentences, {n_updated:,} of them in the run",
                hint="If an earlier copy of the database was put in its place, the same command scores again what is "
                "missing.",
            )
        touch(connection, run)


def _sentence_table(role: str, sentences: Sequence[SentenceColumns]) -> pa.Table:
    counts = [len(item.char_start) for item in sentences]
    with_ranks = any(role in item.rank_sum for item in sentences)
    ranks = [item.rank_sum.get(role, np.zeros(len(item.char_start), dtype=np.int32)) for item in sentences]
    reasons = [reason for item in sentences for reason in item.unscored_reason]
    sums = _joined(ranks, np.int32)
    return pa.table(
        {
            "trace_no": pa.array(np.repeat([item.trace_no for item in sentences], counts).astype(np.int32)),
            "sentence_index": pa.array(_joined([np.arange(count) for count in counts], np.int32)),
            "char_start": pa.array(_joined([item.char_start for item in sentences], np.int32)),
            "char_end": pa.array(_joined([item.char_end for item in sentences], np.int32)),
            "n_tokens": pa.array(_joined([item.n_tokens[role] for item in sentences], np.int32)),
            "logprob_sum": _numbers([item.logprob_sum[role] for item in sentences], np.float64),
            "first_logprob": _numbers([item.first_logprob[role] for item in sentences], np.float32),
            "p": _numbers([item.p[role] for item in sentences], np.float64),
            "rank_sum": pa.array(sums, mask=sums == 0) if with_ranks else pa.nulls(len(sums), pa.int32()),
            "unscored_reason": pa.array(reasons, pa.string()),
        }
    )


def _joined(arrays: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(arrays).astype(kind) if arrays else np.empty(0, kind)


def _numbers(arrays: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> pa.Array:
    """NULL where missing."""
    return pa.array(_joined(arrays, kind), from_pandas=True)


def finish_companion(path: Path, run: RunKey, role: str) -> None:
    """Mark a companion as complete, from when on its numbers count.

    Raises:
        StoreError: it is not complete.
    """
    with write_claimed(path, run) as connection:
        ((n_traces, n_scored, n_missing),) = connection.execute(
            "SELECT (SELECT n_traces FROM runs WHERE run_no = $1), "
            "(SELECT count(DISTINCT trace_no) FROM tokens WHERE run_no = $1 AND role = $2), "
            f"(SELECT count(*) FROM sentences WHERE run_no = $1 AND {column('p', role)} IS NULL "
            f"AND {column('unscored_reason', role)} IS NULL)",
            [run.run_no, role],
        ).fetchall()
        if n_scored != n_traces or n_missing:
            raise StoreError(
                "a further model is not complete after all of it was scored",
                where=f"{role}, run {run.run_id}",
                expected=f"{n_traces:,} traces, and a probability or a reason for each of their sentences",
                got=f"{n_scored:,} traces, {n_missing:,} sentences without either",
                hint="If an earlier copy of the database was put in its place meanwhile, the same command scores again "
                "what is missing.",
            )
        connection.execute(
            "UPDATE run_models SET finished_at = coalesce(finished_at, ?) WHERE run_no = ? AND role = ?",
            [now(), run.run_no, role],
        )
        touch(connection, run)
