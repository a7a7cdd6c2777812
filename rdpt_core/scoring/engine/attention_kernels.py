"""Attention within one segment, cut into pieces that any thread may compute.

For a segment with queries q, keys k and values v of the rows it sees, n of them before its first own row:

    scores = softcap(q @ k.T * scaling) + mask        mask: −inf where column > row + n, or column ≤ row + n − window
    softmax([scores, sink])[:, :-1] @ v               sink: one more score for each head, where a model has it

On CPU three kernels compute it. `_Blocks` takes queries block after block with float32 scores; memory is one block of
scores a thread, `_SCORE_ELEMENTS` float32 numbers or `_MIN_ROWS` times the length of the segment where that is more,
and a copy of the keys and values that a segment sees. `_Short` takes all heads of a short segment at once. `_Fused`
calls torch's fused kernel. Which one runs depends on the segment, the rule and the processor, never on the other
segments.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import torch
import torch.nn.functional as functional

from rdpt_core.scoring.engine.linear import matrix_product
from rdpt_core.scoring.engine.processor import Kernels

_SCORE_ELEMENTS = 1 << 20
_MIN_ROWS, _MAX_ROWS = 128, 512
_SHORT_SEGMENT = 256
_FUSED_ROWS = 2048
_JOINED_ROWS = 512
"""The longest prefix that goes through torch's fused kernel together with what follows it."""

Piece = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows [start, stop) of a pack. They also see the whole of rows [prefix_start, prefix_stop)."""

    start: int
    stop: int
    prefix_start: int = 0
    prefix_stop: int = 0

    @property
    def n_before(self) -> int:
        """Rows that its first row sees beside itself."""
        return self.prefix_stop - self.prefix_start

    @property
    def n_seen(self) -> int:
        """Rows that its last row sees."""
        return self.stop - self.start + self.n_before


@dataclass(frozen=True, slots=True)
class Rule:
    """What a layer asks of its attention.

    Attributes:
        sinks: (heads,), one more score for each head, of nothing; None where there is none.
    """

    scaling: float
    softcap: float | None = None
    window: int | None = None
    sinks: torch.Tensor | None = None

    def is_plain(self, n_seen: int) -> bool:
        """Whether it is softmax over the past and nothing else, for a segment of this length."""
        return self.softcap is None and self.sinks is None and (self.window is None or self.window >= n_seen)


@dataclass(frozen=True, slots=True)
class Rows:
    """One segment of a pack. Shapes: query (heads, rows, d); key, value (key heads, rows seen, d); output (rows, heads,
    d), to be written. Keys and values are views of the pack where they lie side by side, and copies where not."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    output: torch.Tensor

    @property
    def n_before(self) -> int:
        """Keys before the first query's own."""
        return self.key.shape[1] - self.query.shape[1]


class _Kernel(Protocol):
    def prepare(self) -> Sequence[Piece]:
        """What is computed once for a segment, before the rest."""

    def attend(self) -> Sequence[Piece]:
        """The rest."""


def plan_attention(
    segments: Sequence[Segment],
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    rule: Rule,
    output: torch.Tensor,
    kernels: Kernels,
) -> tuple[list[Piece], list[Piece]]:
    """Two phases of pieces, the longest segments first; within a phase no piece needs another.

    Shapes: query (heads, rows, d), key and value (heads / groups, rows, d), output (rows, heads, d), of the whole pack.
    """
    preparing: list[Piece] = []
    attending: list[Piece] = []
    for segment in sorted(segments, key=lambda one: -one.n_seen):
        own = slice(segment.start, segment.stop)
        rows = Rows(query[:, own], _seen(key, segment), _seen(value, segment), output[own])
        kernel = _kernel(query, segment, rows, rule, kernels)
        preparing += kernel.prepare()
        attending += kernel.attend()
    return preparing, attending


def _kernel(query: torch.Tensor, segment: Segment, rows: Rows, rule: Rule, kernels: Kernels) -> _Kernel:
    n_seen = rows.key.shape[1]
    if rule.is_plain(n_seen):
        if not _runs_on_cpu(query):
            return _OnAccelerator(rows, rule)
        if query.dtype in kernels.fused_attention:
            n_again = segment.n_before if segment.n_before <= min(rows.query.shape[1], _JOINED_ROWS) else 0
            return _Fused(_seen(query, segment) if n_again else rows.query, n_again, rows, rule)
    return _Short(rows, rule) if n_seen <= _SHORT_SEGMENT else _Blocks(rows, rule, kernels.scores_by_onednn)


def _seen(tensor: torch.Tensor, segment: Segment) -> torch.Tensor:
    """Shapes: tensor (heads, rows, d); result (heads, rows seen, d)."""
    own = tensor[:, segment.start : segment.stop]
    if segment.n_before == 0:
        return own
    if segment.prefix_stop == segment.start:
        return tensor[:, segment.prefix_start : segment.stop]
    return torch.cat([tensor[:, segment.prefix_start : segment.prefix_stop], own], dim=1)


