"""Devices and dtypes, with machines that are not at hand."""

from __future__ import annotations

import pytest
import torch

from rdpt_core.errors import ModelError
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
