"""Companions with known probabilities for the runs of `synthetic`: no model, no randomness.

A companion's probability of a sentence follows from what the sentence is marked as, like those of the triple.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.records import ROLES, RunKey, ScoredModel, UnscoredReason
from rdpt_core.store.claimed import write_claimed
from rdpt_core.store.companions import add_columns, column
from tests.support import copies, synthetic
from tests.support.synthetic import Sketch

# The code teacher wrote what the triple's teacher finds as unlikely as the student does; the decoy wrote nothing; the
# checkpoints lie on the way from the student to the distilled model.
PROBABILITIES: dict[str, dict[str, float]] = {
    "teacher:code": {
        "Teacher": 0.24,
        "Student": 0.2,
        "Shared": 0.92,
        "Boosted": 0.81,
        "Boosted-down": 0.58,
        "Boosted-between": 0.5,
        "Uncertain": 0.52,
    },
    "control:decoy": {
        "Teacher": 0.16,
        "Student": 0.22,
        "Shared": 0.88,
        "Boosted": 0.21,
        "Boosted-down": 0.55,
        "Boosted-between": 0.44,
        "Uncertain": 0.47,
    },
}


def probability(key: str, kind: str) -> float:
    """What a companion makes of a sentence of this kind; a checkpoint's name is its step, of 800."""
    if kind == "unscored":
        return math.nan
    if key in PROBABILITIES:
        return PROBABILITIES[key][kind]
    _, before, after = synthetic.PROBABILITIES[kind]
    step = min(1.0, int(key.partition(":")[2]) / 800)
    return before ** (1 - step) * after**step


def model(key: str, *, tokenizer: str = "tok-a") -> ScoredModel:
    """A companion's record with nothing behind it."""
    kind, _, name = key.partition(":")
    return ScoredModel(
        role=key,
        model=f"data/companions/{name}",
        revision="sha256:" + kind[0] * 12,
        backend="transformers",
        dtype="float32",
        template="own",
        vocabulary_size=692,
        n_parameters=900_000,
        context_length=512,
        tokenizer_hash=tokenizer,
        name=name,
    )


def named_teacher(name: str = "math") -> tuple[ScoredModel, ...]:
    """The triple's models, with a teacher that has a name: for `models` of `synthetic.build`."""
    teacher, *others = (synthetic.model(role) for role in ROLES)
    return (ScoredModel(**{**asdict(teacher), "name": name}), *others)


def add(
    path: Path,
    run: RunKey,
    traces: Sequence[Sketch],
    key: str,
    *,
    n_scored: int | None = None,
    finish: bool = True,
    probabilities: Mapping[str, float] | None = None,
    tokenizer: str = "tok-a",
) -> None:
    """Add a companion such as `teacher:code` to a run.

    Args:
        traces: those of the run.
        n_scored: how many of them it has scored; all by default.
        finish: whether it counts as complete.
        probabilities: kind of sentence → its probability, instead of `probability`.
    """

    def p_of(kind: str) -> float:
        return probability(key, kind) if probabilities is None or kind == "unscored" else probabilities[kind]

    now = datetime.now(UTC).replace(tzinfo=None)
    row: dict[str, Any] = {
        "run_no": run.run_no,
        **asdict(model(key, tokenizer=tokenizer)),
        "identity": json.dumps({"model": {"model": key, "tokenizer": tokenizer}}),
        "environment": json.dumps([{"device": "cpu", "packages": {}}]),
        "finished_at": now if finish else None,
    }
    scored = traces[:n_scored]
    tokens = pa.table(_tokens(run, key, scored, p_of))
    sentences = pa.table(_sentences(run, scored, p_of))
    with write_claimed(path, run) as connection:
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO run_models ({names}) VALUES ({marks})", list(row.values()))
        add_columns(connection, key)
        connection.register("incoming", tokens)
        connection.execute("INSERT INTO tokens BY NAME SELECT * FROM incoming")
        connection.register("incoming", sentences)
        stems = [name for name in sentences.column_names if name not in ("run_no", "trace_no", "sentence_index")]
        values = ", ".join(f"{column(stem, key)} = incoming.{stem}" for stem in stems)
        connection.execute(
            f"UPDATE sentences SET {values} FROM incoming WHERE sentences.run_no = incoming.run_no "
            "AND sentences.trace_no = incoming.trace_no AND sentences.sentence_index = incoming.sentence_index"
        )
        connection.unregister("incoming")
        connection.execute("UPDATE runs SET updated_at = ? WHERE run_no = ?", [now, run.run_no])


