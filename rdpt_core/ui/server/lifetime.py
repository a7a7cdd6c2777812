"""The server ends with the command that started it, however that one ends.

The command holds the other end of the server's standard input and never writes. When it ends, killed or not, the
system closes that end, and the server reads the end of its input: that needs no timer, and works on every system.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rdpt_core.bundled import ENDS_WITH_INPUT


@asynccontextmanager
async def ends_with_input(_app: object) -> AsyncIterator[None]:
    """For the time that the server runs: watch its input, if the command that started it asks for that."""
    if ENDS_WITH_INPUT in sys.argv:
        threading.Thread(target=_wait_and_end, name="input", daemon=True).start()
    yield


def _wait_and_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
