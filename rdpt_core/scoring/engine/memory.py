"""How much memory there is, how many rows fit into it, and what to do when they did not."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

import torch

from rdpt_core.errors import ModelError

_CPU_BUDGETS = (8192, 256)
_CUDA_BUDGETS = (65536, 4096)
_SHARE_OF_FREE = 0.5
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT_BYTES = 32 << 20
"""The most that glibc accepts; it refuses a larger threshold in silence, and setting any other then makes it map even
small buffers again each time."""
_KEEP_BYTES = 512 << 20


def free_bytes(device: torch.device) -> int:
    """Memory that this process may still take on a device, now."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch has reserved but does not use is free for us too.
        return int(free) + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return min(_available_bytes(), _container_bytes())


def auto_budget(model: Any, device: torch.device, blocks_bytes: int) -> int:
    """The largest power of two of rows, within reason for the device, that takes half of the free memory at most.

    Args:
        blocks_bytes: taken beside the rows, whatever the budget.
    """
    largest, smallest = _CUDA_BUDGETS if device.type == "cuda" else _CPU_BUDGETS
    fitting = int(_SHARE_OF_FREE * free_bytes(device) - blocks_bytes) // max(1, bytes_per_row(model))
    budget = largest
    while budget > smallest and budget > fitting:
        budget //= 2
    return budget


def bytes_per_row(model: Any) -> int:
    """An upper estimate of what one row of a pack takes while it passes through a layer.

    Twenty states of the hidden width in float32 cover the residual, the norms, queries, keys and values with their
    rotated copies; feed-forward networks go in blocks and do not grow with the pack.
    """
    config = model.config.get_text_config()
    return 20 * 4 * int(config.hidden_size)


def bytes_per_block(model: Any, block_rows: int) -> int:
    """An upper estimate of what a block takes in a feed-forward network: its gate, its states and their product."""
    config = model.config.get_text_config()
    width = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    return 3 * 4 * block_rows * int(width)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out. Torch has a type for it on CUDA, and only a sentence on CPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def no_room(n_tokens: int, device: torch.device, error: BaseException) -> ModelError:
    """The error for a trace that does not fit alone."""
    return ModelError(
        "memory does not hold one trace",
        where=str(device),
        expected=f"room for {n_tokens} tokens",
        got=str(error).splitlines()[0] if str(error) else type(error).__name__,
        hint="What is scored is kept. Free memory, or use a smaller dtype or another device.",
    )


def keep_freed_memory() -> None:
    """Let the C library keep freed buffers instead of returning each to the system at once.

    Score and activation buffers of megabytes come and go with every layer; fetching them again costs a page fault for
    every 4 KiB. Only glibc has these settings; elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)


def _available_bytes() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    # Without /proc there is no cheap measure; two gigabytes is what any machine that runs models has to spare.
    return 2 << 30


def _container_bytes() -> int:
    """What the memory limit of a container leaves (control groups, version 2)."""
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return 1 << 62
    return 1 << 62 if limit == "max" else max(0, int(limit) - used)
