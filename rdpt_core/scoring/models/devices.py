"""Which devices a run uses, and in which dtype.

One worker a device: every GPU holds the whole model and takes the next batch when it is free. A model that fits into
no single GPU is spread over all of them, and then one worker drives them together.
"""

from __future__ import annotations

from rdpt_core.errors import ModelError

SEVERAL = "several"
"""Stands for a model that is spread over all GPUs."""

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_WEIGHTS_SHARE = 0.85


def resolve_device(device: str) -> str:
    """`auto` takes CUDA when there is one.

    Raises:
        ModelError: CUDA was asked for and there is none.
    """
    import torch

    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ModelError(
            "there is no CUDA device",
            where=f"--device {device}",
            expected="an NVIDIA GPU and a CUDA build of torch",
            got=f"torch {torch.__version__}",
            hint="Score with `--device cpu`.",
        )
    return device


def resolve_dtype(dtype: str, device: str) -> str:
    """`auto` is bfloat16 on CUDA, and float32 on CPU, where small models are exact at no cost."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if device.startswith("cuda") else "float32"


def worker_devices(device: str, n_parameters: int, dtype: str) -> list[str]:
    """The device of every worker: all GPUs for `cuda`, one for `cuda:N` or `cpu`, `SEVERAL` for a model too large.

    Weights may take 85% of a GPU's free memory; the rest is for what flows through them.
    """
    if device != "cuda":
        return [device]
    import torch

    devices = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    room = min(torch.cuda.mem_get_info(name)[0] for name in devices)
    if len(devices) > 1 and n_parameters * _BYTES[dtype] > _WEIGHTS_SHARE * room:
        return [SEVERAL]
    return devices
