"""A process that compares mathematics with math-verify, and that can be killed.

math-verify guards itself with SIGALRM, which works in the main thread only and cannot interrupt a computation in C.
It therefore runs in a process of its own, with a limit on time and memory, that is killed and replaced when it hangs.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from rdpt_core.errors import MissingPackageError

START_LIMIT_S = 120.0
"""The first reply takes longer: sympy has to be imported, perhaps on a busy machine."""
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


class WorkerError(Exception):
    """The process hung, died or could not be started; the message is the reason."""


class MathWorker:
    """A process that runs `serve`, asked one question at a time over its pipes.

    A thread reads the replies, because a pipe cannot be read with a time-out on every platform.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MissingPackageError(
                "grading mathematics needs the package math-verify",
                hint="Run: pip install math-verify, or import without grading.",
            )
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from rdpt_core.traces.grading.math_worker import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            text=True,
            encoding="utf-8",
        )
        self._replies: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._is_ready = False

    def query(self, question: Mapping[str, str], limit_s: float) -> Mapping[str, Any]:
        """The reply to one question.

        Raises:
            WorkerError: no reply within the limit. The process must then be killed.
        """
        if not self._is_ready:
            self._reply(START_LIMIT_S, "the grader did not start")
            self._is_ready = True
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps(question) + "\n")
                stdin.flush()
        except OSError as error:
            raise WorkerError("the grader's process died") from error
        return self._reply(limit_s, f"no verdict within {limit_s:g} s")

    def _reply(self, limit_s: float, otherwise: str) -> Mapping[str, Any]:
        try:
            line = self._replies.get(timeout=limit_s)
        except queue.Empty as error:
            raise WorkerError(otherwise) from error
        if not line:
            raise WorkerError("the grader's process died")
        reply = json.loads(line)
        return reply if isinstance(reply, dict) else {}

    def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            for line in stdout:
                self._replies.put(line)
        self._replies.put("")

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not flushed has nobody to read it any more
                    continue


def serve() -> None:
    """The grader's process: a question a line on standard input, a reply a line on standard output."""
    requests, replies = sys.stdin, sys.stdout
    # Whatever a library prints must not come between the replies.
    sys.stdout = sys.stderr
    _limit_memory()
    # The library ships no types.
    library: Any = importlib.import_module("math_verify")
    timeout_error: type[BaseException] = importlib.import_module("math_verify.errors").TimeoutException
    parse, verify = library.parse, library.verify

    _send(replies, {"ready": True})
    # In the main thread of this process the library's own alarms work, where the system has them.
    limit = 5 if os.name == "posix" else None
    caught: tuple[type[BaseException], ...] = (*_FAILURES, timeout_error)
    for line in requests:
        reply: dict[str, Any]
        question = json.loads(line)
        try:
            gold = parse(rf"\boxed{{{question['gold']}}}", parsing_timeout=limit, raise_on_error=True)
            answer = parse(question["answer"], parsing_timeout=limit, raise_on_error=True)
            if not gold:
                reply = {"reason": "the reference answer could not be parsed"}
            else:
                correct = bool(answer) and verify(gold, answer, timeout_seconds=limit, raise_on_error=True)
                reply = {"correct": correct, "extracted": str(answer[-1])[:300] if answer else None}
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
