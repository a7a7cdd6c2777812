"""From token sequences to the tensors of one packed row, and which of its rows answer for which response token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rdpt_core.arrays import Floats, Ints, SmallInts
from rdpt_core.scoring.engine.attention_kernels import Segment
from rdpt_core.scoring.engine.batching import PlanItem


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """One trace as token ids: a prompt of at least one token, then the response."""

    prompt: Sequence[int]
    response: SmallInts

    def __len__(self) -> int:
        return len(self.prompt) + len(self.response)

    def plan_item(self) -> PlanItem:
        """What the plan needs to know of it."""
        return PlanItem(tuple(self.prompt), len(self.prompt), len(self.response))


class TokenScores(NamedTuple):
    """Logprobs of one response's tokens, and their ranks from 1 (0 where there is no logprob) if asked for.

    Shapes: logprob and rank (n_tokens,); `at` (temperatures, n_tokens), the logprobs at further temperatures.
    """

    logprob: Floats
    rank: SmallInts | None
    at: Floats

    def part(self, tokens: slice) -> TokenScores:
        """Those of some of the tokens."""
        return TokenScores(self.logprob[tokens], None if self.rank is None else self.rank[tokens], self.at[:, tokens])


@dataclass(frozen=True, slots=True)
class Pack:
    """One packed row.

        rows      0 1 2 3 4 | 5 6 7 | 8 9        prompt of 5, responses of 4 and 3 tokens
        position  0 1 2 3 4 | 5 6 7 | 5 6
        predicts  . . . . a | a a a | b b        the last prompt row predicts the first token of every response

    Attributes:
        ids, positions: (rows,), filled up with token 0 to a multiple of the block.
        head_rows: for every response token, in the order of the sequences, the row that predicts it.
        targets: the response tokens themselves; same shape as `head_rows`.
        n_response: response tokens of each sequence.
    """

    ids: Ints
    positions: Ints
    segments: tuple[Segment, ...]
    head_rows: Ints
    targets: Ints
    n_response: tuple[int, ...]


def build_pack(sequences: Sequence[TokenSequence], block_rows: int) -> Pack:
    """Lay sequences out in one row; equal prompts are laid once."""
    builder = _Builder()
    head_rows = [builder.add(sequence) for sequence in sequences]
    return Pack(
        ids=filled(builder.ids, block_rows),
        positions=filled(builder.positions, block_rows),
        segments=tuple(builder.segments),
        head_rows=np.concatenate(head_rows),
        targets=np.concatenate([sequence.response for sequence in sequences]).astype(np.int64),
        n_response=tuple(len(sequence.response) for sequence in sequences),
    )


def filled(parts: Sequence[Ints], block_rows: int) -> Ints:
    """Parts of a row one after the other, and zeros up to a multiple of the block."""
    n_filling = -sum(map(len, parts)) % block_rows
    return np.concatenate([*parts, np.zeros(n_filling, dtype=np.int64)])


class _Builder:
    def __init__(self) -> None:
        self.ids: list[Ints] = []
        self.positions: list[Ints] = []
        self.segments: list[Segment] = []
        self.n_rows = 0
        self._prompts: dict[tuple[int, ...], Segment] = {}

    def add(self, sequence: TokenSequence) -> Ints:
        """Lay one sequence; returns the row that predicts each of its response tokens."""
        key = tuple(sequence.prompt)
        prompt = self._prompts.get(key)
        if prompt is None:
            prompt = self._lay(np.array(sequence.prompt, dtype=np.int64), 0)
            self.segments.append(prompt)
            self._prompts[key] = prompt
        response = sequence.response[:-1].astype(np.int64)
        own = self._lay(response, len(key))
        if own.stop > own.start:
            self.segments.append(Segment(own.start, own.stop, prompt.start, prompt.stop))
        rows = np.concatenate([[prompt.stop - 1], np.arange(own.start, own.stop)]).astype(np.int64)
        return rows[: len(sequence.response)]

    def _lay(self, ids: Ints, first_position: int) -> Segment:
        start = self.n_rows
        self.ids.append(ids)
        self.positions.append(np.arange(first_position, first_position + len(ids), dtype=np.int64))
        self.n_rows += len(ids)
        return Segment(start, self.n_rows)
