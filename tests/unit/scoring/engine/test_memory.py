"""Budgets follow the memory that is free, on machines that are not at hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from rdpt_core.scoring.engine import memory

GIB = 1 << 30


@pytest.mark.parametrize(
    ("device", "free", "expected"),
    [("cpu", 64 * GIB, 8192), ("cpu", GIB // 2, 1024), ("cpu", 0, 256), ("cuda", 80 * GIB, 65536), ("cuda", 0, 4096)],
)
def test_the_budget_follows_free_memory(monkeypatch: pytest.MonkeyPatch, device: str, free: int, expected: int) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    config = SimpleNamespace(hidden_size=2048)
    model = SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: config))
    assert memory.auto_budget(model, torch.device(device), 0) == expected


def test_the_budget_leaves_room_for_the_blocks_of_all_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: GIB)
    config = SimpleNamespace(hidden_size=2048, intermediate_size=8192)
    model = SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: config))
    assert memory.bytes_per_block(model, 256) == 24 << 20
    assert memory.auto_budget(model, torch.device("cpu"), 0) == 2048
    assert memory.auto_budget(model, torch.device("cpu"), 16 * (24 << 20)) == 512


def test_free_memory_is_measured() -> None:
    assert memory.free_bytes(torch.device("cpu")) > 1 << 20


def test_what_counts_as_out_of_memory() -> None:
    assert memory.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert memory.is_out_of_memory(MemoryError())
    assert memory.is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert not memory.is_out_of_memory(RuntimeError("shape mismatch"))
