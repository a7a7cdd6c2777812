"""The output head in tiles: logprobs of given tokens from hidden states, without a row of logits ever being whole.

For hidden states h, output matrix W, bias b and targets t this equals

    logits = finish((h @ W.T + b).float())          finish: times a scale, divided by a divisor, soft-capped,
                                                    divided by a temperature
    logits.log_softmax(-1).gather(-1, t)

Tiles run over rows and vocabulary. Each tile adds its own log-sum-exp to that of the tiles before it, in float32:

    total ← log(exp(total) + exp(tile))

Logprobs at further temperatures come from the same tiles: each temperature has a log-sum-exp of its own, of the tile
divided by it, and the numbers at temperature 1 are the same to the last bit whether others are asked for or not.

Memory: a tile of `block_rows` × `TILE_COLUMNS` numbers a thread, once in the model's dtype and once in float32, and
once more in float32 for further temperatures. It grows with neither the vocabulary nor the number of rows.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch

from rdpt_core.scoring.engine.block_pool import for_each
from rdpt_core.scoring.engine.linear import matrix_product

TILE_COLUMNS = 4096


@dataclass(frozen=True, slots=True)
class HeadFinish:
    """What some architectures do to their logits after the output matrix; None where they do not.

    `temperature` is no architecture's: it divides what the model made of its logits, last of all.
    """

    scale: float | None = None
    divisor: float | None = None
    soft_cap: float | None = None
    temperature: float | None = None

    @classmethod
    def of(cls, config: Any) -> HeadFinish:
        """From a model's text configuration, by the names that Cohere, Granite and Gemma use."""
        return cls(
            scale=getattr(config, "logit_scale", None),
            divisor=getattr(config, "logits_scaling", None),
            soft_cap=getattr(config, "final_logit_softcapping", None),
        )

    def apply_(self, logits: torch.Tensor) -> torch.Tensor:
        """Change logits in place; returns them."""
        if self.scale is not None:
            logits.mul_(self.scale)
        if self.divisor is not None:
            logits.div_(self.divisor)
        if self.soft_cap is not None:
            logits.div_(self.soft_cap).tanh_().mul_(self.soft_cap)
        if self.temperature is not None:
            logits.div_(self.temperature)
        return logits


class HeadScores(NamedTuple):
    """What a head makes of n targets.

    Shapes: logprob (n,) float32; rank (n,) int32, None if not asked for; at (temperatures, n) float32.
    Units: nats, ≤ 0; `at` holds the logprobs after logits were divided by each further temperature.
    """

    logprob: torch.Tensor
    rank: torch.Tensor | None
    at: torch.Tensor


