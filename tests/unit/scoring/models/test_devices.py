"""Devices and budgets, with machines that are not at hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.scoring.engine import memory
from rdpt_core.scoring.models import loading
from rdpt_core.scoring.models.devices import SEVERAL, resolve_device, resolve_dtype, worker_devices

GIB = 1 << 30


def have_gpus(monkeypatch: pytest.MonkeyPatch, n: int, free: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, free))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 0)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 0)


def test_without_a_gpu_everything_is_on_the_cpu_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 0, 0)
    assert resolve_device("auto") == "cpu"
    assert resolve_dtype("auto", "cpu") == "float32"
    assert worker_devices("cpu", 10**12, "float32") == ["cpu"]
    with pytest.raises(ModelError, match="no CUDA device"):
        resolve_device("cuda")


def test_every_gpu_gets_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 3, 80 * GIB)
    assert resolve_device("auto") == "cuda"
    assert resolve_dtype("auto", "cuda") == "bfloat16"
    assert worker_devices("cuda", 7 * 10**9, "bfloat16") == ["cuda:0", "cuda:1", "cuda:2"]
    assert worker_devices("cuda:1", 7 * 10**9, "bfloat16") == ["cuda:1"]


def test_a_model_too_large_for_one_gpu_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 2, 80 * GIB)
    assert worker_devices("cuda", 70 * 10**9, "bfloat16") == [SEVERAL]
    have_gpus(monkeypatch, 1, 80 * GIB)
    assert worker_devices("cuda", 70 * 10**9, "bfloat16") == ["cuda:0"]


def test_spreading_without_accelerate_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install accelerate"):
        loading._balanced_map("org/name")


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
