"""The write side: claim a run, commit batches of tokens and sentences, finish.

Every call opens the file, commits one transaction and closes the file; the transaction begins by finding the run that
it writes to. A batch that is written twice, as may happen when a run is killed between its commit and its next step,
replaces itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.arrays import SmallInts
from rdpt_core.records import (
    ROLES,
    CheckEarlier,
    LocalScores,
    RoleResult,
    RunClaim,
    RunKey,
    ScoredModel,
    SentenceColumns,
    Trace,
)
from rdpt_core.store.claimed import write_claimed
from rdpt_core.store.companions import COLUMN_TYPES, column
from rdpt_core.store.companions.names import rename
from rdpt_core.store.connect import open_for_writing
from rdpt_core.store.soundness import parsed_environment

_TRACES_PER_INSERT = 2_000

NO_VARIANTS: Mapping[str, Sequence[RoleResult]] = MappingProxyType({})


def now() -> datetime:
    """UTC, as the database holds times."""
    return datetime.now(UTC).replace(tzinfo=None)


def claim_run(
    path: Path, claim: RunClaim, traces: Iterable[tuple[Trace, int]], check: CheckEarlier | None = None
) -> RunKey:
    """Register a run and its traces, or find the one with the same identity.

    Args:
        traces: every trace in file order with its number of sentences; read only if the run is new.
        check: called for a run that was there before; what it raises leaves the file as it was, and what it returns
            is stored as the environment of this process.
    """
    with open_for_writing(path) as connection:
        run_no, is_new = _register(connection, claim, check)
        if is_new:
            for table in _trace_tables(run_no, traces):
                insert_rows(connection, "traces", table)
        return RunKey(run_no, claim.run_id)


def claim_copy(
    path: Path, claim: RunClaim, source: RunKey, n_sentences: Sequence[int], check: CheckEarlier | None = None
) -> RunKey:
    """Register a run over the traces of another one, or find the one with the same identity.

    Args:
        n_sentences: for each trace in order, how many sentences it has in the new run.
        check: as for `claim_run`.
    """
    counts = pa.table(
        {
            "trace_no": pa.array(range(len(n_sentences)), pa.int32()),
            "n_new_sentences": pa.array(n_sentences, pa.int32()),
        }
    )
    with write_claimed(path, source) as connection:
        run_no, is_new = _register(connection, claim, check)
        if is_new:
            connection.register("counts", counts)
            connection.execute(
                "INSERT INTO traces BY NAME SELECT t.* EXCLUDE (n_new_sentences) "
                "REPLACE (?::INTEGER AS run_no, n_new_sentences AS n_sentences) "
                "FROM (SELECT * FROM traces JOIN counts USING (trace_no)) AS t "
                "WHERE run_no = ? ORDER BY trace_no",
                [run_no, source.run_no],
            )
            connection.unregister("counts")
        return RunKey(run_no, claim.run_id)


def _register(
    connection: duckdb.DuckDBPyConnection, claim: RunClaim, check: CheckEarlier | None = None
) -> tuple[int, bool]:
    """The number of the run with this identity, and whether it was made just now."""
    rows = connection.execute("SELECT run_no FROM runs WHERE run_id = ?", [claim.run_id]).fetchall()
    if rows:
        run_no = int(rows[0][0])
        earlier, environment = _environments(connection, run_no), claim.environment
        if check is not None:
            scored = connection.execute("SELECT DISTINCT role FROM tokens WHERE run_no = ?", [run_no]).fetchall()
            environment = check(earlier, {role for (role,) in scored})
        # The last one tells how the latest numbers were made, so one that comes back is appended again.
        if earlier[-1] != environment:
            connection.execute(
                "UPDATE runs SET environment = ? WHERE run_no = ?",
                [json.dumps([*earlier, environment], sort_keys=True), run_no],
            )
        if rename(connection, run_no, claim.models):
            touch(connection, RunKey(run_no, claim.run_id))
        return run_no, False
    run_no = int(connection.execute("SELECT coalesce(max(run_no), 0) + 1 FROM runs").fetchall()[0][0])
    started_at = now()
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            run_no,
            claim.run_id,
            claim.name,
            json.dumps(claim.identity, sort_keys=True),
            json.dumps([claim.environment], sort_keys=True),
            [str(model.role) for model in claim.models],
            claim.template_policy,
            claim.splitter,
            claim.splitter_version,
            claim.traces_hash,
            claim.n_traces,
            started_at,
            started_at,
        ],
    )
    for model in claim.models:
        insert_model(connection, run_no, model)
    return run_no, True


def insert_model(connection: duckdb.DuckDBPyConnection, run_no: int, model: ScoredModel, **state: str) -> None:
    """Store a model of a run.

    Args:
        state: further columns, of companions.
    """
    # Zero stands for unknown: these columns take no NULL, and no model is that small.
    values = {
        **asdict(model),
        "n_parameters": model.n_parameters or 0,
        "vocabulary_size": model.vocabulary_size or 0,
        **state,
    }
    columns, marks = ", ".join(values), ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO run_models (run_no, {columns}) VALUES (?, {marks})", [run_no, *values.values()])


def _environments(connection: duckdb.DuckDBPyConnection, run_no: int) -> tuple[dict[str, Any], ...]:
    rows = connection.execute("SELECT environment FROM runs WHERE run_no = ?", [run_no]).fetchall()
    return parsed_environment(rows[0][0], f"environment of run number {run_no}")


def _trace_tables(run_no: int, traces: Iterable[tuple[Trace, int]]) -> Iterator[pa.Table]:
    numbered = enumerate(traces)
    while chunk := list(islice(numbered, _TRACES_PER_INSERT)):
        yield pa.Table.from_pylist(
            [
                {
                    "run_no": run_no,
                    "trace_no": trace_no,
                    "trace_id": trace.trace_id,
                    "question_id": trace.question_id,
                    "benchmark": trace.benchmark,
                    "domain": trace.domain,
                    "model": trace.model,
                    "difficulty": trace.difficulty,
                    "sample": trace.sample,
                    "correct": trace.correct,
                    "gold": trace.gold,
                    "messages": json.dumps([message.to_json() for message in trace.messages], ensure_ascii=False),
                    "prompt": trace.prompt,
                    "response": trace.response,
                    "meta": json.dumps(dict(trace.meta), ensure_ascii=False),
                    "n_sentences": n_sentences,
                    "teacher_id": trace.teacher_id,
                }
                for trace_no, (trace, n_sentences) in chunk
            ],
            schema=_TRACE_SCHEMA,
        )


_TRACE_SCHEMA = pa.schema(
    [
        ("run_no", pa.int32()),
        ("trace_no", pa.int32()),
        ("trace_id", pa.string()),
        ("question_id", pa.string()),
        ("benchmark", pa.string()),
        ("domain", pa.string()),
        ("model", pa.string()),
        ("difficulty", pa.string()),
        ("sample", pa.int32()),
        ("correct", pa.bool_()),
        ("gold", pa.string()),
        ("messages", pa.string()),
        ("prompt", pa.string()),
        ("response", pa.string()),
        ("meta", pa.string()),
        ("n_sentences", pa.int32()),
        ("teacher_id", pa.string()),
    ]
)


def commit_batch(
    path: Path,
    run: RunKey,
    role: str,
    results: Sequence[RoleResult],
    sentences: Sequence[SentenceColumns],
    variants: Mapping[str, Sequence[RoleResult]] = NO_VARIANTS,
) -> None:
    """Store one batch: a role's tokens, and the sentences of the traces that are complete with it.

    Args:
        variants: by key, the tokens of companions that the same pass gives.

    Raises:
        StoreError: the database is not the one in which the run was claimed; so for every function below.
    """
    run_no = run.run_no
    with write_claimed(path, run) as connection:
        for key, tokens in ((role, results), *variants.items()):
            replace_tokens(connection, run_no, key, tokens)
        if sentences:
            _replace_sentences(connection, run_no, _sentence_table(run_no, sentences))
        touch(connection, run)


def replace_tokens(
    connection: duckdb.DuckDBPyConnection, run_no: int, role: str, results: Sequence[RoleResult]
) -> None:
    """Store a role's tokens of some traces in the place of what was stored of them before."""
    connection.register("batch", pa.table({"trace_no": pa.array([result.trace_no for result in results], pa.int32())}))
    connection.execute(
        "DELETE FROM tokens WHERE run_no = ? AND role = ? AND trace_no IN (SELECT trace_no FROM batch)",
        [run_no, role],
    )
    connection.unregister("batch")
    insert_rows(connection, "tokens", token_table(run_no, role, results))


