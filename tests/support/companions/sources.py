"""Worlds with several teachers whose truth is planted: who wrote each sentence, and how likely every model finds it.

A sentence has a kind: private to teacher A, to teacher B, to the student, common to all, common to both teachers, or by
nobody in the run. A model that knows the kind loses little a token against the distilled model; any other loses much.
Sentences of one question lean towards the same kinds, so that intervals over sentences would be too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rdpt_core.analysis.attribution.evidence import Evidence
from rdpt_core.analysis.attribution.rule import SHORTEST
from rdpt_core.analysis.attribution.sources import Source, Sources
from rdpt_core.analysis.run.trace_table import TraceTable

STUDENT = Source("student", "student", "student")
A = Source("teacher", "A", "teacher")
B = Source("teacher:B", "B", "teacher")
SIBLING = Source("teacher:sibling", "sibling", "teacher")
DECOY = Source("control:decoy", "decoy", "control")

KINDS: dict[str, frozenset[str]] = {
    "A": frozenset({"A", "sibling"}),
    "B": frozenset({"B"}),
    "both teachers": frozenset({"A", "sibling", "B"}),
    "student": frozenset({"student"}),
    "common": frozenset({"A", "sibling", "B", "student", "decoy"}),
    "nobody": frozenset(),
}
"""Kinds of sentences, and which models know them."""


@dataclass(frozen=True)
class World:
    """What is planted.

    Attributes:
        shares: kind → its share, in the population of questions.
        teachers: which teachers the run has.
        controls: which controls it has.
        spread: how unequal questions are: standard deviation of the leaning towards each kind, in logarithms.
        near, far: what a model that knows, or does not know, a sentence loses against the distilled model, in nats a
            token on average.
        noise: standard deviation of that a token.
    """

    shares: dict[str, float] = field(default_factory=lambda: {"A": 0.25, "B": 0.15, "student": 0.1, "common": 0.5})
    teachers: tuple[Source, ...] = (A, B)
    controls: tuple[Source, ...] = (DECOY,)
    spread: float = 0.6
    near: float = 0.1
    far: float = 5.0
    noise: float = 0.5
    n_questions: int = 60
    n_traces: int = 2
    n_sentences: int = 10

    @property
    def sources(self) -> Sources:
        return Sources((*self.teachers, STUDENT), self.controls, True)


@dataclass(frozen=True, eq=False)
class Sample:
    """One data set: `kind` is the planted kind of every sentence, an index into `KINDS`."""

    world: World
    evidence: Evidence
    kind: np.ndarray
    traces: TraceTable

    def of(self, kind: str) -> np.ndarray:
        return np.asarray(self.kind == list(KINDS).index(kind))


def draw(world: World, seed: int) -> Sample:
    """One data set."""
    rng = np.random.default_rng(seed)
    names = list(KINDS)
    share = np.array([world.shares.get(name, 0.0) for name in names])
    # Gamma weights have a mean of 1, so that the shares of the population are the planted ones for any spread.
    shape = 1 / max(world.spread, 1e-6) ** 2
    lean = share * rng.gamma(shape, 1 / shape, (world.n_questions, len(names)))
    # Not normalised within a question: the number of sentences of each kind leans by itself, and the length follows.
    per_question = world.n_traces * world.n_sentences
    n_of_kind = rng.poisson(lean * per_question)
    n_of_kind[n_of_kind.sum(axis=1) == 0, int(share.argmax())] = 1
    question = np.repeat(np.arange(world.n_questions), n_of_kind.sum(axis=1))
    kind = np.concatenate([rng.permutation(np.repeat(np.arange(len(names)), row)) for row in n_of_kind])
    n = len(kind)
    trace_in_question = rng.integers(0, world.n_traces, n)
    trace = question * world.n_traces + trace_in_question
    order = np.argsort(trace, kind="stable")
    kind, trace = kind[order], trace[order]
    present, trace = np.unique(trace, return_inverse=True)
    n_tokens = np.maximum(4, rng.poisson(10, n))
    sources = world.sources
    sums = []
    for source in (*sources.named, *sources.controls):
        knows = np.array([source.name in KINDS[name] for name in names])[kind]
        loss = rng.normal(np.where(knows, world.near, world.far), world.noise / np.sqrt(n_tokens))
        sums.append(-loss * n_tokens)
    return Sample(
        world, make_evidence(sources, np.stack(sums), n_tokens, np.bincount(trace)), kind, _traces(world, present)
    )


def make_evidence(sources: Sources, relative: np.ndarray, n_tokens: np.ndarray, length: np.ndarray) -> Evidence:
    """Evidence from logprob sums that are relative to the distilled model's.

    Args:
        relative: (n_roles, n_sentences), nats.
        n_tokens: (n_sentences,).
        length: (n_traces,), sentences of each trace.
    """
    best = relative[: len(sources.named)].max(axis=0)
    count = np.maximum(n_tokens, SHORTEST)
    return Evidence(
        sources,
        np.arange(len(length), dtype=np.int32),
        np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
        tuple(row.astype(np.float16) for row in relative - best),
        (-best / count).astype(np.float16),
        count.astype(np.uint16),
    )


def _traces(world: World, present: np.ndarray) -> TraceTable:
    n = len(present)
    question = present // world.n_traces
    _, question = np.unique(question, return_inverse=True)
    keys = tuple(("planted", str(q)) for q in range(int(question.max()) + 1))
    codes = {name: np.zeros(n, np.int64) for name in ("benchmark", "domain", "model", "difficulty", "correctness")}
    return TraceTable(
        np.arange(n, dtype=np.int32),
        question.astype(np.int64),
        keys,
        {**codes, "teacher_id": (question % 2).astype(np.int64)},
        {**{name: ("planted",) for name in codes}, "teacher_id": ("A", "B")},
        np.ones(n, np.int8),
    )
