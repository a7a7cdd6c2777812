"""A process that answers questions, a line of JSON each, and that can be killed.

For what comes from strangers and may hang or eat memory: a thread could not be ended.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START_LIMIT_S = 120.0
"""For the line with which a process says that it is ready: its libraries load, perhaps on a busy machine."""

_ROOT = Path(__file__).resolve().parents[2]
# What Python and the loader of libraries look at, and no more: other variables may hold secrets.
_KEPT = ("PATH", "HOME", "LANG", "LC_", "TMPDIR", "TEMP", "TMP", "PYTHON", "LD_", "DYLD_")
_KEPT_ON_WINDOWS = ("SYSTEMROOT", "USERPROFILE", "APPDATA")


class WorkerError(Exception):
    """The process died; the message is the reason."""


class WorkerStartError(WorkerError):
    """The process never came so far as to be asked, so that no question is to blame."""


class WorkerTimeout(WorkerError):
    """The process gave no reply within the limit. It must be killed."""


class WorkerProcess:
    """A Python process that says that it is ready, and then answers. It ends with this object at the latest.

    A thread reads the replies, because a pipe cannot be read with a time-out on every platform.

    Args:
        arguments: of the Python interpreter: the program.
        name: for messages.

    Raises:
        WorkerStartError: the system refused to start it.
    """

    def __init__(self, arguments: Sequence[str], name: str) -> None:
        self._name = name
        try:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the folder in which the command was started.
                [sys.executable, "-P", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise self._not_started(error.strerror or type(error).__name__) from error
        self._finalizer = weakref.finalize(self, _end, self._process)
        self._replies: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(self._process, self._replies), daemon=True).start()
        self._is_ready = False

    def send(self, question: Any) -> None:
        """Ask. All replies to the question before it must have been received.

        Raises:
            WorkerStartError: the process did not become ready.
            WorkerError: the process died.
        """
        if not self._is_ready:
            try:
                self.receive(START_LIMIT_S)
            except WorkerError as error:
                raise self._not_started(str(error)) from error
            self._is_ready = True
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps(question) + "\n")
                stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: it was killed, and its pipes are closed
            raise WorkerError(f"the process of {self._name} died") from error

    def receive(self, limit_s: float) -> Any:
        """The next reply.

        Raises:
            WorkerTimeout: there is none within the limit.
            WorkerError: the process died.
        """
        try:
            line = self._replies.get(timeout=limit_s)
        except queue.Empty as error:
            raise WorkerTimeout(f"{self._name} gave no answer within {limit_s:g} s") from error
        if not line:
            raise WorkerError(f"the process of {self._name} died")
        return json.loads(line)

    def _not_started(self, reason: str) -> WorkerStartError:
        return WorkerStartError(f"{self._name} could not be started: {reason}")

    def kill(self) -> None:
        """End the process at once. Safe to call twice."""
        self._finalizer()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith((*_KEPT, *_KEPT_ON_WINDOWS))}
    path = os.pathsep.join(part for part in (str(_ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _listen(process: subprocess.Popen[str], replies: queue.SimpleQueue[str]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            replies.put(line)
    replies.put("")


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not flushed has nobody to read it any more
                continue
