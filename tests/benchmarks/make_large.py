"""Writes a database of many sentences without any model, for the benchmarks of the app: plain SQL, about a minute.

    python tests/benchmarks/make_large.py FILE [--sentences 10000000] [--traces 50000] [--varied]

Five benchmarks; every question has 20 traces. The numbers are made of hashes, so that the same arguments give the same
file. Sentences of one question resemble each other (each question has its own level of teacher-likeness), early
sentences are more often the teacher's, and traces with more of them are a little more often correct. Verdicts are the
source's, with a grade of ours beside each, which differs from one in forty. There are no tokens: no page but the token
view of a trace needs them, and they would take most of the space. Every sentence reads the same, unless `--varied` is
given: then they have 92 characters in the mean, and nearly all are distinct. Two in five of them are words drawn anew,
the others one of 3,000 templates with numbers and a name in it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.records import ROLES, RunClaim
from rdpt_core.store.writer import claim_run, finish_run
from tests.support import synthetic

SAMPLES = 20
N_TEMPLATES, N_WORDS = 3_000, 8_000
TEXT = "So it is. "
BENCHMARKS = ("algebra", "biology", "chemistry", "logic", "physics")


def _uniform(*parts: str) -> str:
    """SQL for a number in (0, 1) that depends on these expressions only."""
    return f"((hash({', '.join(parts)}) % 1000003 + 0.5) / 1000003)"


def normal(*parts: str) -> str:
    """SQL for a standard normal number (Box and Muller)."""
    first, second = _uniform(*parts, "'a'"), _uniform(*parts, "'b'")
    return f"(sqrt(-2 * ln({first})) * cos(2 * pi() * {second}))"


N_SENTENCES = f"""$1 * (0.5 + {_uniform("t", "'length'")})"""

_TRACES = f"""
INSERT INTO traces BY NAME
SELECT 1::INTEGER AS run_no, t::INTEGER AS trace_no, format('t{{:07d}}', t) AS trace_id,
    format('q{{:06d}}', q) AS question_id,
    list_extract([{", ".join(f"'{name}'" for name in BENCHMARKS)}], (q % {len(BENCHMARKS)} + 1)::INTEGER) AS benchmark,
    CASE WHEN q % 5 IN (0, 3) THEN 'formal' ELSE 'science' END AS domain,
    'data/distilled' AS model, CASE WHEN {_uniform("q", "'hard'")} < 0.5 THEN 'easy' ELSE 'hard' END AS difficulty,
    (t % {SAMPLES})::INTEGER AS sample,
    {_uniform("t", "'correct'")} < 1 / (1 + exp(-(1.2 * {normal("q", "'ability'")} + 0.4 * {normal("t", "'taste'")})))
        AS correct,
    '1' AS gold, format('[{{{{"role": "user", "content": "What comes next in {{}}?"}}}}]', q) AS messages,
    NULL AS prompt, coalesce(texts.response, repeat('{TEXT}', n)) AS response,
    '{{"import": {{"verdict": "score"}}, "grading": {{"method": "number", "correct": '
        || CASE WHEN {_uniform("t", "'grade'")} < 0.025 THEN NOT correct ELSE correct END || '}}}}' AS meta,
    n AS n_sentences
FROM (SELECT t, t // {SAMPLES} AS q, ({N_SENTENCES})::INTEGER AS n
      FROM range($2, $3) AS r (t)) LEFT JOIN texts ON texts.trace_no = t ORDER BY t
"""

_SENTENCES = f"""
INSERT INTO sentences BY NAME
SELECT 1::INTEGER AS run_no, trace_no, i::INTEGER AS sentence_index,
    coalesce(texts.edges[i + 1], i * {len(TEXT)})::INTEGER AS char_start,
    coalesce(texts.edges[i + 2], (i + 1) * {len(TEXT)})::INTEGER AS char_end,
    (char_end - char_start)::INTEGER AS n_bytes,
    n_tokens AS n_tokens_teacher, n_tokens AS n_tokens_student, n_tokens AS n_tokens_distilled,
    n_tokens * l_t AS logprob_sum_teacher, n_tokens * l_s AS logprob_sum_student,
    n_tokens * l_d AS logprob_sum_distilled,
    (l_t * 2)::FLOAT AS first_logprob_teacher, (l_s * 2)::FLOAT AS first_logprob_student,
    (l_d * 2)::FLOAT AS first_logprob_distilled,
    exp(l_t) AS p_teacher, exp(l_s) AS p_student, exp(l_d) AS p_distilled
