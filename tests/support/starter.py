"""Commands as processes of their own, without paying for the imports of each.

`python -m tests.support.starter` loads what a command loads, and then forks for every line that it reads: a process
that can be killed, interrupted and asked for its exit status like any other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
# Only a process of one thread may be forked, and models this small gain nothing from a second one.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Started:
    """A command at work."""

    def __init__(self, starter: subprocess.Popen[str], log: Path) -> None:
        self._starter = starter
        self._log = log
        self.pid = int(self._answer())

    def _answer(self) -> str:
        assert self._starter.stdout is not None
        line = self._starter.stdout.readline()
        assert line, "the process that starts commands has ended"
        return line

    def send_signal(self, number: int) -> None:
        """Send it a signal; it must not have been waited for."""
        os.kill(self.pid, number)

    def is_running(self) -> bool:
        """False once it has ended, though nobody has waited for it."""
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"

    def wait(self) -> int:
        """Until it has ended; returns its exit status, or the number of the signal that ended it, negative."""
        assert self._starter.stdin is not None
        self._starter.stdin.write("wait\n")
        self._starter.stdin.flush()
        return int(self._answer())

    def output(self) -> str:
        """What it has written to both of its outputs so far."""
        return self._log.read_text(encoding="utf-8")


class Starter:
    """Starts commands, one at a time.

    Args:
        folder: where their outputs go.
        environment: what is added to the environment, from before the libraries load.
        prelude: Python that runs in each process before its command.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None, prelude: str = "") -> None:
        self._folder = folder
        self._prelude = prelude
        self._n_started = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.starter"],
            cwd=PROJECT,
            env={**os.environ, **ONE_THREAD, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Starter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def start(self, arguments: Sequence[object], **environment: str) -> Started:
        """Start `rdpt` with these arguments and more of an environment. The one before must have been waited for."""
        self._n_started += 1
        log = self._folder / f"output-{self._n_started}.txt"
        command = {
            "arguments": [str(argument) for argument in arguments],
            "environment": environment,
            "prelude": self._prelude,
            "log": str(log),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return Started(self._process, log)

    def run(self, arguments: Sequence[object], **environment: str) -> tuple[int, str]:
        """Start a command and wait for it; returns its exit status and what it wrote."""
        started = self.start(arguments, **environment)
        return started.wait(), started.output()


def _serve() -> None:
    # What needs pyarrow is left to the commands: its allocator starts a thread. nltk loads scikit-learn where it finds
    # it, and that loads pandas and pyarrow. Only the tests have scikit-learn, so nothing is lost by hiding it.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    # Each class loads its part of transformers only when it is asked for.
    import duckdb  # noqa: F401
    import nltk.tokenize.punkt  # noqa: F401
    from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: F401

    assert len(os.listdir("/proc/self/task")) == 1, "a process of several threads cannot be forked"
    child = 0
    for line in sys.stdin:
        if line == "wait\n":
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        command = json.loads(line)
        child = os.fork()
        if not child:
            _run(command)
        print(child, flush=True)


def _run(command: dict[str, Any]) -> None:
    """Be the command. Never returns."""
    log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(command["environment"])
    status = 1
    try:
        exec(command["prelude"])
        from rdpt_core.cli import main

        status = main(command["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
