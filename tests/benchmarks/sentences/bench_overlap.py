"""What `rdpt overlap` takes: processor seconds to index training texts and to look sentences up, and memory.

    python tests/benchmarks/sentences/bench_overlap.py [--training-mb 100] [--sentences 10000000] [--copied 0.2]

Words are drawn as in English prose: few are frequent, most are rare. Nearly all sentences are different; a part of
those of the run stand in the training texts. It prints numbers and judges none.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rdpt_core.api.writing import overlap as module
from rdpt_core.arrays import SmallInts
from rdpt_core.records import ROLES, Message, RunClaim, Trace
from rdpt_core.store.claimed import write_claimed
from rdpt_core.store.writer import claim_run, finish_run, insert_rows
from tests.support import synthetic

SENTENCES = 200
N_WORDS = 60_000


class Prose:
    """Sentences of about a hundred characters."""

    def __init__(self, seed: int) -> None:
        # The words are the same for every seed, the sentences are not.
        words = np.random.default_rng(0)
        letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
        lengths = np.clip(words.poisson(4.5, N_WORDS), 1, 14)
        self._words = ["".join(letters[words.geometric(0.12, n) % 26]) for n in lengths]
        self._rng = np.random.default_rng(seed)
        chance = 1 / np.arange(1, N_WORDS + 1)
        self._chance = np.cumsum(chance / chance.sum())

    def sentences(self, n: int) -> list[str]:
        """Of 10 to 25 words, with a number in some."""
        counts = self._rng.integers(10, 26, n)
        drawn = np.searchsorted(self._chance, self._rng.random(int(counts.sum())))
        ends = np.cumsum(counts).tolist()
        found = []
        for end, count, number in zip(ends, counts.tolist(), self._rng.integers(0, 300, n).tolist(), strict=True):
            words = [self._words[min(word, N_WORDS - 1)] for word in drawn[end - count : end].tolist()]
            found.append(f"{' '.join(words).capitalize()}{f' {number}' if number < 100 else ''}. ")
        return found


def write_training(path: Path, megabytes: float) -> list[str]:
    """A chat file; returns some of its sentences."""
    prose, known, size = Prose(1), [], 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1e6:
            sentences = prose.sentences(SENTENCES)
            known += sentences[:20]
            text = "".join(sentences)
            size += len(text)
            turns = [{"role": "user", "content": f"Question {size}?"}, {"role": "assistant", "content": text}]
            file.write(json.dumps({"messages": turns}) + "\n")
    return known


def write_run(path: Path, n_sentences: int, known: list[str], copied: float) -> int:
    """A run of so many sentences without any scores; returns their characters."""
    prose, rng = Prose(2), np.random.default_rng(3)
    n_traces = n_sentences // SENTENCES
    starts: list[SmallInts] = []

    def traces() -> Iterator[tuple[Trace, int]]:
        for number in range(n_traces):
            sentences = prose.sentences(SENTENCES)
            for place in np.flatnonzero(rng.random(SENTENCES) < copied).tolist():
                sentences[place] = known[int(rng.integers(len(known)))]
            starts.append(np.cumsum([0, *map(len, sentences)], dtype=np.int32))
            yield Trace(f"t{number}", f"q{number // 10}", "".join(sentences), (Message("user", "?"),)), SENTENCES

    models = tuple(synthetic.model(role) for role in ROLES)
    claim = RunClaim("0" * 16, "large", {}, {}, models, "own", "sentence", "1", "0", n_traces)
    run = claim_run(path, claim, traces())
    for first in range(0, n_traces, 5_000):
        part = starts[first : first + 5_000]
        n = len(part) * SENTENCES
        trace_no = np.repeat(np.arange(first, first + len(part), dtype=np.int32), SENTENCES)
        table = pa.table(
            {
                "run_no": np.full(n, run.run_no, np.int32),
                "trace_no": trace_no,
                "sentence_index": np.tile(np.arange(SENTENCES, dtype=np.int32), len(part)),
                "char_start": np.concatenate([ends[:-1] for ends in part]),
                "char_end": np.concatenate([ends[1:] for ends in part]),
                "n_bytes": np.concatenate([np.diff(ends) for ends in part]),
                "unscored_reason": pa.array(["no_tokens"] * n),
                "is_mark": np.zeros(n, bool),
            }
        )
        with write_claimed(path, run) as connection:
            insert_rows(connection, "sentences", table)
    finish_run(path, run)
    return sum(int(ends[-1]) for ends in starts)


class Clock:
    """Processor seconds of this process, and its largest memory so far."""

    def __init__(self) -> None:
        self._began, self._wall = time.process_time(), time.monotonic()

    def __str__(self) -> str:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        seconds, wall = time.process_time() - self._began, time.monotonic() - self._wall
        return f"{seconds:7.1f} processor s, {wall:7.1f} s, largest memory {memory:.2f} GB"


def main() -> None:
    """Prints a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training-mb", type=float, default=100)
    parser.add_argument("--sentences", type=int, default=10_000_000)
    parser.add_argument("--copied", type=float, default=0.2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        training, database = Path(folder) / "sft.jsonl", Path(folder) / "run.duckdb"
        known = write_training(training, asked.training_mb)
        n_characters = write_run(database, asked.sentences, known, asked.copied)
        print(
            f"{training.stat().st_size / 1e6:.0f} MB of training texts, {n_characters / 1e6:.0f} MB of responses",
            flush=True,
        )
        inner, clock = module._look_up, Clock()

        def look_up(*arguments: object, **options: object) -> None:
            print(f"read and cut the training texts: {clock}", flush=True)
            own = Clock()
            inner(*arguments, **options)  # type: ignore[arg-type]
            print(f"looked up {asked.sentences:,} sentences: {own}", flush=True)

        module._look_up = look_up
        result = module.overlap(database, training, quiet=True)
        print(f"{result.n_copied:,} copied, {result.n_template:,} in a template, {result.n_new:,} new")


if __name__ == "__main__":
    main()
