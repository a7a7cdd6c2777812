"""A bundle of toy size, built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from data.recipe.__main__ import main


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Models this small run faster on one thread than on several, and much faster on a busy machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick build, whose models have learned nothing."""
    folder = tmp_path_factory.mktemp("built")
    assert main(["--quick", "--processes", "1", "--out", str(folder)]) == 0
    return folder
