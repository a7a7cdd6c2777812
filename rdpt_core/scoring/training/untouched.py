"""A model in training is looked at, and goes on as if nothing had happened: to the last bit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def untouched(model: Any | None = None) -> Iterator[None]:
    """Within this context the model gives what it gives without dropout. After it, modules are in training or not as
    they were, buffers hold what they held, and all random numbers that are still to come are those of before.

    Parameters are never written here, and no graph is recorded, so gradients and optimizer need no care.

    Args:
        model: None to keep random numbers only, such as while another model is loaded.
    """
    modules = [] if model is None else list(model.modules())
    was_training = [module.training for module in modules]
    buffers = [_kept_buffers(module) for module in modules]
    lengths = [(module, module.max_seq_len_cached) for module in modules if hasattr(module, "max_seq_len_cached")]
    numbers = _random_states()
    for module in modules:
        module.training = False
    try:
        # No inference mode: what a rotary embedding keeps of it could not take part in a backward pass.
        with torch.no_grad():
            yield
    finally:
        for module, training, kept in zip(modules, was_training, buffers, strict=True):
            module.training = training
            _put_back(module, kept)
        for module, length in lengths:
            module.max_seq_len_cached = length
        _set_random_states(numbers)


_Buffers = dict[str, tuple[torch.Tensor, torch.Tensor]]


def _kept_buffers(module: torch.nn.Module) -> _Buffers:
    """The buffers of a module alone, each with a copy of what it holds."""
    return {name: (buffer, buffer.clone()) for name, buffer in module._buffers.items() if buffer is not None}


def _put_back(module: torch.nn.Module, kept: _Buffers) -> None:
    for name, (buffer, copy) in kept.items():
        if module._buffers.get(name) is not buffer:
            module._buffers[name] = buffer
        with torch.no_grad():
            buffer.copy_(copy)


def _random_states() -> tuple[Any, ...]:
    # A process that has not used a GPU yet keeps no numbers there, and is not made to.
    is_used = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    on_gpu = torch.cuda.get_rng_state_all() if is_used else None
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), on_gpu


def _set_random_states(states: tuple[Any, ...]) -> None:
    python, numpy, on_cpu, on_gpu = states
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(on_cpu)
    if on_gpu is not None:
        torch.cuda.set_rng_state_all(on_gpu)
