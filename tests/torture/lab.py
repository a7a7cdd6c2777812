"""What attempts share: commands as processes, inputs, and what undisturbed commands give."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import transformers

from rdpt_core.records import ROLES
from tests.support.starter import Started, Starter
from tests.support.tiny_models import save_model
from tests.torture.child import MODULES, PRELUDE
from tests.torture.stored import StoredRun, contents
from tests.torture.verdicts import PATIENCE_S, Outcome


def replace(source: Path, target: Path) -> None:
    """Put a copy of a file in another's place, at once."""
    new = target.with_name(f"new-{target.name}")
    shutil.copy(source, new)
    os.replace(new, target)


def wait_for_writes(started: Started, watched: Path, n_writes: int, pause_s: float) -> None:
    """Until so many writes were seen, and then so long; or until the command has ended."""
    seen = _last_write(watched)
    while n_writes and started.is_running():
        time.sleep(0.001)
        if _last_write(watched) != seen:
            seen, n_writes = _last_write(watched), n_writes - 1
    end_s = time.monotonic() + pause_s
    while time.monotonic() < end_s and started.is_running():
        time.sleep(0.001)


def _last_write(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def make_lines(first: int, last: int) -> list[dict[str, object]]:
    """Traces of different lengths, two a question."""
    return [
        {
            "trace_id": f"t{number}",
            "question_id": f"q{number // 2}",
            "question": f"What is {number // 2} + 1?",
            "response": f"Okay, let me think. We start with {number}.\n\nSo {number} + 1 = {number + 1}! "
            * (1 + number % 3),
            "benchmark": "even" if number % 4 < 2 else "odd",
            "sample": number % 2,
            "correct": [True, False, None][number % 3],
            "meta": {"number": number},
        }
        for number in range(first, last)
    ]


def write_lines(path: Path, lines: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@dataclass
class Materials:
    """Inputs, and whatever undisturbed commands made of them. Made when first asked for, once for all workers."""

    folder: Path
    _made: dict[str, Any] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def model(self, name: str) -> Path:
        """A model folder: those of the three roles, and `other`."""

        def make() -> Path:
            transformers.utils.logging.disable_progress_bar()
            return save_model(self.folder / name, seed=[*ROLES, "other"].index(name), context_length=256)

        path: Path = self.once(f"model {name}", make)
        return path

    @property
    def traces(self) -> Path:
        path: Path = self.once("traces", lambda: write_lines(self.folder / "traces.jsonl", make_lines(0, 6)))
        return path

    @property
    def other_traces(self) -> Path:
        path: Path = self.once("other", lambda: write_lines(self.folder / "other.jsonl", make_lines(6, 12)))
        return path


class Lab:
    """One worker's commands, over the materials of all."""

    def __init__(self, folder: Path, materials: Materials) -> None:
        folder.mkdir(parents=True)
        self.materials = materials
        self._folder = folder
        self._n_ready = 0
        self._starter = Starter(folder, prelude=PRELUDE, modules=MODULES)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._starter.__exit__(kind, error, at)

    def start(self, arguments: Sequence[object], *, temporary: Path | None = None, **asked: Any) -> Started:
        """Start a command; returns once it begins.

        Args:
            temporary: its folder for temporary files.
            asked: what is arranged before it; see `tests.torture.child`.
        """
        self._n_ready += 1
        ready = self._folder / f"ready-{self._n_ready}"
        environment = {"TORTURE": json.dumps({"ready": str(ready), **asked})}
        if temporary is not None:
            temporary.mkdir(exist_ok=True)
            environment["TMPDIR"] = str(temporary)
        started = self._starter.start(arguments, **environment)
        while not ready.exists() and started.is_running():
            time.sleep(0.001)
        ready.unlink(missing_ok=True)
        return started

    def end(self, started: Started, arguments: Sequence[object]) -> Outcome:
        """Wait for the end of a command, but not for ever."""
        deadline_s = time.monotonic() + PATIENCE_S
        while started.is_running() and time.monotonic() < deadline_s:
            time.sleep(0.005)
        hangs = started.is_running()
        if hangs:
            started.send_signal(signal.SIGKILL)
        status = started.wait()
        words = [str(argument) for argument in arguments]
        command = " ".join(Path(word).name if "/" in word and "://" not in word else word for word in words)
        return Outcome(command, None if hangs else status, started.output())

    def run(self, arguments: Sequence[object], **asked: Any) -> Outcome:
        """Start a command and wait for its end."""
        return self.end(self.start(arguments, **asked), arguments)

    # Commands.

    def score(self, database: Path, traces: Path | None = None, *, models: Path | None = None) -> list[object]:
        """`score` in small batches.

        Args:
            models: where the folders of the three roles are, if not those of the materials.
        """
        folders = [self.materials.model(role) if models is None else models / role for role in ROLES]
        roles = [part for role, folder in zip(ROLES, folders, strict=True) for part in (f"--{role}", folder)]
        given = self.materials.traces if traces is None else traces
        return ["score", "--traces", given, *roles, "--quiet", "--batch-tokens", 160, "--db", database]

    # What undisturbed commands give.

    def _scored(self, name: str, traces: Path) -> Path:
        def make() -> Path:
            path = self.materials.folder / f"{name}.duckdb"
            self.run(self.score(path, traces)).check()
            return path

        path: Path = self.materials.once(name, make)
        return path

    @property
    def clean(self) -> Path:
        """A database of one finished run."""
        return self._scored("clean", self.materials.traces)

    @property
    def other(self) -> Path:
        """A database of one finished run of other traces."""
        return self._scored("other-traces", self.materials.other_traces)

    @property
    def resplit(self) -> Path:
        """`clean`, and its run cut into lines."""

        def make() -> Path:
            path = Path(shutil.copy(self.clean, self.materials.folder / "resplit.duckdb"))
            self.run(["resplit", "--db", path, "--splitter", "line"]).check()
            return path

        path: Path = self.materials.once("resplit", make)
        return path

    @property
    def known(self) -> dict[str, StoredRun]:
        """Every run of the databases above, undisturbed."""
        runs: dict[str, StoredRun] = self.materials.once(
            "known", lambda: {**contents(self.resplit), **contents(self.other)}
        )
        return runs

    @property
    def run_id(self) -> str:
        """The run of `clean`."""
        name: str = self.materials.once("run_id", lambda: next(iter(contents(self.clean))))
        return name

    def duration_s(self, key: str, work: Callable[[], object]) -> float:
        """How long an undisturbed piece of work takes; it is done for that once."""

        def measure() -> float:
            start_s = time.monotonic()
            work()
            return time.monotonic() - start_s

        seconds: float = self.materials.once(f"duration {key}", measure)
        return seconds
