"""Commands as processes of their own, without paying for the imports of each.

`python -m tests.support.starter` loads what a command loads, and then forks for every line that it reads: a process
that can be killed, interrupted and asked for its exit status like any other.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
# Only a process of one thread may be forked, and models this small gain nothing from a second one.
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # One of pyarrow's allocators starts a thread while it is loaded.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


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
        self._starter.stdin.write(f"wait {self.pid}\n")
        self._starter.stdin.flush()
        return int(self._answer())

    def output(self) -> str:
        """What it has written to both of its outputs so far."""
        return self._log.read_text(encoding="utf-8")


class Starter:
    """Starts commands.

    Args:
        folder: where their outputs go.
        environment: what is added to the environment, from before the libraries load.
        prelude: Python that runs in each process before its command.
        modules: what is loaded once for all commands, beside the libraries of models.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        prelude: str = "",
        modules: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._prelude = prelude
        self._n_started = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.starter", *modules],
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
        """Start `rdpt` with these arguments and more of an environment."""
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
    # nltk loads scikit-learn where it finds it. Only the tests have it, so nothing is lost by hiding it.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    # Each class loads its part of transformers only when it is asked for.
    import duckdb  # noqa: F401
    import nltk.tokenize.punkt  # noqa: F401
    from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: F401

    for name in sys.argv[1:]:
        importlib.import_module(name)
    # What is loaded by now stays: a command that collects garbage need not walk all of it.
    gc.collect()
    gc.freeze()

    assert len(os.listdir("/proc/self/task")) == 1, "a process of several threads cannot be forked"
    for line in sys.stdin:
        if line.startswith("wait "):
            _, status = os.waitpid(int(line.split()[1]), 0)
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
        for stream in (sys.stdout, sys.stderr):
            # A command may have been started with an output that is closed or full.
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
