"""The order of the tests, their share of the cores, and the flag that writes golden files anew."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores: each process, and whatever it starts, takes one thread. Read when numpy and torch load.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

# A shell that starts the tests in its background has interrupts ignored, and every program started here would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

BROWSER = Path(__file__).parent / "browser"
INTEGRATION = Path(__file__).parent / "integration"
LONGEST = INTEGRATION / "disturbed" / "test_kill.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files as the code has it now")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that no worker is left with one at the end.

    Browser tests last: from the first of them on, Playwright keeps an event loop running in this thread, beside which
    no other can be started, and served models need one."""

    def order(item: pytest.Item) -> tuple[bool, bool, bool]:
        folders = item.path.parents
        return BROWSER in folders, item.path != LONGEST, INTEGRATION not in folders

    items.sort(key=order)


# So many more modules are worth a walk through all that is alive.
MANY_MODULES = 150
n_modules_kept = 0


def keep_what_is_imported() -> None:
    """What is imported by now stays: scoring collects garbage after each model, and need not walk all of it again."""
    global n_modules_kept
    n_modules_kept = len(sys.modules)
    gc.collect()
    gc.freeze()


def pytest_collection_finish() -> None:
    keep_what_is_imported()


def pytest_runtest_logfinish() -> None:
    """Models, pages and servers import much of their libraries when a test first asks for them."""
    if len(sys.modules) > n_modules_kept + MANY_MODULES:
        keep_what_is_imported()
