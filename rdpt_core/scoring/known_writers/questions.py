"""Which questions are asked of a model whose responses are to be known as its own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rdpt_core.records import TemplatePolicy, Trace
from rdpt_core.scoring.models.prompts.templates import lack


def questions_of(traces: Iterable[Trace], policy: TemplatePolicy) -> dict[tuple[str, str], Trace]:
    """Benchmark and id of every question that can be asked to the first trace of it, which becomes one without a
    response: nothing of who wrote it, or whether it was right, is kept."""
    found: dict[tuple[str, str], Trace] = {}
    for trace in traces:
        key = trace.benchmark, trace.question_id
        if key not in found and lack(policy, trace) is None:
            found[key] = replace(trace, response="", model=None, correct=None, sample=0, teacher_id=None, meta={})
    return found


def choose_questions(questions: Mapping[tuple[str, str], Trace], n: int, seed: int) -> list[Trace]:
    """Some of the questions, each benchmark with its part of them, by benchmark.

    Which ones is a matter of the seed and their names alone, so that a question that is asked for one `n` is asked for
    every larger one too, unless its benchmark's part is rounded otherwise.

    Args:
        n: how many; all of them if there are fewer.
    """
    by_benchmark: dict[str, list[tuple[bytes, Trace]]] = {}
    for (benchmark, question_id), trace in questions.items():
        by_benchmark.setdefault(benchmark, []).append((_rank(seed, benchmark, question_id), trace))
    parts = _parts({name: len(members) for name, members in by_benchmark.items()}, n)
    return [
        trace
        for name in sorted(by_benchmark)
        for _, trace in sorted(by_benchmark[name], key=lambda member: member[0])[: parts[name]]
    ]


def _rank(seed: int, *names: str) -> bytes:
    return hashlib.sha256("\x1f".join([str(seed), *names]).encode("utf-8", "surrogatepass")).digest()


def _parts(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """Parts of `n` in proportion to sizes, by largest remainders; names decide among equal ones."""
    whole = sum(sizes.values())
    if n >= whole:
        return dict(sizes)
    exact = {name: n * size / whole for name, size in sizes.items()}
    parts = {name: math.floor(part) for name, part in exact.items()}
    for name in sorted(exact, key=lambda name: (parts[name] - exact[name], name))[: n - sum(parts.values())]:
        parts[name] += 1
    return parts
