"""Where the wall time of `score` goes: the model, waiting for tokenised traces, waiting for the database.

    python tests/benchmarks/bench_pipeline.py [--shape smollm2-135m] [--dtype bfloat16] [--traces 24] [--tokens 2000]

Teacher and student have random weights of a shape. The traces are sentences of words that are a token each. Besides
what the thread that feeds the model waited for, it prints how long the database was at work beside the model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from rdpt_core.config import ModelSet
from rdpt_core.records import Message, ModelReference, Role, Trace
from rdpt_core.scoring.benchmark.measure import SHAPES, random_model
from rdpt_core.scoring.jobs.timing import StageSeconds
from rdpt_core.scoring.pipeline import score_run
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.store.run_store import DuckDBRunStore
from tests.benchmarks.bench_peers import N_WORDS, make_tokenizer

WORDS_PER_SENTENCE = 18
R = TypeVar("R")


class WatchedStore(DuckDBRunStore):
    """Adds up the wall time of what the run asks the database for while a model works."""

    busy_s = 0.0

    def _watch(self, call: Callable[..., R], *arguments: Any) -> R:
        started_s = time.perf_counter()
        try:
            return call(*arguments)
        finally:
            self.busy_s += time.perf_counter() - started_s

    def commit(self, *arguments: Any) -> None:
        self._watch(super().commit, *arguments)

    def tokens(self, *arguments: Any) -> Any:
        return self._watch(super().tokens, *arguments)

    def traces(self, *arguments: Any) -> list[Trace]:
        return self._watch(super().traces, *arguments)


def make_traces(n_traces: int, n_tokens: int) -> list[Trace]:
    rng = np.random.default_rng(0)
    traces = []
    for number in range(n_traces):
        words = [f"w{word}" for word in rng.integers(0, N_WORDS, int(rng.integers(n_tokens // 2, n_tokens * 3 // 2)))]
        sentences = [
            " ".join(words[at : at + WORDS_PER_SENTENCE]) + ".\n" for at in range(0, len(words), WORDS_PER_SENTENCE)
        ]
        traces.append(
            Trace(
                trace_id=f"t{number}",
                question_id=f"q{number}",
                response="".join(sentences),
                messages=(Message("user", " ".join(words[:30])),),
            )
        )
    return traces


def save_model(folder: Path, shape: str, dtype: str, seed: int) -> ModelReference:
    model = random_model(SHAPES[shape], getattr(torch, dtype), "cpu")
    with torch.no_grad():
        model.get_input_embeddings().weight.add_(1e-3 * seed)
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return ModelReference(str(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="smollm2-135m", choices=list(SHAPES))
    parser.add_argument("--dtype", default="bfloat16", choices=("float32", "bfloat16"))
    parser.add_argument("--traces", type=int, default=24)
    parser.add_argument("--tokens", type=int, default=2000, help="of a trace, on average")
    arguments = parser.parse_args()
    traces = make_traces(arguments.traces, arguments.tokens)

    def report(role: Role, stages: StageSeconds) -> None:
        whole_s = stages.preparing + stages.model + stages.storing
        print(
            f"{role:9} {whole_s:7.1f} s   model {stages.model / whole_s:6.1%}   waited for tokenised traces "
            f"{stages.preparing / whole_s:5.1%}, for the database {stages.storing / whole_s:5.1%}   database at work "
            f"{store.busy_s / whole_s:5.1%}"
        )
        store.busy_s = 0.0

    with tempfile.TemporaryDirectory() as folder:
        store = WatchedStore(Path(folder) / "bench.duckdb")
        references = {
            role: save_model(Path(folder) / role, arguments.shape, arguments.dtype, seed)
            for seed, role in enumerate((Role.TEACHER, Role.STUDENT))
        }
        request = ScoreRequest(ModelSet(references), device="cpu", dtype=arguments.dtype, quiet=True)
        print(f"{arguments.shape}, {arguments.dtype}, {torch.get_num_threads()} threads, {len(traces)} traces")
        score_run(request, lambda: iter(traces), store, on_stages=report)


if __name__ == "__main__":
    main()