def _replace_sentences(connection: duckdb.DuckDBPyConnection, run_no: int, table: pa.Table) -> None:
    """Store sentences in the place of those of the same traces; what companions have scored of them stays."""
    companions = connection.execute(
        "SELECT role FROM run_models WHERE run_no = ? AND contains(role, ':')", [run_no]
    ).fetchall()
    kept = "".join(f", {column(stem, role)}" for (role,) in companions for stem in COLUMN_TYPES)
    connection.register("incoming", table)
    chosen = "run_no = ? AND trace_no IN (SELECT trace_no FROM incoming)"
    if kept:
        connection.execute(
            f"CREATE TEMP TABLE kept AS SELECT trace_no, sentence_index{kept} FROM sentences WHERE {chosen}", [run_no]
        )
    # Importance and overlap belong to the sentences that were there.
    for name in ("sentences", "importance", "overlap"):
        connection.execute(f"DELETE FROM {name} WHERE {chosen}", [run_no])
    if kept:
        connection.execute(
            "INSERT INTO sentences BY NAME FROM incoming LEFT JOIN kept USING (trace_no, sentence_index) "
            "ORDER BY trace_no, sentence_index"
        )
        connection.execute("DROP TABLE kept")
    else:
        connection.execute("INSERT INTO sentences BY NAME FROM incoming")
    connection.unregister("incoming")


