"""The rows of a run: all there, in range, and sentences that tile their traces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import duckdb

from rdpt_core.records import ROLE_SETS, TemplatePolicy
from rdpt_core.store.soundness.importance import check_importance
from rdpt_core.store.soundness.overlap import check_overlap
from rdpt_core.store.soundness.parsing import damaged


def check_words(place: str, roles: Sequence[str], with_models: Iterable[str], template_policy: str) -> None:
    """Refuse roles and policies that there are none of.

    Args:
        with_models: the roles that have a model.

    Raises:
        StoreError: there is one.
    """
    if tuple(roles) not in ROLE_SETS:
        raise damaged(f"roles of {place}", " or ".join(",".join(known) for known in ROLE_SETS), list(roles))
    if set(with_models) != set(roles):
        raise damaged(f"models of {place}", f"one for each of {', '.join(roles)}", sorted(with_models))
    if template_policy not in list(TemplatePolicy):
        raise damaged(f"template policy of {place}", " or ".join(TemplatePolicy), template_policy)


def check_run(
    connection: duckdb.DuckDBPyConnection,
    place: str,
    run_no: int,
    roles: Sequence[str],
    n_traces: int,
    *,
    is_finished: bool,
    companions: Sequence[str] = (),
) -> None:
    """Check the rows of a run, but for its texts and tokens, which are checked where they are read.

    It takes a third of the time that reading the gaps of all sentences takes.

    Args:
        companions: further roles that may have tokens.

    Raises:
        StoreError: traces or sentences are missing or too many, sentences do not tile their trace, a number is out of
            range, or something is unscored without a reason.
    """
    _check_traces(connection, place, run_no, n_traces)
    _check_tiling(connection, place, run_no, is_finished=is_finished)
    _check_numbers(connection, place, run_no, roles)
    _check_reasons(connection, place, run_no, roles)
    _check_token_rows(connection, place, run_no, roles, n_traces, is_finished=is_finished, companions=companions)
    _check_local_scores(connection, place, run_no, roles, n_traces)
    check_importance(connection, place, run_no, n_traces)
    check_overlap(connection, place, run_no, n_traces)


def _check_traces(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, n_traces: int) -> None:
    row = connection.execute(
        "SELECT count(*), count(DISTINCT trace_no), coalesce(min(trace_no), 0), coalesce(max(trace_no) + 1, 0) "
        "FROM traces WHERE run_no = ?",
        [run_no],
    ).fetchall()[0]
    if row != (n_traces, n_traces, 0, n_traces):
        n, n_numbers, first, last = row
        raise damaged(
            f"traces of {place}",
            f"{n_traces:,} traces, as the run says, numbered from 0",
            f"{n:,} traces, {n_numbers:,} numbers from {first:,} to {last - 1:,}",
        )


# Each sentence is a step from (index, start) to (index + 1, end). They lead from (0, 0) to (number of sentences, last
# end) without a gap if these two are all that is left of the ends of all steps. An end is made one number before it is
# hashed: DuckDB's hash of several columns is the XOR of hashes of each.
def _step(index: str, char: str) -> str:
    return f"hash(({index})::BIGINT * {2**32} + {char})"


_TILING = f"""
WITH s AS (
    SELECT trace_no, count(*) AS n, min(char_end - char_start) AS shortest, max(char_end) AS last,
        bit_xor({_step("sentence_index", "char_start")}) AS starts,
        bit_xor({_step("sentence_index + 1", "char_end")}) AS ends
    FROM sentences WHERE run_no = $1 GROUP BY trace_no
), t AS (SELECT trace_no, n_sentences FROM traces WHERE run_no = $1)
SELECT trace_no, coalesce(n_sentences, 0) AS n_sentences, coalesce(n, 0) AS n FROM t FULL JOIN s USING (trace_no)
WHERE n_sentences IS NULL OR (n IS NULL AND n_sentences > 0 AND $2) OR n <> n_sentences OR shortest < 0
    OR xor(starts, ends) <> xor({_step("0", "0")}, {_step("n", "last")})
