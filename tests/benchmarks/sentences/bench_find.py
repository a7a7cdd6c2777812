"""How long a search takes: the demo's database, and a file made here with many traces.

    python -m tests.benchmarks.sentences.bench_find [--traces 50000] [--db FILE]

Prints medians of several runs in one process, in milliseconds, with the number of sentences found.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import search
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

SENTENCES_A_TRACE = 40

QUERIES = (
    ("a word of every trace", search.Query("therefore")),
    ("a rare word", search.Query("hippopotamus")),
    ("no hit", search.Query("zzzznothing")),
    ("a rare word, label Teacher", search.Query("hippopotamus", label="Teacher")),
    ("a word of every trace, label Teacher", search.Query("therefore", label="Teacher")),
    ("a phrase over a sentence's end", search.Query("holds. Step")),
    ("a regular expression", search.Query(r"x_1?7 = \d+\b", regex=True)),
    ("a frequent letter", search.Query("e")),
)


def make_large(path: Path, n_traces: int) -> None:
    """`n_traces` traces of 40 sentences each: texts of about 3 kB, probabilities by a formula, no tokens."""
    synthetic.build(path, [synthetic.sketches(1)[0]], finish=False)
    piece = (
        "'Step ' || i || ' of the derivation: since x_' || i || ' = ' || ((t * 31 + i * 7) % 97) || ', so that '"
        " || CASE WHEN (t * 40 + i) % 9973 = 0 THEN 'a hippopotamus' ELSE 'the sum' END || "
        "CASE WHEN i % 10 = 3 THEN ' therefore' ELSE '' END || "
        "CASE WHEN t % 5 = 0 THEN ' – 好 –' ELSE '' END || ' holds. '"
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM tokens; DELETE FROM sentences; DELETE FROM traces;")
        connection.execute(f"UPDATE runs SET n_traces = {n_traces:d}, finished_at = updated_at")
        connection.execute(
            f"CREATE TEMP TABLE pieces AS SELECT t::INTEGER AS t, i::INTEGER AS i, {piece} AS text "
            f"FROM range({n_traces:d}) a(t), range({SENTENCES_A_TRACE:d}) b(i)"
        )
        connection.execute(
            "INSERT INTO traces "
            "SELECT 1, t, 'trace-' || t, 'question-' || t // 4, 'bench-' || t % 6, NULL, NULL, NULL, "
            't % 4, t % 3 = 0, \'12\', \'[{"role": "user", "content": "How many?"}]\', NULL, '
            f"string_agg(text, '' ORDER BY i), '{{}}', {SENTENCES_A_TRACE:d} FROM pieces GROUP BY t ORDER BY t"
        )
        connection.execute(
            "INSERT INTO sentences SELECT 1, t, i, char_end - length(text), char_end, strlen(text), 9, 9, 9, "
            "ln(p) * 9, ln(q) * 9, ln(r) * 9, ln(p), ln(q), ln(r), p, q, r, NULL FROM ("
            "SELECT *, sum(length(text)) OVER (PARTITION BY t ORDER BY i)::INTEGER AS char_end, "
            "0.05 + ((t * 13 + i * 7) % 90) / 100.0 AS p, 0.05 + ((t * 29 + i * 3) % 90) / 100.0 AS q, "
            "0.05 + ((t * 7 + i * 11) % 90) / 100.0 AS r FROM pieces) ORDER BY t, i"
        )


def measure(path: Path, repeats: int) -> None:
    """One line a query."""
    rule = LabelRule.make()
    for name, query in QUERIES:
        took = []
        for _ in range(repeats):
            started_s = time.perf_counter()
            with open_reader(path) as reader:
                run = reader.run(None)
                found = search.find(reader, run, query, Scope(), rule)
                found_s = time.perf_counter()
                search.passages(reader, run, found.hits(0, 50))
            took.append((found_s - started_s, time.perf_counter() - found_s))
        search_ms, page_ms = (statistics.median(column) * 1000 for column in zip(*took, strict=True))
        print(f"{name:40} {found.n_found:>10,} sentences {search_ms:>9.0f} ms, first 50 {page_ms:>6.0f} ms", flush=True)


def main() -> None:
    """Measure a file, or both of the documented ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=50_000)
    parser.add_argument("--db", type=Path, help="an existing database instead")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.db:
        measure(arguments.db, arguments.repeats)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.duckdb"
        make_large(path, arguments.traces)
        print(f"{arguments.traces:,} traces, {path.stat().st_size / 1e6:,.0f} MB")
        measure(path, arguments.repeats)


if __name__ == "__main__":
    main()
