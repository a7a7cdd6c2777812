"""The rows of importance: a method at most once a trace, one finite number a sentence, and an answer."""

from __future__ import annotations

import duckdb

from rdpt_core.records.importance import ImportanceMethod
from rdpt_core.store.soundness.parsing import damaged, parsed


def check_importance(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, n_traces: int) -> None:
    """Check what is stored of the importance of a run's sentences.

    Raises:
        StoreError: there is an unknown method, a trace twice or none of that number, settings that are no JSON object
            or not the same for all traces, an answer that is no sentence of its trace, a list that does not fit its
            sentences, or a number out of range.
    """
    rows = connection.execute(
        "SELECT method, count(*), count(DISTINCT trace_no), min(trace_no), max(trace_no) FROM importance "
        "WHERE run_no = ? GROUP BY method",
        [run_no],
    ).fetchall()
    for method, n, n_distinct, first, last in rows:
        if method not in list(ImportanceMethod) or n != n_distinct or first < 0 or last >= n_traces:
            raise damaged(
                f"importance of {place}",
                f"at most one row for each of {n_traces:,} traces, by {' or '.join(ImportanceMethod)}",
                f"{n:,} rows for {n_distinct:,} traces from {first:,} to {last:,}, by {method!r:.40}",
            )
    if rows:
        _check_settings(connection, place, run_no)
        _check_rows(connection, place, run_no)


def _check_settings(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    rows = connection.execute(
        "SELECT method, min(settings), max(settings) FROM importance WHERE run_no = ? GROUP BY method ORDER BY method",
        [run_no],
    ).fetchall()
    for method, first, last in rows:
        what = f"settings of importance by {method} of {place}"
        parsed(first, dict, what)
        if first != last:
            raise damaged(what, f"the same for all traces: {first:.80}", last)


_IS_DAMAGED = """
    len(logprob_drop) <> n_sentences
    OR len(list_filter(logprob_drop, lambda drop: NOT isfinite(drop))) > 0
    OR (unscored_reason IS NULL) <> (answer_logprob IS NOT NULL)
    OR (unscored_reason IS NOT NULL AND len(list_filter(logprob_drop, lambda drop: drop IS NOT NULL)) > 0)
    OR (answer_logprob IS NOT NULL AND (NOT isfinite(answer_logprob) OR answer_logprob > 0))
    OR (unscored_reason IS NULL AND answer_start IS NULL)
    OR (answer_start IS NULL) <> (answer_end IS NULL)
    OR (answer_start IS NULL) <> (answer_n_tokens IS NULL)
    OR answer_n_tokens < 1
    OR (answer_start IS NOT NULL AND sentence_index IS NULL)
    OR len(list_filter(logprob_drop[coalesce(sentence_index, n_sentences) + 1 :], lambda drop: drop IS NOT NULL)) > 0
"""


def _check_rows(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    found = connection.execute(
        "SELECT trace_no, method, n_sentences, len(logprob_drop), answer_start, answer_end, answer_logprob, "
        "unscored_reason FROM importance JOIN traces USING (run_no, trace_no) "
        "LEFT JOIN (SELECT run_no, trace_no, sentence_index, char_start AS answer_start, char_end AS answer_end "
        "FROM sentences) USING (run_no, trace_no, answer_start, answer_end) "
        f"WHERE run_no = ? AND ({_IS_DAMAGED}) ORDER BY trace_no LIMIT 1",
        [run_no],
    ).fetchall()
    for trace_no, method, n_sentences, n_drops, start, end, logprob, reason in found:
        raise damaged(
            f"importance by {method} of trace {trace_no} of {place}",
            f"{n_sentences:,} finite drops or NULL, none from the answer on, which is one of the sentences, with a "
            "logprob of at most 0, or else a reason",
            f"{n_drops:,} drops, answer {start} to {end}, logprob {logprob}, reason {reason!r:.40}",
        )