def touch(connection: duckdb.DuckDBPyConnection, run: RunKey) -> None:
    """Whoever has checked or kept anything of the run knows by this that it has changed."""
    connection.execute("UPDATE runs SET updated_at = ? WHERE run_no = ?", [now(), run.run_no])


def commit_local(
    path: Path, run: RunKey, role: str, n_context: int, scores: Sequence[LocalScores], *, with_prompt: bool = False
) -> None:
    """Store the local scores of some traces; what was stored of them before is replaced."""
    table = pa.table(
        {
            "run_no": pa.array([run.run_no] * len(scores), pa.int32()),
            "trace_no": pa.array([score.trace_no for score in scores], pa.int32()),
            "role": pa.array([str(role)] * len(scores), pa.string()),
            "n_context": pa.array([n_context] * len(scores), pa.int32()),
            "logprob_sum": _lists([score.logprob_sum for score in scores], pa.float64(), nan_is_null=True),
            "step_mean": pa.array([score.step_mean for score in scores], pa.float64()),
            "with_prompt": pa.array([with_prompt] * len(scores), pa.bool_()),
        }
    )
    with write_claimed(path, run) as connection:
        connection.register("batch", table)
        connection.execute(
            "DELETE FROM local_scores WHERE (run_no, trace_no, role, n_context, coalesce(with_prompt, FALSE)) IN "
            "(SELECT (run_no, trace_no, role, n_context, with_prompt) FROM batch)"
        )
        connection.unregister("batch")
        insert_rows(connection, "local_scores", table)
        touch(connection, run)


def finish_run(path: Path, run: RunKey) -> None:
    """Mark a run as complete."""
    finished_at = now()
    with write_claimed(path, run) as connection:
        connection.execute(
            "UPDATE runs SET updated_at = ?, finished_at = coalesce(finished_at, ?) WHERE run_no = ?",
            [finished_at, finished_at, run.run_no],
        )


def insert_rows(connection: duckdb.DuckDBPyConnection, table_name: str, table: pa.Table) -> None:
    """Append rows to a table; columns that it has besides are NULL."""
    connection.register("incoming", table)
    connection.execute(f"INSERT INTO {table_name} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")


