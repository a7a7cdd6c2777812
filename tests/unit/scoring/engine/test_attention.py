"""Blocked attention against the naive expression, with prefixes, windows, soft-caps and shared key heads."""

from __future__ import annotations

import math
from dataclasses import replace
from unittest.mock import patch

import pytest
import torch

from rdpt_core.scoring.engine import attention_kernels
from rdpt_core.scoring.engine.attention import Layout, NotPackable, packed, packed_attention, window_marker
from rdpt_core.scoring.engine.attention_kernels import Segment
from rdpt_core.scoring.engine.processor import KERNELS

SEGMENTS = (Segment(0, 9), Segment(9, 14, 0, 9), Segment(14, 31, 0, 9), Segment(31, 32), Segment(32, 72))
N_ROWS = 80
BLOCKS = KERNELS["avx512_bf16"]
FUSED = replace(KERNELS["amx"], fused_attention=frozenset({torch.float32}))


def naive(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    window: int | None,
    softcap: float | None,
    sinks: torch.Tensor | None = None,
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
        scores = scores.masked_fill(hidden, -math.inf)
        if sinks is not None:
            scores = torch.cat([scores, sinks[:, None, None].expand(-1, len(row), 1)], dim=-1)
        weights = scores.softmax(-1)[:, :, : len(seen)]
        output[segment.start : segment.stop] = (weights @ value[:, seen]).transpose(0, 1)
    return output


@pytest.mark.parametrize("path", ["short", "blocks", "fused", "fused in blocks", "accelerator"])
@pytest.mark.parametrize("n_key_heads", [1, 2, 6])
@pytest.mark.parametrize(
    ("window", "softcap", "with_sinks"),
    [
        (None, None, False),
        (4, None, False),
        (1, None, False),
        (500, None, False),
        (None, 2.0, False),
        (7, 2.0, False),
        (None, None, True),
        (7, None, True),
    ],
)
def test_every_row_sees_its_own_past(
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    n_key_heads: int,
    window: int | None,
    softcap: float | None,
    with_sinks: bool,
) -> None:
    torch.manual_seed(0)
    if path == "accelerator":
        monkeypatch.setattr(attention_kernels, "_runs_on_cpu", lambda _: False)
    if path == "fused in blocks":
        monkeypatch.setattr(attention_kernels, "_FUSED_ROWS", 16)
    if path in ("blocks", "fused in blocks"):
        monkeypatch.setattr(attention_kernels, "_SHORT_SEGMENT", 0)
    query = torch.randn(1, 6, N_ROWS, 8)
    key, value = torch.randn(1, n_key_heads, N_ROWS, 8), torch.randn(1, n_key_heads, N_ROWS, 8)
    sinks = torch.randn(6) if with_sinks else None
    with packed(Layout(SEGMENTS, FUSED if path.startswith("fused") else BLOCKS)):
        found, _ = packed_attention(
            torch.nn.Module(), query, key, value, None, sliding_window=window, softcap=softcap, s_aux=sinks
        )
    assert (found[0] - naive(query, key, value, window, softcap, sinks)).abs().max() <= 2e-6


@pytest.mark.parametrize(("n_prompt", "n_calls"), [(9, 1), (40, 2)])
def test_a_short_prompt_takes_no_call_of_its_own(n_prompt: int, n_calls: int) -> None:
    query, key, value = (torch.randn(1, 1, 60, 8) for _ in range(3))
    segments = (Segment(n_prompt, 60, 0, n_prompt),)
    fused = attention_kernels._Fused
    watched = patch.object(fused, "_flash", autospec=True, side_effect=fused._flash)
    with packed(Layout(segments, FUSED)), watched as flash:
        found, _ = packed_attention(torch.nn.Module(), query, key, value, None)
    expected = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)[0].transpose(0, 1)
    assert (found[0, n_prompt:] - expected[n_prompt:]).abs().max() <= 2e-6
    assert flash.call_count == n_calls


def test_the_mask_call_names_the_window_too() -> None:
    query, key, value = (torch.randn(1, 2, N_ROWS, 8) for _ in range(3))
    marker = window_marker(local_size=4)
    with packed(Layout(SEGMENTS, BLOCKS)):
        found, _ = packed_attention(torch.nn.Module(), query, key, value, marker)
    assert (found[0] - naive(query, key, value, 4, None)).abs().max() <= 2e-6


def test_what_it_cannot_do_is_refused() -> None:
    query, key, value = (torch.randn(1, 2, N_ROWS, 8) for _ in range(3))
    with packed(Layout(SEGMENTS, BLOCKS)):
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, None, head_mask=torch.zeros(2))
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, torch.zeros(1, 1, N_ROWS, N_ROWS))
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query, key, value, window_marker(local_size=4), sliding_window=5)
        with pytest.raises(NotPackable):
            packed_attention(torch.nn.Module(), query[:, :, :3], key, value, None)
    with pytest.raises(NotPackable):
        window_marker(use_vmap=True)
