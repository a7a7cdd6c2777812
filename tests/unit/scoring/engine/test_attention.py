"""Blocked attention against the naive expression, with prefixes, windows, soft-caps and shared key heads."""

from __future__ import annotations

import math

import pytest
import torch

from rdpt_core.scoring.engine import attention
from rdpt_core.scoring.engine.attention import Layout, NotPackable, Segment, packed, packed_attention, window_marker

SEGMENTS = (Segment(0, 9), Segment(9, 14, 0, 9), Segment(14, 31, 0, 9), Segment(31, 32), Segment(32, 72))
N_ROWS = 80


def naive(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int | None, softcap: float | None
) -> torch.Tensor:
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1)[0] for tensor in (key, value))
    output = torch.zeros(N_ROWS, query.shape[1], value.shape[-1])
    for segment in SEGMENTS:
        seen = [*range(segment.prefix_start, segment.prefix_stop), *range(segment.start, segment.stop)]
        n_before = segment.prefix_stop - segment.prefix_start
        scores = query[0, :, segment.start : segment.stop] @ key[:, seen].transpose(1, 2) / math.sqrt(query.shape[-1])
        if softcap is not None:
            scores = torch.tanh(scores / softcap) * softcap
        row = torch.arange(segment.stop - segment.start)[:, None] + n_before
        column = torch.arange(len(seen))[None]
        hidden = column > row
        if window is not None:
            hidden |= column <= row - window
        weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
        output[segment.start : segment.stop] = (weights @ value[:, seen]).transpose(0, 1)
    return output


@pytest.mark.parametrize("path", ["short", "blocks", "fused"])
@pytest.mark.parametrize("n_key_heads", [1, 2, 6])
@pytest.mark.parametrize(
    ("window", "softcap"), [(None, None), (4, None), (1, None), (500, None), (None, 2.0), (7, 2.0)]
)
def test_every_row_sees_its_own_past(
    monkeypatch: pytest.MonkeyPatch, path: str, n_key_heads: int, window: int | None, softcap: float | None
) -> None:
    torch.manual_seed(0)
    if path == "fused":
        monkeypatch.setattr(attention, "_attend_blocks_on", ())
    if path == "blocks":
        monkeypatch.setattr(attention, "_SHORT_SEGMENT", 0)
    query = torch.randn(1, 6, N_ROWS, 8)
    key, value = torch.randn(1, n_key_heads, N_ROWS, 8), torch.randn(1, n_key_heads, N_ROWS, 8)
    with packed(Layout(SEGMENTS)):
        found, _ = packed_attention(torch.nn.Module(), query, key, value, None, sliding_window=window, softcap=softcap)
    assert (found[0] - naive(query, key, value, window, softcap)).abs().max() <= 2e-6


def test_the_mask_call_names_the_window_too() -> None:
    query, key, value = (torch.randn(1, 2, N_ROWS, 8) for _ in range(3))
    marker = window_marker(local_size=4)
    with packed(Layout(SEGMENTS)):
        found, _ = packed_attention(torch.nn.Module(), query, key, value, marker)
    assert (found[0] - naive(query, key, value, 4, None)).abs().max() <= 2e-6


def test_what_it_cannot_do_is_refused() -> None:
    query, key, value = (torch.randn(1, 2, N_ROWS, 8) for _ in range(3))
    with packed(Layout(SEGMENTS)):
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, None, s_aux=torch.zeros(2))
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, torch.zeros(1, 1, N_ROWS, N_ROWS))
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, window_marker(local_size=4), sliding_window=5)
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query[:, :, :3], key, value, None)
    with pytest.raises(NotPackable):
        window_marker(use_vmap=True)
