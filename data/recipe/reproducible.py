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
    # Overwriting memory before its first use would only cost time: nothing here reads what it did not write.
    # The setting is documented, but torch's types do not know it.
    fills_memory = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        torch.use_deterministic_algorithms(was_deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = fills_memory  # type: ignore[attr-defined]
