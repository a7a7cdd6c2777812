"""Time and memory of choosing among a million candidates: ``python -m tests.benchmarks.bench_selection``.

Generates a run of teacher and student in the product's own schema (250,000 questions × 4 candidates × about 100
sentences, random but fixed), then measures in a process of its own: summing the sentences up into candidates, each
strategy's picks at equal tokens, and writing one training file. Needs about 6 GB of disk; the file is deleted at the
end. ``--sentences 10`` or fewer ``--questions`` make a smaller one.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import load_candidates
from rdpt_core.analysis.selection.pick import Budget, Guards, select, select_each
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options
from rdpt_core.analysis.selection.training import Request, write_training
from rdpt_core.api.selecting import DUCKDB_MEMORY
from rdpt_core.records import Role, RunClaim
from rdpt_core.store.connect import open_for_writing
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_run, finish_run
from tests.support import synthetic

ROWS_PER_INSERT = 10_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=250_000)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--sentences", type=int, default=100, help="of a candidate, on average")
    parser.add_argument("--folder", type=Path, help="where the file is made (default: a temporary folder)")
    parser.add_argument("--measure", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "candidates.duckdb"
        started = time.perf_counter()
        n_sentences = generate(path, arguments.questions, arguments.candidates, arguments.sentences)
        print(
            f"{arguments.questions * arguments.candidates:,} candidates, {n_sentences:,} sentences, "
            f"{path.stat().st_size / 1e9:.1f} GB, generated in {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_selection", "--measure", str(path)], check=True)


def generate(path: Path, n_questions: int, n_candidates: int, n_sentences: int) -> int:
    """Write the run; returns its number of sentences. Lengths vary by half around the average."""
    models = tuple(synthetic.model(role) for role in (Role.TEACHER, Role.STUDENT))
    n_traces = n_questions * n_candidates
    claim = RunClaim("0123456789abcdef", "generated", {}, {}, models, "own", "sentence", "1", "beef", n_traces)
    run = claim_run(path, claim, [])
    length = f"({n_sentences} // 2 + hash(t, 1) % ({n_sentences} + 1))::INTEGER"
    with open_for_writing(path) as connection:
        connection.execute(
            f"""INSERT INTO traces BY NAME SELECT {run.run_no} AS run_no, t::INTEGER AS trace_no, 't' || t AS trace_id,
            'q' || (t // {n_candidates}) AS question_id, 'generated' AS benchmark,
            CASE hash(t // {n_candidates}, 2) % 3 WHEN 0 THEN 'algebra' WHEN 1 THEN 'geometry' END AS domain,
            (t % {n_candidates})::INTEGER AS sample, hash(t, 3) % 2 = 0 AS correct,
            '[{{"role": "user", "content": "?"}}]' AS messages,
            'The answer is ' || t || '.' AS response, '{{}}' AS meta,
            {length} AS n_sentences FROM range({n_traces}) AS r(t)"""
        )
    per_insert = max(1, ROWS_PER_INSERT // n_sentences)
    for first in range(0, n_traces, per_insert):
        with open_for_writing(path) as connection:
            fill(connection, run.run_no, first, min(first + per_insert, n_traces), length)
    finish_run(path, run)
    with open_reader(path) as reader:
        return int(reader.query("SELECT count(*) AS n FROM sentences").column("n")[0].as_py())


def fill(connection: duckdb.DuckDBPyConnection, run_no: int, first: int, last: int, length: str) -> None:
    """The sentences of the traces `first` ≤ t < `last`: each role's p is uniform, its sum is that of its tokens."""

    def uniform(seed: int) -> str:
        return f"((hash(t, i, {seed}) % 1000003 + 1) / 1000004.0)::DOUBLE"

    connection.execute(
        f"""INSERT INTO sentences BY NAME
        SELECT *, ln(p_teacher) * n_tokens_teacher AS logprob_sum_teacher,
            ln(p_student) * n_tokens_student AS logprob_sum_student,
            (ln(p_student) * 1.5)::FLOAT AS first_logprob_student,
            (ln(p_teacher) * 1.5)::FLOAT AS first_logprob_teacher,
            (n_tokens_student + hash(trace_no, sentence_index, 9) % (50 * n_tokens_student))::INTEGER
                AS rank_sum_student
        FROM (SELECT {run_no} AS run_no, t::INTEGER AS trace_no, i::INTEGER AS sentence_index,
            (i * 80)::INTEGER AS char_start, (i * 80 + 80)::INTEGER AS char_end, 80 AS n_bytes,
            (8 + hash(t, i, 4) % 24)::INTEGER AS n_tokens_teacher,
            (8 + hash(t, i, 4) % 24)::INTEGER AS n_tokens_student,
            {uniform(5)} AS p_teacher, {uniform(6)} AS p_student
            FROM (SELECT t, unnest(range({length})) AS i FROM range({first}, {last}) AS r(t)))"""
    )


def measure(path: Path) -> None:
    """Print the seconds of every step and the most memory that the process held."""
    started = last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        print(f"{name:<44} {now - last:6.1f} s   peak {peak_gb():4.2f} GB", flush=True)
        last = now

    guards, options = Guards(), Options(expression="n_teacher - 0.01 * n_tokens")
    with open_reader(path, memory=DUCKDB_MEMORY) as reader:
        run = reader.run(None)
        candidates = load_candidates(reader, run, LabelRule.make())
        lap("sentences summed up into candidates")
        possible = [one for one in STRATEGIES.values() if one.missing(candidates.has, has_teacher=True) is None]
        chosen = {one.name: select(candidates, one, options, guards, Budget()) for one in possible}
        lap(f"{len(possible)} strategies, one pick a question")
        select_each(candidates, possible, options, guards, Budget(), equal_tokens=True)
        lap(f"{len(possible)} strategies at equal tokens")
        rule = LabelRule.make()
        with tempfile.TemporaryDirectory() as folder:
            request = Request(rule, options, guards, Budget(), "messages")
            out = Path(folder) / "train.jsonl"
            manifest = write_training(reader, run, candidates, chosen["teacher-count"], request, out)
            counts = json.loads(manifest.read_text(encoding="utf-8"))["counts"]
        lap(f"{counts['picked']:,} picks written with manifest")
    seconds = time.perf_counter() - started
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(f"total {seconds:.1f} s, {cpu.ru_utime + cpu.ru_stime:.1f} s of CPU, peak {peak_gb():.2f} GB")


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