FROM (SELECT trace_no, i, (1 + hash(trace_no, i, 'n') % 24)::INTEGER AS n_tokens,
        -ln(1 + exp(-(1 + 0.8 * lean + {normal("trace_no", "i", "'t'")}))) AS l_t,
        -ln(1 + exp(-(1 - 0.8 * lean + {normal("trace_no", "i", "'s'")}))) AS l_s,
        -ln(1 + exp(-(1.2 + 0.5 * lean + {normal("trace_no", "i", "'d'")}))) AS l_d
      FROM (SELECT trace_no, unnest(range(n_sentences)) AS i,
                {normal("question_id", "'lean'")} * 0.7 + 0.4 * {normal("trace_no", "'taste'")}
                + 0.6 * exp(-i / 20.0) AS lean
            FROM traces WHERE trace_no >= $1 AND trace_no < $2)) LEFT JOIN texts USING (trace_no)
ORDER BY trace_no, sentence_index
"""


class Sentences:
    """Draws sentences: the same ones for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        letters = rng.integers(97, 123, (N_WORDS, 12)).astype(np.uint8)
        sizes = rng.integers(2, 10, N_WORDS)
        self._words = [bytes(row[:size]).decode() for row, size in zip(letters, sizes, strict=True)]
        self._templates = []
        for _ in range(N_TEMPLATES):
            words = self._some(rng, int(rng.integers(11, 17)))
            for place, hole in zip(sorted(rng.choice(np.arange(1, len(words)), 3, replace=False)), "%%@", strict=True):
                words[place] = "%d" if hole == "%" else "%s"
            self._templates.append(" ".join([words[0].capitalize(), *words[1:]]) + ". ")

    def _some(self, rng: np.random.Generator, n: int) -> list[str]:
        return [self._words[number] for number in rng.integers(0, N_WORDS, n).tolist()]

    def trace(self, seed: int, n: int) -> list[str]:
        """The sentences of one trace."""
        rng = np.random.default_rng([1, seed])
        kinds = rng.integers(0, N_TEMPLATES * 5 // 3, n).tolist()
        numbers = rng.integers(0, 10_000, (n, 2)).tolist()
        names = self._some(rng, n)
        fresh = self._some(rng, 17 * n)
        sentences = []
        for i, (kind, (first, second), name) in enumerate(zip(kinds, numbers, names, strict=True)):
            if kind < N_TEMPLATES:
                sentences.append(self._templates[kind] % (first, second, name.capitalize()))
            else:
                sentences.append(" ".join(fresh[17 * i : 17 * i + 14 + first % 4]).capitalize() + ". ")
        return sentences


def _varied(connection: duckdb.DuckDBPyConnection, sentences: Sentences, mean: float, first: int, last: int) -> None:
    """Fill `texts` with responses and where their sentences begin and end."""
    rows = connection.execute(
        f"SELECT t, ({N_SENTENCES})::INTEGER FROM range($2, $3) AS r (t)", [mean, first, last]
    ).fetchall()
    for begin in range(0, len(rows), 2_000):
        traces = [(t, sentences.trace(t, n)) for t, n in rows[begin : begin + 2_000]]
        batch = pa.table(
            {
                "trace_no": [t for t, _ in traces],
                "response": ["".join(texts) for _, texts in traces],
                "edges": [np.cumsum([0, *map(len, texts)], dtype=np.int32) for _, texts in traces],
            }
        )
        connection.register("batch", batch)
        connection.execute("INSERT INTO texts SELECT trace_no, response, edges FROM batch")
        connection.unregister("batch")


def make(path: Path, n_sentences: int, n_traces: int, *, varied: bool = False) -> int:
    """Write the file and return how many sentences it holds: about `n_sentences`."""
    path.unlink(missing_ok=True)
    claim = RunClaim(
        run_id="1a26e00000000000",
        name="large",
        identity={"splitter": "synthetic", "sentences": n_sentences, "traces": n_traces}
        | ({"varied": True} if varied else {}),
        environment={"device": "none"},
        models=tuple(synthetic.model(role) for role in ROLES),
        template_policy="own",
        splitter="synthetic",
        splitter_version="1",
        traces_hash="0" * 16,
        n_traces=n_traces,
    )
    run = claim_run(path, claim, ())
    sentences = Sentences()
    with duckdb.connect(str(path), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        step = max(1, 5_000_000 * n_traces // n_sentences)
        for first in range(0, n_traces, step):
            last = min(first + step, n_traces)
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE texts (trace_no INTEGER, response VARCHAR, edges INTEGER[])"
            )
            if varied:
                _varied(connection, sentences, n_sentences / n_traces, first, last)
            connection.execute(_TRACES, [n_sentences / n_traces, first, last])
            connection.execute(_SENTENCES, [first, last])
        (n,) = connection.execute("SELECT count(*) FROM sentences").fetchall()[0]
    finish_run(path, run)
    return int(n)


def main() -> None:
    """Make a file and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--sentences", type=int, default=10_000_000)
    parser.add_argument("--traces", type=int, default=50_000)
    parser.add_argument("--varied", action="store_true")
    arguments = parser.parse_args()
    began = time.monotonic()
    n = make(arguments.file, arguments.sentences, arguments.traces, varied=arguments.varied)
    size = arguments.file.stat().st_size / 1e6
    print(f"{n:,} sentences, {arguments.traces:,} traces: {size:,.0f} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
