"""Causal attention over packed rows: every segment sees its own past and its prefix, and no other segment.

    pack      [ prompt | response 1 | response 2 | another prompt | its response | filling ]
    segment     rows 0–4   rows 4–9     rows 9–15     …
    sees        itself     0–4 + self   0–4 + self

Registered with transformers under `IMPLEMENTATION`; which rows form which segment travels in a context variable,
because not every model passes keyword arguments down to its attention. A model runs over a whole pack at a time, or
over one block of rows after the other in lanes, which lay their queries, keys and values side by side here and wait
for each other. `attention_kernels` computes a segment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch

from rdpt_core.scoring.engine.attention_kernels import Rule, Segment, plan_attention
from rdpt_core.scoring.engine.block_pool import BlockPool, for_each, pooled
from rdpt_core.scoring.engine.lanes import Phases, pause
from rdpt_core.scoring.engine.processor import Kernels, kernels_of_this_processor

IMPLEMENTATION = "rdpt_packed"

_KNOWN_ARGUMENTS = frozenset({"dropout", "scaling", "sliding_window", "softcap", "s_aux", "is_causal", "position_ids"})
_HARMLESS_ARGUMENTS = frozenset({"use_cache", "output_attentions", "output_hidden_states", "return_dict"})


class NotPackable(Exception):
    """This model asks its attention for something that packed attention does not do. Goes on after "this model …"."""


@dataclass(slots=True)
class Layout:
    """The segments of the pack that is under way.

    Attributes:
        pool: for the pieces of attention, where the rest of the model does without it.
        meeting: where lanes meet, if the model runs in lanes.
        clock: adds up the time of attention, if somebody wants to know.
    """

    segments: tuple[Segment, ...]
    kernels: Kernels
    pool: BlockPool | None = None
    meeting: Meeting | None = None
    clock: Clock | None = None


_layout: ContextVar[Layout | None] = ContextVar("rdpt_layout", default=None)
_lane_rows: ContextVar[slice | None] = ContextVar("rdpt_lane_rows", default=None)


@contextmanager
def packed(layout: Layout, lane_rows: slice | None = None) -> Iterator[Layout]:
    """Within this context, models that use `IMPLEMENTATION` attend by `layout`.

    Args:
        lane_rows: the rows of the pack that the model has before it, where it runs in lanes.
    """
    tokens = _layout.set(layout), _lane_rows.set(lane_rows)
    try:
        yield layout
    finally:
        _layout.reset(tokens[0])
        _lane_rows.reset(tokens[1])


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
        raise NotPackable("has attention masks of its own")
    return None if local_size is None else torch.full((1, 1, 1, 1), float(local_size))


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **arguments: Any,
) -> tuple[torch.Tensor, None]:
    """What a model calls in place of its own attention, within `packed`.

    Shapes: query (1, heads, rows, d), key and value (1, heads / groups, rows, d); result (1, rows, heads, d).
    """
    # Outside a pack, a pass of the model is one plain sequence.
    layout = _layout.get() or Layout((Segment(0, query.shape[2]),), kernels_of_this_processor())
    if query.shape[0] != 1 or query.shape[2] != key.shape[2] or not getattr(module, "is_causal", True):
        raise NotPackable("has attention other than causal self-attention")
    scaling = arguments.get("scaling")
    rule = Rule(
        scaling=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
        softcap=arguments.get("softcap"),
        window=_window(attention_mask, arguments),
        sinks=arguments.get("s_aux"),
    )
    rows = _lane_rows.get()
    if rows is not None and layout.meeting is not None:
        return layout.meeting.attend(rows, query[0], key[0], value[0], rule)[None], None
    # Rows of no segment are filling: nothing is computed for them, and nothing reads them.
    output = query.new_zeros(query.shape[2], query.shape[1], value.shape[-1])
    phases = plan_attention(layout.segments, query[0], key[0], value[0], rule, output, layout.kernels)
    with pooled(layout.pool), nullcontext() if layout.clock is None else layout.clock.running():
        for pieces in phases:
            for_each(_call, pieces)
    return output[None], None


class Clock:
    """Seconds between starting and stopping, added up; on a GPU, of work that is done and not only asked for."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._started_s = 0.0
        self.total_s = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._synchronize()
        self._started_s = time.perf_counter()

    def stop(self) -> None:
        """Add what was counted."""
        self._synchronize()
        self.total_s += time.perf_counter() - self._started_s

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what happens within this context."""
        self.start()
        yield
        self.stop()

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


class Meeting:
    """Where lanes lay their queries, keys and values side by side, and get back what their rows attended to.

    Shapes: queries (heads, rows, d), keys and values (key heads, rows, d), each head's rows one after the other;
    output (rows, heads, d).
    """

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows
        self._lock = threading.Lock()
        self._laid: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None
        self._output: torch.Tensor | None = None
        self._rule: Rule | None = None

    def attend(
        self, rows: slice, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rule: Rule
    ) -> torch.Tensor:
        """From one lane's rows to their output. Shapes: see above, for these rows; result (these rows, heads, d)."""
        with self._lock:
            laid, output = self._tables(query, key, value)
            self._rule = rule
        for table, part in zip(laid, (query, key, value), strict=True):
            table[:, rows] = part
        pause()
        return output[rows]

    def plan(self, layout: Layout) -> Phases:
        """What is to be computed once all lanes have come."""
        assert self._laid is not None and self._output is not None and self._rule is not None
        phases = plan_attention(layout.segments, *self._laid, self._rule, self._output, layout.kernels)
        clock = layout.clock
        # Each phase ends before the next begins, so a piece that is a phase of its own is a point in time.
        return phases if clock is None else ([clock.start], *phases, [clock.stop])

    def attend_at_once(self, layout: Layout) -> Phases:
        """In place of `plan` where lanes run in one thread: compute it here, in the pool."""
        with pooled(layout.pool):
            for pieces in self.plan(layout):
                for_each(_call, pieces)
        return ()

    def _tables(self, *parts: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
        """Those of the layer before, where its shapes are the same: their memory is warm."""
        shapes = [(part.shape[0], self._n_rows, part.shape[2]) for part in parts]
        if self._laid is None or [table.shape for table in self._laid] != shapes:
            query, key, value = (part.new_empty(shape) for part, shape in zip(parts, shapes, strict=True))
            self._laid = (query, key, value)
            self._output = query.new_zeros(self._n_rows, query.shape[0], value.shape[2])
        assert self._output is not None
        return self._laid, self._output


def _call(piece: Callable[[], None]) -> None:
    piece()


def _window(marker: torch.Tensor | None, arguments: dict[str, Any]) -> int | None:
    for name, argument in arguments.items():
        if argument is not None and name not in _KNOWN_ARGUMENTS | _HARMLESS_ARGUMENTS:
            raise NotPackable(f"gives its attention `{name}`, which packs do not know")
    by_argument = arguments.get("sliding_window")
    if marker is None:
        return None if by_argument is None else int(by_argument)
    if marker.numel() != 1:
        raise NotPackable("has attention masks of its own")
    window = int(marker.item())
    if by_argument is not None and int(by_argument) != window:
        raise NotPackable("has two different sliding windows in one layer")
    return window
