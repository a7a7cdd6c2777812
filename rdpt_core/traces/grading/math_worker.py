"""A process that compares mathematics with math-verify, and that can be killed.

math-verify guards itself with SIGALRM, which works in the main thread only and cannot interrupt a computation in C.
It therefore runs in a process of its own, with a limit on time and memory, that is killed and replaced when it hangs.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import IO, Any

from rdpt_core.errors import MissingPackageError
from rdpt_core.traces.worker_process import WorkerError, WorkerProcess, WorkerTimeout

_WORKER_BYTES = 4 * 2**30

# What sympy and ANTLR are known to raise on strange input. Anything else ends the process, and the reason says that.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


class MathWorker:
    """A process that runs `serve`, asked one question at a time."""

    def __init__(self) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MissingPackageError(
                "grading mathematics needs the package math-verify",
                hint="Run: pip install math-verify, or import without grading.",
            )
        self._process = WorkerProcess(["-c", f"from {__name__} import serve; serve()"], "the grader")

    def query(self, question: Mapping[str, Any], limit_s: float) -> Mapping[str, Any]:
        """The reply to one question.

        Raises:
            WorkerError: no reply within the limit. The process must then be killed.
        """
        self._process.send(question)
        try:
            reply = self._process.receive(limit_s)
        except WorkerTimeout as error:
            raise WorkerError(f"no verdict within {limit_s:g} s") from error
        return reply if isinstance(reply, dict) else {}

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()


def serve() -> None:
    """The grader's process: a question a line on standard input, a reply a line on standard output."""
    # An interrupt is for the process that asks, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = sys.stdin, sys.stdout
    # Whatever a library prints must not come between the replies.
    sys.stdout = sys.stderr
    _limit_memory()
    # The library ships no types.
    library: Any = importlib.import_module("math_verify")
    timeout_error: type[BaseException] = importlib.import_module("math_verify.errors").TimeoutException
    # sympy, which the library needs, takes a second to load.
    checks = importlib.import_module("rdpt_core.traces.grading.math_checks")

    _send(replies, {"ready": True})
    # In the main thread of this process the library's own alarms work, where the system has them.
    limit = 5 if os.name == "posix" else None
    caught: tuple[type[BaseException], ...] = (*_FAILURES, timeout_error)
    for line in requests:
        reply: dict[str, Any]
        question = json.loads(line)
        try:
            reply = checks.compare(library, question["golds"], question["answers"], limit)
        except caught as error:
            reply = {"reason": f"math-verify failed: {type(error).__name__}: {str(error)[:200]}"}
        _send(replies, reply)


def _send(replies: IO[str], reply: Mapping[str, Any]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where the limit on time has to do
        return
    resource.setrlimit(resource.RLIMIT_AS, (_WORKER_BYTES, _WORKER_BYTES))