def build(
    path: Path,
    traces: Sequence[Sketch],
    keys: Sequence[str] = ("teacher:code", "control:decoy", "checkpoint:200", "checkpoint:400"),
    **options: Any,
) -> RunKey:
    """A run as `synthetic.build` writes it, with companions."""

    def write(path: Path) -> RunKey:
        run = synthetic.build(path, traces, **options)
        for key in keys:
            add(path, run, traces, key)
        return run

    recipe = "companions", list(traces), list(keys), options
    return copies.built(path, recipe, write) if options.get("finish", True) else write(path)


def _tokens(run: RunKey, key: str, traces: Sequence[Sketch], p_of: Callable[[str], float]) -> dict[str, pa.Array]:
    results = [synthetic.tokens_of(i, sketch, p_of) for i, sketch in enumerate(traces)]

    def lists(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([_without_nan(getattr(result.tokens, name)) for result in results], pa.list_(kind))

    return {
        "run_no": pa.array([run.run_no] * len(results), pa.int32()),
        "trace_no": pa.array([result.trace_no for result in results], pa.int32()),
        "role": pa.array([key] * len(results), pa.string()),
        "n_tokens": pa.array([len(result.tokens) for result in results], pa.int32()),
        "n_straddling": pa.array([0] * len(results), pa.int32()),
        "unscored_reason": pa.array([result.unscored_reason for result in results], pa.string()),
        "token_id": lists("token_id", pa.int32()),
        "char_start": lists("char_start", pa.int32()),
        "char_end": lists("char_end", pa.int32()),
        "logprob": lists("logprob", pa.float32()),
    }


def _without_nan(values: np.ndarray[Any, Any]) -> list[Any]:
    return [None if value != value else value for value in values.tolist()]


def _sentences(run: RunKey, traces: Sequence[Sketch], p_of: Callable[[str], float]) -> dict[str, pa.Array]:
    flat = [
        (trace_no, index, synthetic.n_tokens_of(text), p_of(kind), kind)
        for trace_no, sketch in enumerate(traces)
        for index, (text, kind) in enumerate(sketch.sentences)
    ]
    numbers, indices, counts, values, kinds = zip(*flat, strict=True) if flat else ((), (), (), (), ())
    p = [None if value != value else value for value in values]
    return {
        "run_no": pa.array([run.run_no] * len(flat), pa.int32()),
        "trace_no": pa.array(numbers, pa.int32()),
        "sentence_index": pa.array(indices, pa.int32()),
        "n_tokens": pa.array(counts, pa.int32()),
        "logprob_sum": pa.array(
            [None if v is None else n * math.log(v) for n, v in zip(counts, p, strict=True)], pa.float64()
        ),
        "first_logprob": pa.array([None if v is None else math.log(v) for v in p], pa.float32()),
        "p": pa.array(p, pa.float64()),
        "unscored_reason": pa.array(
            [str(UnscoredReason.CONTEXT_LENGTH) if kind == "unscored" else None for kind in kinds], pa.string()
        ),
    }


if __name__ == "__main__":
    # For a look with one's own eyes: python -m tests.support.companions FILE
    target = Path(sys.argv[1])
    target.unlink(missing_ok=True)
    shown = [*synthetic.sketches(), synthetic.unscored_sketch(), synthetic.long_sketch(2000)]
    built = build(target, shown, models=named_teacher())
    add(target, built, shown, "teacher:late", n_scored=20, finish=False, probabilities=PROBABILITIES["control:decoy"])
    synthetic.build(target, shown, run_id="fedcba9876543210", name="plain")