class TiledHead:
    """Output matrix, bias and finish of one model. Tied weights are used where they lie."""

    def __init__(
        self,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        finish: HeadFinish,
        block_rows: int,
        *,
        by_onednn: bool = True,
    ) -> None:
        self._weight, self._bias, self._finish, self._block_rows = weight, bias, finish, block_rows
        self._by_onednn = by_onednn
        self._buffers = threading.local()

    def at(self, temperature: float) -> TiledHead:
        """The same head with logits divided by a temperature."""
        finish = replace(self._finish, temperature=temperature)
        return TiledHead(self._weight, self._bias, finish, self._block_rows, by_onednn=self._by_onednn)

    def logprobs(self, hidden: torch.Tensor, rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Logprob of `targets[i]` after the hidden state `hidden[rows[i]]`.

        Shapes: hidden (any, d), rows and targets (n,) on the device of `hidden`; result (n,) float32, on the device of
        the head. Units: nats, ≤ 0.
        """
        return self.score(hidden, rows, targets, with_ranks=False).logprob

    def score(
        self,
        hidden: torch.Tensor,
        rows: torch.Tensor,
        targets: torch.Tensor,
        *,
        with_ranks: bool,
        temperatures: Sequence[float] = (),
    ) -> HeadScores:
        """What `logprobs` gives, and if asked for the rank of each target among all logits of its row, and what
        `at(temperature).logprobs` gives for each of some temperatures, to the last bit.

        The rank equals `(logits > logits.gather(-1, t)).sum(-1) + 1`: 1 is the likeliest, equals share the better
        rank. It takes a second pass over the tiles, since a target's logit is known only when its tile has come; both
        passes compute the same products, so the comparison is exact. A row that is not finite has rank 0. A
        temperature takes no further product: it divides and sums up each tile once more.
        """
        device = self._weight.device
        logprobs = torch.empty(len(rows), dtype=torch.float32, device=device)
        ranks = torch.empty(len(rows), dtype=torch.int32, device=device) if with_ranks else None
        at = torch.empty(len(temperatures), len(rows), dtype=torch.float32, device=device)

        def fill(first: int) -> None:
            block = slice(first, first + self._block_rows)
            states = hidden.index_select(0, rows[block]).to(device)
            scores = self._block(states, targets[block].to(device), with_ranks, temperatures)
            logprobs[block], at[:, block] = scores.logprob, scores.at
            if ranks is not None and scores.rank is not None:
                ranks[block] = scores.rank

        for_each(fill, range(0, len(rows), self._block_rows))
        return HeadScores(logprobs, ranks, at)

    def _block(
        self, hidden: torch.Tensor, targets: torch.Tensor, with_ranks: bool, temperatures: Sequence[float]
    ) -> HeadScores:
        """A constant number of rows at every step: elementwise kernels, too, treat a ragged end in another way."""
        n_filling = self._block_rows - len(hidden)
        if n_filling:
            hidden = torch.cat([hidden, hidden.new_zeros(n_filling, hidden.shape[1])])
            targets = torch.cat([targets, targets.new_zeros(n_filling)])
        total = torch.full((len(hidden),), -math.inf, device=hidden.device)
        totals = [total] * len(temperatures)
        chosen = torch.zeros(len(hidden), device=hidden.device)
        for first in range(0, len(self._weight), TILE_COLUMNS):
            logits = self._tile(hidden, slice(first, first + TILE_COLUMNS))
            width = logits.shape[1]
            inside = (targets >= first) & (targets < first + width)
            index = (targets - first).clamp_(0, width - 1)[:, None]
            chosen = torch.where(inside, logits.gather(1, index)[:, 0], chosen)
            # Before the sum at temperature 1, which is at the price of the logits.
            for place, temperature in enumerate(temperatures):
                scaled = torch.div(logits, temperature, out=self._buffer("scaled", logits))
                totals[place] = torch.logaddexp(totals[place], _logsumexp_(scaled))
            total = torch.logaddexp(total, _logsumexp_(logits))
        # Rounding may lift a logprob of nearly 0 above it; a probability is at most 1.
        logprobs = (chosen - total).clamp_(max=0.0)
        at = [(chosen / one - sum_).clamp_(max=0.0) for one, sum_ in zip(temperatures, totals, strict=True)]
        ranks = self._ranks(hidden, chosen).masked_fill_(~logprobs.isfinite(), 0) if with_ranks else None
        n_real = self._block_rows - n_filling
        return HeadScores(
            logprobs[:n_real],
            None if ranks is None else ranks[:n_real],
            torch.stack(at)[:, :n_real] if at else logprobs.new_empty(0, n_real),
        )

    def _ranks(self, hidden: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Logits of each row above its chosen one, plus 1. Shapes: chosen (rows,); result (rows,) int32."""
        ranks = torch.ones(len(hidden), dtype=torch.int32, device=hidden.device)
        for first in range(0, len(self._weight), TILE_COLUMNS):
            logits = self._tile(hidden, slice(first, first + TILE_COLUMNS))
            ranks += (logits > chosen[:, None]).sum(dim=1, dtype=torch.int32)
        return ranks

    def _tile(self, hidden: torch.Tensor, columns: slice) -> torch.Tensor:
        bias = None if self._bias is None else self._bias[columns]
        logits = matrix_product(hidden, self._weight[columns], bias, by_onednn=self._by_onednn)
        if logits.dtype is not torch.float32:
            logits = self._as_float32(logits)
        return self._finish.apply_(logits)

    def _as_float32(self, logits: torch.Tensor) -> torch.Tensor:
        return self._buffer("logits", logits).copy_(logits)

    def _buffer(self, name: str, logits: torch.Tensor) -> torch.Tensor:
        """Room for a tile of the shape of `logits` in float32, one a thread and name."""
        buffer: torch.Tensor | None = getattr(self._buffers, name, None)
        if buffer is None or buffer.shape[0] != len(logits):
            buffer = torch.empty(len(logits), TILE_COLUMNS, device=logits.device)
            setattr(self._buffers, name, buffer)
        return buffer.view(-1)[: logits.numel()].view(logits.shape)


def _logsumexp_(logits: torch.Tensor) -> torch.Tensor:
    """`logits.logsumexp(-1)`, at the price of the logits: any logit minus its own logprob is the log-sum-exp.

    The fused log-softmax makes fewer passes over memory than torch's logsumexp, and takes half the time.
    """
    column = logits[:, :1].clone()
    logprob = torch.log_softmax(logits, dim=-1, out=logits)
    return (column - logprob[:, :1])[:, 0]