class _Fused:
    """Torch's fused kernel on CPU: one call a head and `_FUSED_ROWS` queries, since a call takes one thread.

    Its causal rule aligns top left. So a prefix that is short beside what follows has its queries computed once more,
    and thrown away: half a square of scores, where a call of its own would take a whole rectangle. What lies before a
    block of queries otherwise is a call of its own, and the two results are merged by their log-sum-exps, which costs
    no accuracy that could be measured:

        w = sigmoid(lse_own − lse_before)           output = w * own + (1 − w) * before

    Args:
        query: (heads, n_again + own rows, d).
        n_again: rows of the prefix among the queries.
    """

    def __init__(self, query: torch.Tensor, n_again: int, rows: Rows, rule: Rule) -> None:
        self._query, self._n_again, self._rows, self._rule = query, n_again, rows, rule

    def prepare(self) -> list[Piece]:
        return []

    def attend(self) -> list[Piece]:
        n_heads, n_rows, _ = self._query.shape
        starts = range(0, n_rows, _FUSED_ROWS)
        pieces: list[Piece] = [partial(self._fill, head, n) for n in reversed(starts) for head in range(n_heads)]
        return pieces if self._rows.key.shape[1] > _SHORT_SEGMENT else [partial(_in_turn, pieces)]

    def _fill(self, head: int, first: int) -> None:
        rows, n_again = self._rows, self._n_again
        n_rows, n_seen = self._query.shape[1], rows.key.shape[1]
        last = min(first + _FUSED_ROWS, n_rows)
        before, end = n_seen - n_rows + first, n_seen - n_rows + last
        key_head = head // (self._query.shape[0] // rows.key.shape[0])
        query, key, value = self._query[head, first:last], rows.key[key_head], rows.value[key_head]
        attended, lse = self._flash(query, key[before:end], value[before:end], is_causal=True)
        if before:
            earlier, earlier_lse = self._flash(query, key[:before], value[:before], is_causal=False)
            weight = torch.sigmoid(lse - earlier_lse)[:, None]
            attended = torch.lerp(earlier.float(), attended.float(), weight)
        n_skipped = max(0, n_again - first)
        rows.output[first + n_skipped - n_again : last - n_again, head] = attended[n_skipped:]

    def _flash(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, is_causal: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Shapes: query (rows, d), key and value (seen, d); result (rows, d) and its log-sum-exps, (rows,)."""
        one_head = (tensor[None, None] for tensor in (query, key, value))
        attended, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            *one_head, 0.0, is_causal, scale=self._rule.scaling
        )
        return attended[0, 0], lse[0, 0]


class _Whole(ABC):
    """A segment in a single piece."""

    def __init__(self, rows: Rows, rule: Rule) -> None:
        self._rows, self._rule = rows, rule

    def prepare(self) -> list[Piece]:
        return []

    def attend(self) -> list[Piece]:
        return [self._fill]

    @abstractmethod
    def _fill(self) -> None:
        """Write the segment's output."""


class _OnAccelerator(_Whole):
    """Torch's fused attention of a whole segment at once."""

    def _fill(self) -> None:
        from torch.nn.attention.bias import causal_lower_right

        rows = self._rows
        n_rows, n_seen = rows.query.shape[1], rows.key.shape[1]
        attended = functional.scaled_dot_product_attention(
            rows.query[None],
            rows.key[None],
            rows.value[None],
            attn_mask=causal_lower_right(n_rows, n_seen) if rows.n_before else None,
            is_causal=rows.n_before == 0,
            scale=self._rule.scaling,
            enable_gqa=rows.query.shape[0] != rows.key.shape[0],
        )
        rows.output.copy_(attended[0].transpose(0, 1))


def _runs_on_cpu(tensor: torch.Tensor) -> bool:
    return tensor.device.type == "cpu"


class _Blocks:
    """Block after block of queries, the query heads that share a key head together in one matrix product.

    Scores and softmax are float32; weights are rounded to the model's dtype before they meet the values, as fused
    kernels do.
    """

    def __init__(self, rows: Rows, rule: Rule, by_onednn: bool) -> None:
        self._rows, self._rule, self._by_onednn = rows, rule, by_onednn
        n_key_heads, n_seen, _ = rows.key.shape
        self._groups = rows.query.shape[0] // n_key_heads
        n_rows = rows.query.shape[1]
        longest = n_seen if rule.window is None else min(n_seen, rule.window)
        self._block = min(_block_rows(longest, self._groups), _up(n_rows, 16))
        self._step = _column_step(n_seen, rule.window)

    def prepare(self) -> list[Piece]:
        n_key_heads, n_seen, _ = self._rows.key.shape
        length = _up(n_seen, self._step)
        # Copies of their own, whether a prefix was joined or not: the same products then take the same path.
        self._key = self._rows.key.new_empty(n_key_heads, length, self._rows.key.shape[2], dtype=torch.float32)
        self._value = self._rows.value.new_empty(n_key_heads, length, self._rows.value.shape[2])

        def copy(head: int) -> None:
            for source, target in ((self._rows.key, self._key), (self._rows.value, self._value)):
                target[head, :n_seen] = source[head]
                target[head, n_seen:] = 0

        return [partial(copy, head) for head in range(n_key_heads)]

    def attend(self) -> list[Piece]:
        starts = range(0, self._rows.query.shape[1], self._block)
        return [partial(self._fill, head, first) for head in range(self._rows.key.shape[0]) for first in starts]

    def _fill(self, head: int, first: int) -> None:
        rows, rule, groups, block = self._rows, self._rule, self._groups, self._block
        n_rows, n_before = rows.query.shape[1], rows.n_before
        last = min(first + block, n_rows)
        high = min(_up(n_before + first + block, self._step), self._key.shape[1])
        low = 0 if rule.window is None else max(0, n_before + first + 1 - rule.window) // self._step * self._step
        heads = slice(head * groups, (head + 1) * groups)
        queries = rows.query[heads, first:last].float()
        if last - first < block:
            queries = functional.pad(queries, (0, 0, 0, block - (last - first)))
        queries = queries.reshape(groups * block, -1) * rule.scaling
        scores = matrix_product(queries, self._key[head, low:high], by_onednn=self._by_onednn)
        _finish_scores(scores.view(groups, block, high - low), n_before + first - low, rule)
        share = _share_of_rest(scores.view(groups, block, -1), heads, rule)
        weights = torch.softmax(scores, dim=-1, out=scores).to(self._value.dtype)
        attended = matrix_product(weights, self._value[head, low:high].t()).view(groups, block, -1)
        if share is not None:
            attended = attended * share
        rows.output[first:last, heads] = attended[:, : last - first].transpose(0, 1)


class _Short(_Whole):
    """All heads of a short segment in one product each way: oneDNN would prepare a kernel for every new length."""

    def _fill(self) -> None:
        rows, rule = self._rows, self._rule
        n_heads, n_rows, _ = rows.query.shape
        n_key_heads, n_seen, _ = rows.key.shape
        queries = (rows.query.float() * rule.scaling).reshape(n_key_heads, n_heads // n_key_heads * n_rows, -1)
        # Copies of their own, whether a prefix was joined or not: the same products then take the same path.
        scores = queries @ rows.key.float().contiguous().transpose(1, 2)
        by_head = scores.view(n_heads, n_rows, n_seen)
        _finish_scores(by_head, rows.n_before, rule)
        share = _share_of_rest(by_head, slice(0, n_heads), rule)
        attended = torch.softmax(scores, dim=-1, out=scores).to(rows.value.dtype) @ rows.value.contiguous()
        attended = attended.view(n_heads, n_rows, -1)
        if share is not None:
            attended = attended * share
        rows.output.copy_(attended.transpose(0, 1))


def _in_turn(pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        piece()


def _up(n: int, unit: int) -> int:
    """The next multiple of `unit`."""
    return -(-n // unit) * unit


def _column_step(n_seen: int, window: int | None) -> int:
    """Columns come in multiples of this, so that few shapes of products occur: oneDNN keeps code and work space for
    each of the last thousand, which for one long trace, a column more with every block, came to nine gigabytes."""
    if window is not None:
        return 64
    return max(64, 1 << (n_seen // 32).bit_length())


def _block_rows(n_seen: int, groups: int) -> int:
    """Queries in a block: enough rows for an efficient matrix product, few enough for its scores to stay in cache."""
    rows = min(max(_SCORE_ELEMENTS // n_seen, _MIN_ROWS), _MAX_ROWS)
    return max(16, 1 << int(math.log2(rows / groups)))


@lru_cache(maxsize=64)
def _future(rows: int, columns: int, device: torch.device) -> torch.Tensor:
    """−inf above the diagonal, 0 elsewhere: adding it takes a tenth of the time of filling by a mask."""
    return torch.full((rows, columns), -math.inf, device=device).triu_(1)


def _finish_scores(scores: torch.Tensor, diagonal: int, rule: Rule) -> None:
    """Cap scores, and hide the future and what lies before the window. Only the corners of a block can hold either.

    Args:
        scores: (groups, rows, columns), changed in place; row r may see column c if c ≤ r + diagonal.
    """
    if rule.softcap is not None:
        scores.div_(rule.softcap).tanh_().mul_(rule.softcap)
    rows, columns = scores.shape[1:]
    scores[:, :, diagonal:].add_(_future(rows, columns - diagonal, scores.device))
    if rule.window is not None and columns > 1:
        # The last row is the one that looks back least far.
        width = min(columns, max(0, rows + diagonal - rule.window))
        hidden = torch.ones(rows, width, dtype=torch.bool, device=scores.device).tril_(diagonal - rule.window)
        scores[:, :, :width].masked_fill_(hidden, -math.inf)


def _share_of_rest(scores: torch.Tensor, heads: slice, rule: Rule) -> torch.Tensor | None:
    """What a sink leaves for the rows: softmax without it, times this, is softmax with it.

    Shapes: scores (heads, rows, columns), finished; result (heads, rows, 1), None where there is no sink.
    """
    if rule.sinks is None:
        return None
    sinks = rule.sinks[heads].float()[:, None]
    return torch.sigmoid(scores.logsumexp(-1) - sinks)[..., None]
