"""The rows of overlap with training texts: a trace at most once, six numbers a sentence, and texts that are told of."""

from __future__ import annotations

import duckdb

from rdpt_core.store.soundness.parsing import damaged, parsed


def check_overlap(connection: duckdb.DuckDBPyConnection, place: str, run_no: int, n_traces: int) -> None:
    """Check what is stored of the training texts of a run.

    That stretches lie in their sentences, and that the training sentences which they name are there, is checked where a
    trace is read.

    Raises:
        StoreError: settings are no JSON object, or lack what is read of them; there are numbers of sentences without
            training texts, a trace twice or none of that number, a list that does not fit its sentences, a number out
            of range, or a training sentence twice.
    """
    rows = connection.execute("SELECT settings FROM training_sets WHERE run_no = ?", [run_no]).fetchall()
    for (settings,) in rows:
        _check_settings(settings, f"training texts of {place}")
    n, n_distinct, first, last = connection.execute(
        "SELECT count(*), count(DISTINCT trace_no), coalesce(min(trace_no), 0), coalesce(max(trace_no), 0) "
        "FROM overlap WHERE run_no = ?",
        [run_no],
    ).fetchall()[0]
    if n != n_distinct or first < 0 or (n and last >= n_traces) or (n and not rows):
        raise damaged(
            f"overlap of {place}",
            f"at most one row for each of {n_traces:,} traces, and training texts",
            f"{n:,} rows for {n_distinct:,} traces from {first:,} to {last:,}, {len(rows)} sets of training texts",
        )
    if n:
        _check_lists(connection, place, run_no)
    _check_sentences(connection, place, run_no)


def _check_settings(text: str, what: str) -> None:
    settings = parsed(text, dict, what)
    counts = [settings.get(name) for name in ("n_records", "n_rejects", "n_sentences", "n_distinct")]
    files = settings.get("files")
    is_sound = isinstance(files, list) and all(isinstance(file, dict) and "name" in file for file in files)
    if not is_sound or not all(isinstance(count, int) and count >= 0 for count in counts):
        raise damaged(what, "files with names, and counts of records and sentences", text[:80])


# Any of six lists may be short of an entry, which would give every sentence behind it another one's number.
_IS_DAMAGED = """
    len(n_verbatim) <> n_sentences OR len(n_template) <> n_sentences OR len(span_start) <> n_sentences
    OR len(span_end) <> n_sentences OR len(span_in) <> n_sentences OR len(nearest) <> n_sentences
    OR list_count(n_verbatim) <> list_count(n_template) OR list_count(span_start) <> list_count(span_end)
    OR list_count(span_start) <> list_count(span_in)
    OR list_min(n_verbatim) < 0 OR list_min(n_template) < 0 OR list_min(span_start) < 0 OR list_min(span_end) < 1
    OR list_min(span_in) < 0 OR list_min(nearest) < 0
"""


def _check_lists(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    found = connection.execute(
        "SELECT trace_no, n_sentences, len(n_verbatim), len(n_template), len(span_start), len(span_end), len(span_in), "
        f"len(nearest) FROM overlap JOIN traces USING (run_no, trace_no) WHERE run_no = ? AND ({_IS_DAMAGED}) "
        "ORDER BY trace_no LIMIT 1",
        [run_no],
    ).fetchall()
    for trace_no, n_sentences, *lengths in found:
        raise damaged(
            f"overlap of trace {trace_no} of {place}",
            f"six lists of {n_sentences:,} numbers from 0 or NULL, as many of a kind",
            f"lists of {', '.join(map(str, lengths))}, or a number out of range",
        )


def _check_sentences(connection: duckdb.DuckDBPyConnection, place: str, run_no: int) -> None:
    n, n_distinct, *least = connection.execute(
        "SELECT count(*), count(DISTINCT sentence_no), min(sentence_no), min(record_no), min(sentence_index), "
        "min(n_times) - 1 FROM training_sentences WHERE run_no = ?",
        [run_no],
    ).fetchall()[0]
    if n != n_distinct or any(number is not None and number < 0 for number in least):
        raise damaged(
            f"training sentences of {place}",
            "each number once, and places and counts in range",
            f"{n:,} rows of {n_distinct:,} numbers",
        )
