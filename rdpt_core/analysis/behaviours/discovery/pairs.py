"""The kinds that can be tested, and which sentences of which traces and questions they hold: what no label changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from rdpt_core.analysis.behaviours.families import KindFamily
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Ints, SmallInts

MIN_QUESTIONS = 10
"""A kind is tested if at least so many questions hold it."""
MIN_IN_HALF = 5
"""And so many of the half that it is tested in: fewer could find nothing among many kinds."""

# Members of one chunk: few enough for what is computed of them to be small beside the members themselves.
_CHUNK = 400_000


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some kinds of one family. Members of a pair lie side by side, and so do pairs of a kind.

    Attributes:
        family: its name.
        names: (n_kinds,).
        members: (n_members,), places of sentences in scope, by kind, then question, then place.
        trace_cut: (n_parts,), where in `members` each part begins: the sentences of a kind in one trace.
        trace: (n_parts,), the trace of each part, an index among all scored traces.
        pair_cut: (n_pairs,), at which part each pair begins: the sentences of a kind in one question.
        question: (n_pairs,).
        kind: (n_pairs,), from 0.
    """

    family: str
    names: tuple[str, ...]
    members: SmallInts
    trace_cut: Ints
    trace: SmallInts
    pair_cut: Ints
    question: SmallInts
    kind: Ints

    @property
    def n_kinds(self) -> int:
        """Kinds of the chunk."""
        return len(self.names)

    @property
    def n_pairs(self) -> int:
        """Pairs of all of its kinds."""
        return len(self.question)

    @property
    def begin(self) -> Ints:
        """(n_kinds + 1,), where in `members` each kind begins; none is empty."""
        first_pair = np.searchsorted(self.kind, np.arange(self.n_kinds))
        return np.append(self.trace_cut[self.pair_cut[first_pair]], len(self.members))

    def members_of(self, pair: int) -> SmallInts:
        """The sentences of a pair."""
        first = self.trace_cut[self.pair_cut[pair]]
        is_last = pair + 1 == self.n_pairs
        return self.members[first : None if is_last else self.trace_cut[self.pair_cut[pair + 1]]]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where sentences of a run stand, and which half of the questions is for what.

    Attributes:
        start: (n_traces + 1,); the sentences of scored trace i are `start[i] : start[i + 1]`.
        trace_of: (n_sentences,), the trace of each sentence.
        question: (n_traces,), the question of each trace, from 0 in order of their first traces; -1 out of scope.
        is_finding: (n_questions,), whether kinds are found on it; on the others they are reported.
        correct: (n_traces,), 1, 0, or -1 where unknown or out of scope.
    """

    start: Ints
    trace_of: SmallInts
    question: SmallInts
    is_finding: Bools
    correct: SmallInts

    @property
    def n_questions(self) -> int:
        """Questions in scope."""
        return len(self.is_finding)

    @property
    def is_split(self) -> bool:
        """Whether there are questions to report on beside those on which kinds are found."""
        return not bool(self.is_finding.all())


def make_grid(start: Ints, rows: Ints, traces: TraceTable, seed: int, *, split: bool = True) -> Grid:
    """Lay out the traces in scope.

    Args:
        split: find kinds on one half of the questions; otherwise on all of them.
        start: of all scored traces, as in `Gaps`.
        rows: the traces in scope, as indices among all scored traces.
        traces: these traces.
    """
    n_traces = len(start) - 1
    question, correct = np.full(n_traces, -1, np.int32), np.full(n_traces, -1, np.int32)
    used, first, inverse = np.unique(traces.question, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    question[rows], correct[rows] = rank[inverse], traces.correct
    names = [traces.question_names[int(number)] for number in used[order]]
    trace_of = np.repeat(np.arange(n_traces, dtype=np.int32), np.diff(start))
    is_finding = halves(names, seed) if split else np.ones(len(names), bool)
    return Grid(start, trace_of, question, is_finding, correct)


def halves(names: Sequence[Sequence[tuple[str, ...]]], seed: int) -> Bools:
    """(n_questions,), whether each question is of the half on which kinds are found: by a hash of what was asked.

    A question under another id or benchmark has the same text, and so is in the same half, whichever traces are in
    scope.

    Args:
        names: all that each question goes by: `(hash of its text,)` first of all, else `(benchmark, id)`.
    """

    def is_finding(own: Sequence[tuple[str, ...]]) -> bool:
        # Texts are named by one string, ids by two.
        name = min(own, key=lambda name: (len(name), name))
        digest = blake2b("\x1f".join((f"behaviours {seed}", *name)).encode("utf-8", "surrogatepass"), digest_size=8)
        return digest.digest()[0] % 2 == 0

    return np.fromiter(map(is_finding, names), bool, len(names))


def chunks_of(families: Sequence[KindFamily], grid: Grid) -> tuple[Chunk, ...]:
    """The kinds that enough questions hold, in chunks; those of too few are left out."""
    pieces = [(family, first, last) for family in families for first, last in _pieces(family.start)]
    found = in_parallel(lambda piece: _chunk(*piece, grid), pieces)
    return tuple(chunk for chunk in found if chunk is not None)


def _pieces(start: Ints) -> list[tuple[int, int]]:
    """Kinds `first : last` of about as many members each."""
    cuts = [0]
    while cuts[-1] < len(start) - 1:
        wanted = int(np.searchsorted(start, start[cuts[-1]] + _CHUNK, side="right")) - 1
        cuts.append(min(max(wanted, cuts[-1] + 1), len(start) - 1))
    return list(zip(cuts[:-1], cuts[1:], strict=True))


def _chunk(family: KindFamily, first: int, last: int, grid: Grid) -> Chunk | None:
    size = np.diff(family.start[first : last + 1])
    # Fewer sentences than questions are needed cannot be of enough questions; nearly all rare kinds go here.
    n_kinds = last - first
    kind = np.repeat(np.arange(n_kinds), size)
    members = family.members[int(family.start[first]) : int(family.start[last])]
    kept = np.repeat(size >= MIN_QUESTIONS, size)
    kind, members = kind[kept], members[kept]
    question = grid.question[grid.trace_of[members]]
    in_scope = question >= 0
    if not in_scope.all():
        kind, members, question = kind[in_scope], members[in_scope], question[in_scope]
    key = kind * max(grid.n_questions, 1) + question
    if len(key) and (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        kind, members, question, key = kind[order], members[order], question[order], key[order]
    is_first = np.concatenate([[True], np.diff(key) != 0])[: len(key)]
    held = question[is_first]
    of_kind, finding = kind[is_first], grid.is_finding[held]
    n_finding, n_report = (np.bincount(of_kind[half], minlength=n_kinds) for half in (finding, ~finding))
    enough = n_finding + n_report >= MIN_QUESTIONS
    if grid.is_split:
        enough &= np.minimum(n_finding, n_report) >= MIN_IN_HALF
    if not enough.any():
        return None
    kept = enough[kind]
    kind, members, question, is_first = kind[kept], members[kept], question[kept], is_first[kept]
    trace = grid.trace_of[members]
    trace_cut = np.flatnonzero(is_first | np.concatenate([[True], np.diff(trace) != 0]))
    numbers = np.flatnonzero(enough)
    number = np.cumsum(enough) - 1
    return Chunk(
        family.family,
        tuple(family.names[first + k] for k in numbers.tolist()),
        members,
        trace_cut,
        trace[trace_cut],
        np.flatnonzero(is_first[trace_cut]),
        question[is_first],
        number[kind[is_first]],
    )
