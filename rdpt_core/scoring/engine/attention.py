"""Causal attention over packed rows: every segment sees its own past and its prefix, and no other segment.

    pack      [ prompt | response 1 | response 2 | another prompt | its response | filling ]
    segment     rows 0–4   rows 4–9     rows 9–15     …
    sees        itself     0–4 + self   0–4 + self

Registered with transformers under `IMPLEMENTATION`; which rows form which segment travels in a context variable,
because not every model passes keyword arguments down to its attention. For one segment with queries q, keys k and
values v of the rows it sees, n of them before its first own row, this equals

    scores = softcap(q @ k.T * scaling) + mask        mask: −inf where column > row + n, or column ≤ row + n − window
    softmax(scores) @ v

Queries go through in blocks, so that memory is one block of scores a thread, `_SCORE_ELEMENTS` float32 numbers or
`_MIN_ROWS` times the length of the segment where that is more, and a copy of the keys and values that a segment sees.
What a row gets depends on its own segment only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as functional

from rdpt_core.scoring.engine.block_pool import for_each
from rdpt_core.scoring.engine.linear import matrix_product

IMPLEMENTATION = "rdpt_packed"

_SCORE_ELEMENTS = 1 << 20
_MIN_ROWS, _MAX_ROWS = 128, 512
_SHORT_SEGMENT = 256
_attend_blocks_on = ("cpu",)
_KNOWN_ARGUMENTS = frozenset({"dropout", "scaling", "sliding_window", "softcap", "is_causal", "position_ids"})
_HARMLESS_ARGUMENTS = frozenset({"use_cache", "output_attentions", "output_hidden_states", "return_dict"})


class NotPackable(Exception):
    """This model asks its attention for something that packed attention does not do."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows [start, stop) of a pack. They also see the whole of rows [prefix_start, prefix_stop)."""

    start: int
    stop: int
    prefix_start: int = 0
    prefix_stop: int = 0

    @property
    def n_seen(self) -> int:
        """Rows that its last row sees."""
        return self.stop - self.start + self.prefix_stop - self.prefix_start


@dataclass(slots=True)
class Layout:
    """The segments of the pack that is under way, and how often attention was asked for."""

    segments: tuple[Segment, ...]
    n_calls: int = 0
    windows: set[int | None] = field(default_factory=set)


_layout: ContextVar[Layout | None] = ContextVar("rdpt_layout", default=None)


@contextmanager
def packed(layout: Layout) -> Iterator[Layout]:
    """Within this context, models that use `IMPLEMENTATION` attend by `layout`."""
    token = _layout.set(layout)
    try:
        yield layout
    finally:
        _layout.reset(token)