def _lists(arrays: Sequence[npt.NDArray[Any]], kind: pa.DataType, *, nan_is_null: bool = False) -> pa.ListArray:
    offsets = np.cumsum([0, *(len(array) for array in arrays)], dtype=np.int32)
    flat = np.concatenate(arrays) if arrays else np.empty(0)
    values = pa.array(flat, kind, from_pandas=nan_is_null)
    return pa.ListArray.from_arrays(offsets, values)


def token_table(run_no: int, role: str, results: Sequence[RoleResult]) -> pa.Table:
    """One row a trace."""
    n = len(results)
    return pa.table(
        {
            "run_no": pa.array(np.full(n, run_no, dtype=np.int32)),
            "trace_no": pa.array([result.trace_no for result in results], pa.int32()),
            "role": pa.array([str(role)] * n, pa.string()),
            "n_tokens": pa.array([len(result.tokens) for result in results], pa.int32()),
            "n_straddling": pa.array([result.n_straddling for result in results], pa.int32()),
            "unscored_reason": pa.array([result.unscored_reason for result in results], pa.string()),
            "token_id": _lists([result.tokens.token_id for result in results], pa.int32()),
            "char_start": _lists([result.tokens.char_start for result in results], pa.int32()),
            "char_end": _lists([result.tokens.char_end for result in results], pa.int32()),
            "logprob": _lists([result.tokens.logprob for result in results], pa.float32(), nan_is_null=True),
            "rank": _ranks(results),
        }
    )


def _ranks(results: Sequence[RoleResult]) -> pa.Array:
    """A list a trace: NULL for a trace without ranks, and NULL within it for a token without one."""
    ranks = [result.tokens.rank for result in results]
    if all(rank is None for rank in ranks):
        return pa.nulls(len(results), pa.list_(pa.int32()))
    known = [np.empty(0, dtype=np.int32) if rank is None else rank for rank in ranks]
    flat = np.concatenate(known)
    offsets = np.cumsum([0, *map(len, known)], dtype=np.int32)
    missing = pa.array([rank is None for rank in ranks])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, mask=flat == 0), mask=missing)


def _sentence_table(run_no: int, sentences: Sequence[SentenceColumns]) -> pa.Table:
    counts = [len(item.char_start) for item in sentences]
    total = sum(counts)
    columns: dict[str, pa.Array] = {
        "run_no": pa.array(np.full(total, run_no, dtype=np.int32)),
        "trace_no": pa.array(np.repeat([item.trace_no for item in sentences], counts).astype(np.int32)),
        "sentence_index": pa.array(np.concatenate([np.arange(count, dtype=np.int32) for count in counts])),
        "char_start": pa.array(np.concatenate([item.char_start for item in sentences])),
        "char_end": pa.array(np.concatenate([item.char_end for item in sentences])),
        "n_bytes": pa.array(np.concatenate([item.n_bytes for item in sentences])),
        "is_mark": pa.array(np.concatenate([item.is_mark for item in sentences])),
        "unscored_reason": pa.array([reason for item in sentences for reason in item.unscored_reason], pa.string()),
    }
    for role in ROLES:
        if role not in sentences[0].p:
            continue
        columns[f"n_tokens_{role}"] = pa.array(np.concatenate([item.n_tokens[role] for item in sentences]))
        for name in ("logprob_sum", "first_logprob", "p"):
            values = np.concatenate([getattr(item, name)[role] for item in sentences])
            columns[f"{name}_{role}"] = pa.array(values, from_pandas=True)
        if any(role in item.rank_sum for item in sentences):
            # Another role's tokens may come from an earlier process that stored no ranks.
            sums = np.concatenate([_or_zeros(item.rank_sum.get(role), len(item.char_start)) for item in sentences])
            columns[f"rank_sum_{role}"] = pa.array(sums, mask=sums == 0)
    return pa.table(columns)


def _or_zeros(sums: SmallInts | None, n: int) -> SmallInts:
    return np.zeros(n, dtype=np.int32) if sums is None else sums
