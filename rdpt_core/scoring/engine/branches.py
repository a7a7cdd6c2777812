"""Many continuations of one sequence that all end in the same answer, each scored from where it leaves the sequence.

    trunk      [ prompt  s1  s2  s3 | answer ]
    branch 1   [ prompt      s2  s3 | answer ]        shares `prompt`, its own rows are s2 s3 answer
    branch 2   [ prompt  s1      s3 | answer ]        shares `prompt s1`, its own rows are s3 answer
    branch 3   [ prompt  s1  s2     | answer ]        shares `prompt s1 s2`, its own rows are answer

    one pack   [ trunk | own rows of 3 | own rows of 2 | own rows of 1 | another trunk | … ]

A branch sees the first `n_shared` rows of the trunk and its own, at the positions that go on from there. So what it
shares is computed once, and the head runs for answers only. The naive expression that each number equals, for shared
ids p, own ids b and the n ids of the answer at the end of b:

    logits = model(p + b).logits.float()
    logits[-n - 1 : -1].log_softmax(-1).gather(-1, b[-n:]).sum()

Where a trunk does not fit with all its branches, it is laid once more for the rest, only as far as they share it.
Models that are not scored in shared packs take one pass a branch, with the same numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from rdpt_core.arrays import Doubles, Ints, SmallInts
from rdpt_core.scoring.engine.attention_kernels import Segment
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.engine.memory import is_out_of_memory, no_room
from rdpt_core.scoring.engine.packing import Pack, TokenSequence, filled

__all__ = ["Branch", "BranchedSequence", "score_branches"]

_LOGGER = logging.getLogger(__name__)

_TRUNK = -1
"""In the place of a branch's number: the answer of the trunk itself."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The first `n_shared` ids of a trunk, at least one, and then `ids`, which end in the answer."""

    n_shared: int
    ids: SmallInts


@dataclass(frozen=True, slots=True)
class BranchedSequence:
    """A trunk whose last `n_answer` ids are the answer, and its branches. At least one id precedes the answer."""

    ids: SmallInts
    n_answer: int
    branches: tuple[Branch, ...]

    def whole(self, number: int) -> TokenSequence:
        """A branch, or the trunk, as what precedes the answer and the answer."""
        ids = self.ids
        if number != _TRUNK:
            branch = self.branches[number]
            ids = np.concatenate([self.ids[: branch.n_shared], branch.ids])
        return TokenSequence(ids[: -self.n_answer].tolist(), ids[-self.n_answer :])


def score_branches(kernel: CausalKernel, sequences: Sequence[BranchedSequence]) -> list[Doubles]:
    """Logprob of the answer: after the trunk, then after every branch.

    Shapes: one array of (1 + n_branches,) a sequence. Units: nats, NaN or −inf where the model gives no finite number.

    Raises:
        ModelError: memory does not hold even one of the branches.
    """
    totals = [np.full(1 + len(sequence.branches), np.nan) for sequence in sequences]
    # The last place is that of the trunk's number, −1, until the end.
    if not kernel.shares:
        _score_one_by_one(kernel, sequences, totals)
    else:
        _score_packed(kernel, sequences, totals)
    return [np.roll(total, 1) for total in totals]