def register() -> None:
    """Make `IMPLEMENTATION` known to transformers. Harmless when repeated."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(IMPLEMENTATION, packed_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, window_marker)


def window_marker(*_: Any, local_size: int | None = None, use_vmap: bool = False, **__: Any) -> torch.Tensor | None:
    """In place of a mask: the width of the sliding window that the model wants, or None for plain causal attention.

    Models name the window in this call, in the call of their attention, or in both. Shapes: (1, 1, 1, 1), on the host.
    """
    if use_vmap:
        raise NotPackable("a mask of its own")
    return None if local_size is None else torch.full((1, 1, 1, 1), float(local_size))


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **arguments: Any,
) -> tuple[torch.Tensor, None]:
    """What a model calls in place of its own attention.

    Shapes: query (1, heads, rows, d), key and value (1, heads / groups, rows, d); result (1, rows, heads, d).
    """
    # Outside a pack, a pass of the model is one plain sequence.
    layout = _layout.get() or Layout((Segment(0, query.shape[2]),))
    window = _window(attention_mask, arguments)
    if query.shape[0] != 1 or query.shape[2] != key.shape[2] or not getattr(module, "is_causal", True):
        raise NotPackable("attention that is not causal self-attention")
    layout.n_calls += 1
    layout.windows.add(window)
    scaling = arguments.get("scaling")
    rule = _Rule(
        scaling=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
        softcap=arguments.get("softcap"),
        window=window,
    )
    # Rows of no segment are filling: nothing is computed for them, and nothing reads them.
    output = query.new_zeros(query.shape[2], query.shape[1], value.shape[-1])
    attend = _attend_blocks if query.device.type in _attend_blocks_on else _attend_fused

    def fill(segment: Segment) -> None:
        rows = slice(segment.start, segment.stop)
        keys, values = (_seen(tensor[0], segment) for tensor in (key, value))
        attend(query[0, :, rows], keys, values, rule, output[rows])

    # A long segment fills all threads by its blocks.
    for_each(fill, [segment for segment in layout.segments if segment.n_seen <= _SHORT_SEGMENT])
    for segment in layout.segments:
        if segment.n_seen > _SHORT_SEGMENT:
            fill(segment)
    return output[None], None


@dataclass(frozen=True, slots=True)
class _Rule:
    scaling: float
    softcap: float | None
    window: int | None


def _window(marker: torch.Tensor | None, arguments: dict[str, Any]) -> int | None:
    for name, argument in arguments.items():
        if argument is not None and name not in _KNOWN_ARGUMENTS | _HARMLESS_ARGUMENTS:
            raise NotPackable(f"an attention argument `{name}`")
    by_argument = arguments.get("sliding_window")
    if marker is None:
        return None if by_argument is None else int(by_argument)
    if marker.numel() != 1:
        raise NotPackable("a mask of its own")
    window = int(marker.item())
    if by_argument is not None and int(by_argument) != window:
        raise NotPackable("two different sliding windows in one layer")
    return window


def _seen(tensor: torch.Tensor, segment: Segment) -> torch.Tensor:
    """Shapes: tensor (heads, rows, d); result (heads, rows seen, d)."""
    own = tensor[:, segment.start : segment.stop]
    if segment.prefix_stop == segment.prefix_start:
        return own
    if segment.prefix_stop == segment.start:
        return tensor[:, segment.prefix_start : segment.stop]
    return torch.cat([tensor[:, segment.prefix_start : segment.prefix_stop], own], dim=1)


def _attend_fused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rule: _Rule, output: torch.Tensor
) -> None:
    """One fused kernel for a segment, where there is one for this rule. `is_causal` aligns top left, so it serves
    segments without a prefix; `causal_lower_right` aligns the last row with the last column."""
    n_before = key.shape[1] - query.shape[1]
    if rule.softcap is not None or (rule.window is not None and rule.window < key.shape[1]):
        _attend_blocks(query, key, value, rule, output)
        return
    from torch.nn.attention.bias import causal_lower_right

    bias = causal_lower_right(query.shape[1], key.shape[1]) if n_before else None
    attended = functional.scaled_dot_product_attention(
        query[None],
        key[None],
        value[None],
        attn_mask=bias,
        is_causal=n_before == 0,
        scale=rule.scaling,
        enable_gqa=query.shape[0] != key.shape[0],
    )
    output.copy_(attended[0].transpose(0, 1))


def _attend_blocks(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rule: _Rule, output: torch.Tensor
) -> None:
    """Block after block of queries, the query heads that share a key head together in one matrix product.

    Scores and softmax are float32; weights are rounded to the model's dtype before they meet the values, as fused
    kernels do. In bfloat16 on an AVX-512 CPU this takes three quarters of the fused kernel's time.
    Shapes: query (heads, rows, d); key, value (key heads, seen, d); output (rows, heads, d), written.
    """
    n_heads, n_rows, _ = query.shape
    n_key_heads, n_seen, _ = key.shape
    groups = n_heads // n_key_heads
    n_before = n_seen - n_rows
    if n_seen <= _SHORT_SEGMENT:
        _attend_short(query, key, value, rule, output)
        return
    block = min(_block_rows(n_seen if rule.window is None else min(n_seen, rule.window), groups), _up(n_rows, 16))
    step = _column_step(n_seen, rule.window)
    query = _lengthened(query, _up(n_rows, block)).view(n_key_heads, groups, -1, query.shape[-1])
    # A copy of its own, whether a prefix was joined or not: the same products then take the same path.
    key, value = _lengthened(key.float(), _up(n_seen, step)), _lengthened(value, _up(n_seen, step))

    def fill(piece: tuple[int, int]) -> None:
        head, first = piece
        last = min(first + block, n_rows)
        high = min(_up(n_before + first + block, step), key.shape[1])
        low = 0 if rule.window is None else max(0, n_before + first + 1 - rule.window) // step * step
        queries = query[head, :, first : first + block].reshape(groups * block, -1).float() * rule.scaling
        scores = matrix_product(queries, key[head, low:high])
        if rule.softcap is not None:
            scores = scores.div_(rule.softcap).tanh_().mul_(rule.softcap)
        _mask_corners(scores.view(groups, block, high - low), n_before + first - low, rule.window)
        weights = torch.softmax(scores, dim=-1, out=scores).to(value.dtype)
        attended = matrix_product(weights, value[head, low:high].t()).view(groups, block, -1)
        output[first:last, head * groups : (head + 1) * groups] = attended[:, : last - first].transpose(0, 1)

    for_each(fill, [(head, first) for head in range(n_key_heads) for first in range(0, n_rows, block)])


def _up(n: int, unit: int) -> int:
    """The next multiple of `unit`."""
    return -(-n // unit) * unit


def _lengthened(tensor: torch.Tensor, n_rows: int) -> torch.Tensor:
    """A contiguous copy with zeros at the end. Shapes: tensor (heads, rows, d); result (heads, n_rows, d)."""
    longer = tensor.new_zeros(tensor.shape[0], n_rows, tensor.shape[2])
    longer[:, : tensor.shape[1]] = tensor
    return longer


def _column_step(n_seen: int, window: int | None) -> int:
    """Columns come in multiples of this, so that few shapes of products occur: oneDNN keeps code and work space for
    each of the last thousand, which for one long trace, a column more with every block, came to nine gigabytes."""
    if window is not None:
        return 64
    return max(64, 1 << (n_seen // 32).bit_length())


def _attend_short(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rule: _Rule, output: torch.Tensor
) -> None:
    """All heads of a short segment in one product each way: oneDNN would prepare a kernel for every new length.

    Shapes: query (heads, rows, d); key, value (key heads, seen, d); output (rows, heads, d), written.
    """
    n_heads, n_rows, _ = query.shape
    n_key_heads, n_seen, _ = key.shape
    queries = (query.float() * rule.scaling).reshape(n_key_heads, n_heads // n_key_heads * n_rows, -1)
    # Copies of their own, whether a prefix was joined or not: the same products then take the same path.
    scores = queries @ key.float().contiguous().transpose(1, 2)
    if rule.softcap is not None:
        scores = scores.div_(rule.softcap).tanh_().mul_(rule.softcap)
    _mask_corners(scores.view(n_heads, n_rows, n_seen), n_seen - n_rows, rule.window)
    attended = torch.softmax(scores, dim=-1, out=scores).to(value.dtype) @ value.contiguous()
    output.copy_(attended.view(n_heads, n_rows, -1).transpose(0, 1))


def _block_rows(n_seen: int, groups: int) -> int:
    """Queries in a block: enough rows for an efficient matrix product, few enough for its scores to stay in cache."""
    rows = min(max(_SCORE_ELEMENTS // n_seen, _MIN_ROWS), _MAX_ROWS)
    return max(16, 1 << int(math.log2(rows / groups)))


@lru_cache(maxsize=64)
def _future(rows: int, columns: int, device: torch.device) -> torch.Tensor:
    """−inf above the diagonal, 0 elsewhere: adding it takes a tenth of the time of filling by a mask."""
    return torch.full((rows, columns), -math.inf, device=device).triu_(1)


def _mask_corners(scores: torch.Tensor, diagonal: int, window: int | None) -> None:
    """Hide the future, and what lies before the window. Only the corners of a block can hold either.

    Args:
        scores: (groups, rows, columns), changed in place; row r may see column c if c ≤ r + diagonal.
    """
    rows, columns = scores.shape[1:]
    scores[:, :, diagonal:].add_(_future(rows, columns - diagonal, scores.device))
    if window is not None and columns > 1:
        # The last row is the one that looks back least far.
        width = min(columns, max(0, rows + diagonal - window))
        hidden = torch.ones(rows, width, dtype=torch.bool, device=scores.device).tril_(diagonal - window)
        scores[:, :, :width].masked_fill_(hidden, -math.inf)