ORDER BY trace_no LIMIT 1
"""


def _check_tiling(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, *, is_finished: bool) -> None:
    for trace_no, n_sentences, n in connection.execute(_TILING, [run_no, is_finished]).fetchall():
        raise damaged(
            f"sentences of trace {trace_no} of {place}",
            f"{n_sentences:,} sentences that follow one another from the beginning of the response",
            f"{n:,} sentences" if n != n_sentences else "gaps between them, or overlaps",
        )


def _check_numbers(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, roles: Sequence[str]) -> None:
    # Column → least and largest value. NaN counts as larger than every number, in DuckDB as here.
    limits: dict[str, tuple[float, float]] = {"n_bytes": (0, math.inf), "is_mark IS NULL": (False, False)}
    for role in roles:
        limits[f"n_tokens_{role}"] = (0, math.inf)
        limits[f"logprob_sum_{role}"] = (-math.inf, 0)
        limits[f"first_logprob_{role}"] = (-math.inf, 0)
        limits[f"rank_sum_{role}"] = (1, math.inf)
        limits[f"p_{role}"] = (math.nextafter(0, 1), 1)
    ends = ", ".join(f"min({column}), max({column})" for column in limits)
    found = connection.execute(f"SELECT {ends} FROM sentences WHERE run_no = ?", [run_no]).fetchall()[0]
    for (column, (least, largest)), low, high in zip(limits.items(), found[::2], found[1::2], strict=True):
        for value in (low, high):
            if value is not None and not least <= value <= largest:
                raise damaged(f"{column} of {place}", f"numbers from {least:g} to {largest:g}", value)


def _check_reasons(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, roles: Sequence[str]) -> None:
    # Plain conditions, each in a query of its own: DuckDB answers them from what it knows of whole blocks of rows.
    missing = " OR ".join(f"p_{role} IS NULL" for role in roles)
    n_unexplained = 0
    for condition in (f"unscored_reason IS NULL AND ({missing})", f"unscored_reason IS NOT NULL AND NOT ({missing})"):
        rows = connection.execute(f"SELECT count(*) FROM sentences WHERE run_no = ? AND {condition}", [run_no])
        n_unexplained += rows.fetchall()[0][0]
    if n_unexplained:
        raise damaged(
            f"sentences of {place}",
            "a probability under every model, or a reason why there is none",
            f"{n_unexplained:,} sentences with neither or both",
        )


def _check_token_rows(
    connection: duckdb.DuckDBPyConnection,
    place: str,
    run_no: int,
    roles: Sequence[str],
    n_traces: int,
    *,
    is_finished: bool,
    companions: Sequence[str],
) -> None:
    known = {*roles, *companions}
    rows = connection.execute(
        "SELECT role, count(*), count(DISTINCT trace_no), min(trace_no), max(trace_no) FROM tokens WHERE run_no = ? "
        "GROUP BY role",
        [run_no],
    ).fetchall()
    for role, n, n_distinct, first, last in rows:
        if role not in known or n != n_distinct or first < 0 or last >= n_traces:
            raise damaged(
                f"tokens of {place}",
                f"at most one row for each of {n_traces:,} traces and of {', '.join([*roles, *companions])}",
                f"{n:,} rows for {n_distinct:,} traces from {first:,} to {last:,}, of {role!r:.40}",
            )
    counts = {role: n for role, n, *_ in rows}
    # A database without any tokens still has its sentences; whoever asks for tokens is told.
    for role in roles if is_finished and rows else ():
        check_count(f"tokens of {place}, {role}", n_traces, counts.get(role, 0))


def _check_local_scores(
    connection: duckdb.DuckDBPyConnection, place: str, run_no: int, roles: Sequence[str], n_traces: int
) -> None:
    rows = connection.execute(
        "SELECT role, n_context, count(*), count(DISTINCT trace_no), min(trace_no), max(trace_no), "
        "max(list_max(logprob_sum)), min(step_mean), max(step_mean) "
        "FROM local_scores WHERE run_no = ? GROUP BY role, n_context, coalesce(with_prompt, FALSE) "
        "ORDER BY role, n_context, coalesce(with_prompt, FALSE)",
        [run_no],
    ).fetchall()
    for role, n_context, n, n_distinct, first, last, largest, least_mean, largest_mean in rows:
        if role not in roles or n_context < 0 or n != n_distinct or first < 0 or last >= n_traces:
            raise damaged(
                f"local scores of {place}",
                f"at most one row for each of {n_traces:,} traces, of {', '.join(roles)} and of a kind of context",
                f"{n:,} rows for {n_distinct:,} traces from {first:,} to {last:,}, {n_context:,} sentences, "
                f"{role!r:.40}",
            )
        if largest is not None and not largest <= 0:
            raise damaged(f"logprob_sum of local scores of {place}", "numbers of at most 0", largest)
        for mean in (least_mean, largest_mean):
            if mean is not None and not -math.inf < mean <= 0:
                raise damaged(f"step_mean of local scores of {place}", "finite numbers of at most 0", mean)
    if rows:
        _check_local_lists(connection, place, run_no)


def _check_local_lists(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    # What is short of an entry would give every sentence behind it another one's number.
    found = connection.execute(
        "SELECT trace_no, role, n_sentences, len(logprob_sum), list_min(logprob_sum) FROM local_scores "
        "JOIN traces USING (run_no, trace_no) WHERE run_no = ? "
        "AND (len(logprob_sum) <> n_sentences OR isinf(list_min(logprob_sum))) ORDER BY trace_no, role LIMIT 1",
        [run_no],
    ).fetchall()
    for trace_no, role, n_sentences, n, least in found:
        raise damaged(
            f"local scores of the {role} of trace {trace_no} of {place}",
            f"{n_sentences:,} finite numbers or NULL, one for each sentence",
            f"{n:,} numbers, the least of them {least}",
        )


def check_texts(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    """Check that the sentences of every trace end where its response does. Reads all responses.

    Raises:
        StoreError: one's do not.
    """
    rows = connection.execute(
        "WITH s AS (SELECT trace_no, max(char_end) AS last FROM sentences WHERE run_no = $1 GROUP BY trace_no) "
        "SELECT trace_no, last, length(response) FROM traces JOIN s USING (trace_no) "
        "WHERE run_no = $1 AND last <> length(response) ORDER BY trace_no LIMIT 1",
        [run_no],
    ).fetchall()
    for trace_no, last, length in rows:
        check_end(f"sentences of trace {trace_no} of {place}", last, length)


def check_end(place: str, last: int, length: int) -> None:
    """Check that sentences, or tokens, end where the response does.

    Raises:
        StoreError: they do not.
    """
    if last != length:
        raise damaged(place, f"an end at {length:,}, where the response ends", f"{last:,}")


def check_count(place: str, expected: int, n: int) -> None:
    """Check that rows of all traces of a run are there.

    Raises:
        StoreError: they are not.
    """
    if n != expected:
        raise damaged(place, f"those of {expected:,} traces", f"those of {n:,}")
