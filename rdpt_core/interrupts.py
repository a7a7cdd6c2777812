"""Ctrl-C that is heard even where Python drops it.

An exception that is raised inside a finaliser or a callback of the garbage collector is printed and forgotten, and
importing the libraries of models runs many of these. So a run remembers that it was interrupted, and asks between
batches.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_interrupted = threading.Event()


def check() -> None:
    """Raise the interrupt that came within `remembered` and was dropped.

    Raises:
        KeyboardInterrupt: there was one.
    """
    if _interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def remembered() -> Iterator[None]:
    """Within this context `check` knows of every interrupt. Only Python's own handler is replaced, and for the main
    thread only: no other may."""
    _interrupted.clear()
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # What was heard belongs to this context: a later call in the same process is not interrupted by it.
        _interrupted.clear()


def _remember(number: int, frame: FrameType | None) -> None:
    _interrupted.set()
    if not _in_finaliser(frame):
        signal.default_int_handler(number, frame)


def _in_finaliser(frame: FrameType | None) -> bool:
    """Whether an exception raised here would only be printed, with a traceback that frightens."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