def _score_one_by_one(kernel: CausalKernel, sequences: Sequence[BranchedSequence], totals: list[Doubles]) -> None:
    for sequence, total in zip(sequences, totals, strict=True):
        numbers = [_TRUNK, *range(len(sequence.branches))]
        for number, logprob in zip(numbers, kernel.score([sequence.whole(one) for one in numbers]), strict=True):
            total[number] = logprob.astype(np.float64).sum()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A trunk as far as it is needed, and some of its branches; `numbers` may hold the trunk itself.

    Attributes:
        position: of the sequence.
        n_trunk: rows of the trunk.
        n_rows: of all of it.
    """

    position: int
    numbers: tuple[int, ...]
    n_trunk: int
    n_rows: int


def _score_packed(kernel: CausalKernel, sequences: Sequence[BranchedSequence], totals: list[Doubles]) -> None:
    everything = ((position, (_TRUNK, *range(len(one.branches)))) for position, one in enumerate(sequences))
    waiting = _plan(sequences, everything, kernel.budget_rows)
    while waiting:
        pieces = waiting.pop(0)
        try:
            scored = _score_pack(kernel, sequences, pieces)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            waiting = _smaller(kernel, sequences, pieces, error) + waiting
            continue
        for position, number, logprob in scored:
            totals[position][number] = logprob


def _plan(
    sequences: Sequence[BranchedSequence], items: Iterable[tuple[int, tuple[int, ...]]], budget_rows: int
) -> list[list[_Piece]]:
    """Packs of at most `budget_rows` rows, or of one branch where that alone is longer; the largest first."""
    pieces = [piece for position, numbers in items for piece in _split(sequences, position, numbers, budget_rows)]
    pieces.sort(key=lambda piece: (-piece.n_rows, piece.position))
    packs: list[list[_Piece]] = []
    rows: list[int] = []
    for piece in pieces:
        fitting = [number for number, n in enumerate(rows) if n + piece.n_rows <= budget_rows]
        # `max` keeps the earliest of equals, so the plan is the same every time.
        fullest = max(fitting, key=rows.__getitem__, default=len(packs))
        if fullest == len(packs):
            packs.append([])
            rows.append(0)
        packs[fullest].append(piece)
        rows[fullest] += piece.n_rows
    return [packs[number] for number in sorted(range(len(packs)), key=lambda one: -rows[one])]


def _split(
    sequences: Sequence[BranchedSequence], position: int, numbers: tuple[int, ...], budget_rows: int
) -> list[_Piece]:
    """The branches of one trunk, those that share most first: later pieces then need less of the trunk."""
    sequence = sequences[position]

    def n_trunk(number: int) -> int:
        return len(sequence.ids) - 1 if number == _TRUNK else sequence.branches[number].n_shared

    def n_own(number: int) -> int:
        return 0 if number == _TRUNK else len(sequence.branches[number].ids) - 1

    pieces: list[_Piece] = []
    for number in sorted(numbers, key=lambda one: (-n_trunk(one), one)):
        last = pieces[-1] if pieces else None
        if last is not None and last.n_rows + n_own(number) <= budget_rows:
            pieces[-1] = _Piece(position, (*last.numbers, number), last.n_trunk, last.n_rows + n_own(number))
        else:
            pieces.append(_Piece(position, (number,), n_trunk(number), n_trunk(number) + n_own(number)))
    return pieces


def _smaller(
    kernel: CausalKernel, sequences: Sequence[BranchedSequence], pieces: Sequence[_Piece], error: BaseException
) -> list[list[_Piece]]:
    """The same branches under half the budget; what is scored already stays scored."""
    n_rows = sum(piece.n_rows for piece in pieces)
    if sum(len(piece.numbers) for piece in pieces) == 1:
        raise no_room(n_rows + 1, kernel.device, error) from error
    kernel.budget_rows = max(1, min(kernel.budget_rows, n_rows) // 2)
    if kernel.device.type == "cuda":
        torch.cuda.empty_cache()
    _LOGGER.warning("out of memory; going on with %d tokens a batch", kernel.budget_rows)
    return _plan(sequences, [(piece.position, piece.numbers) for piece in pieces], kernel.budget_rows)


def _score_pack(
    kernel: CausalKernel, sequences: Sequence[BranchedSequence], pieces: Sequence[_Piece]
) -> list[tuple[int, int, float]]:
    """Position of the sequence, number of the branch, and logprob of its answer."""
    builder = _Builder()
    for piece in pieces:
        builder.add(sequences[piece.position], piece)
    answers = np.split(kernel.pack_logprobs(builder.pack(kernel.block_rows)), np.cumsum(builder.n_answers)[:-1])
    origins = [(piece.position, number) for piece in pieces for number in piece.numbers]
    return [
        (*origin, float(logprob.astype(np.float64).sum())) for origin, logprob in zip(origins, answers, strict=True)
    ]


@dataclass(slots=True)
class _Builder:
    """One packed row in the making. Shapes: see `Pack`."""

    ids: list[Ints] = field(default_factory=list)
    positions: list[Ints] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    head_rows: list[Ints] = field(default_factory=list)
    targets: list[Ints] = field(default_factory=list)
    n_answers: list[int] = field(default_factory=list)
    n_rows: int = 0

    def add(self, sequence: BranchedSequence, piece: _Piece) -> None:
        """Lay a trunk and its branches; an empty segment is none."""
        n_answer = sequence.n_answer
        start = self._lay(sequence.ids[: piece.n_trunk], 0)
        self.segments.append(Segment(start, self.n_rows))
        for number in piece.numbers:
            if number == _TRUNK:
                rows = np.arange(start, self.n_rows, dtype=np.int64)
                ids = sequence.ids
            else:
                branch = sequence.branches[number]
                ids, prefix_stop = branch.ids, start + branch.n_shared
                first = self._lay(ids[:-1], branch.n_shared)
                if self.n_rows > first:
                    self.segments.append(Segment(first, self.n_rows, start, prefix_stop))
                # The last shared row predicts the first own id.
                rows = np.concatenate([[prefix_stop - 1], np.arange(first, self.n_rows)]).astype(np.int64)
            self.head_rows.append(rows[-n_answer:])
            self.targets.append(ids[-n_answer:].astype(np.int64))
            self.n_answers.append(n_answer)

    def pack(self, block_rows: int) -> Pack:
        """What was laid so far."""
        return Pack(
            ids=filled(self.ids, block_rows),
            positions=filled(self.positions, block_rows),
            segments=tuple(self.segments),
            head_rows=np.concatenate(self.head_rows),
            targets=np.concatenate(self.targets),
            n_response=tuple(self.n_answers),
        )

    def _lay(self, ids: SmallInts, first_position: int) -> int:
        """Returns the first of the new rows."""
        start = self.n_rows
        self.ids.append(ids.astype(np.int64))
        self.positions.append(np.arange(first_position, first_position + len(ids), dtype=np.int64))
        self.n_rows += len(ids)
        return start
