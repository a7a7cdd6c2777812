"""The state of torch in which everything is built and measured."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def reproducible_torch() -> Iterator[None]:
    """One thread and deterministic kernels, so that the same machine gives the same weights; undone afterwards.

    Models this small also run faster on one thread than on several.
    """
    n_threads = torch.get_num_threads()
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        torch.use_deterministic_algorithms(was_deterministic)
