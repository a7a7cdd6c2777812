"""Writes a database of many sentences without any model, for the benchmarks of the app: plain SQL, about a minute.

    python tests/benchmarks/make_large.py FILE [--sentences 10000000] [--traces 50000]

Five benchmarks; every question has 20 traces. The numbers are made of hashes, so that the same arguments give the same
file. Sentences of one question resemble each other (each question has its own level of teacher-likeness), early
sentences are more often the teacher's, and traces with more of them are a little more often correct. Verdicts are the
source's, with a grade of ours beside each, which differs from one in forty. There are no tokens: no page but the token
view of a trace needs them, and they would take most of the space.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.records import ROLES, RunClaim
from rdpt_core.store.writer import claim_run, finish_run
from tests.support import synthetic

SAMPLES = 20
TEXT = "So it is. "
BENCHMARKS = ("algebra", "biology", "chemistry", "logic", "physics")


def _uniform(*parts: str) -> str:
    """SQL for a number in (0, 1) that depends on these expressions only."""
    return f"((hash({', '.join(parts)}) % 1000003 + 0.5) / 1000003)"


def normal(*parts: str) -> str:
    """SQL for a standard normal number (Box and Muller)."""
    first, second = _uniform(*parts, "'a'"), _uniform(*parts, "'b'")
    return f"(sqrt(-2 * ln({first})) * cos(2 * pi() * {second}))"


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
    NULL AS prompt, repeat('{TEXT}', n) AS response,
    '{{"import": {{"verdict": "score"}}, "grading": {{"method": "number", "correct": '
        || CASE WHEN {_uniform("t", "'grade'")} < 0.025 THEN NOT correct ELSE correct END || '}}}}' AS meta,
    n AS n_sentences
FROM (SELECT t, t // {SAMPLES} AS q, ($1 * (0.5 + {_uniform("t", "'length'")}))::INTEGER AS n
      FROM range($2, $3) AS r (t)) ORDER BY t
"""

_SENTENCES = f"""
INSERT INTO sentences BY NAME
SELECT 1::INTEGER AS run_no, trace_no, i::INTEGER AS sentence_index,
    (i * {len(TEXT)})::INTEGER AS char_start, ((i + 1) * {len(TEXT)})::INTEGER AS char_end,
    {len(TEXT)}::INTEGER AS n_bytes,
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
            FROM traces WHERE trace_no >= $1 AND trace_no < $2))
ORDER BY trace_no, sentence_index
"""


def make(path: Path, n_sentences: int, n_traces: int) -> int:
    """Write the file and return how many sentences it holds: about `n_sentences`."""
    path.unlink(missing_ok=True)
    claim = RunClaim(
        run_id="1a26e00000000000",
        name="large",
        identity={"splitter": "synthetic", "sentences": n_sentences, "traces": n_traces},
        environment={"device": "none"},
        models=tuple(synthetic.model(role) for role in ROLES),
        template_policy="own",
        splitter="synthetic",
        splitter_version="1",
        traces_hash="0" * 16,
        n_traces=n_traces,
    )
    run = claim_run(path, claim, ())
    with duckdb.connect(str(path), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        step = max(1, 5_000_000 * n_traces // n_sentences)
        for first in range(0, n_traces, step):
            last = min(first + step, n_traces)
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
    arguments = parser.parse_args()
    began = time.monotonic()
    n = make(arguments.file, arguments.sentences, arguments.traces)
    size = arguments.file.stat().st_size / 1e6
    print(f"{n:,} sentences, {arguments.traces:,} traces: {size:,.0f} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
