"""Disk, memory, descriptors, rights and outputs run short; then they are back, and the same command does its work."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.torture.lab import Lab
from tests.torture.reading import EXPORTS, command, copied, out_path, result, undisturbed
from tests.torture.stored import check_clean, check_runs, contents
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Outcome, Trial

MEBIBYTE = 2**20
CLOSED_PIPE = 141
# The C library ends a process that lacks the memory for a thread, before anything of ours could say so.
GIVEN_UP = (127, -signal.SIGABRT)


@dataclass(frozen=True)
class Work:
    """A command, what must be right once it is done, and how else it may end where nothing is left to do."""

    arguments: list[object]
    check: Callable[[], None]
    status_again: int = DONE
    asked: dict[str, Any] = field(default_factory=dict)


class Resources:
    name = "resources"
    share = 10

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._kinds: tuple[Callable[[random.Random, Path, Trial], None], ...] = (
            *(self._full_disk, self._full_disk, self._limits, self._limits, self._limits),
            *(self._read_only, self._outputs, self._names),
        )

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        rng.choice(self._kinds)(rng, scratch, trial)

    # Commands.

    def _work(self, rng: random.Random, folder: Path, trial: Trial) -> Work:
        """A command that reads or writes in `folder`."""
        name = rng.choice(("score", "score", "resplit", "export", "export", "select", "import", "notes"))
        trial.say(name)
        database = folder / "new.duckdb" if name == "score" else copied(self._lab, folder)
        if name == "score":
            return Work(self._lab.score(database), lambda: self._check_runs(database, 1))
        if name == "resplit":
            arguments: list[object] = ["resplit", "--db", database, "--splitter", "line"]
            return Work(arguments, lambda: self._check_runs(database, 2), REFUSED)
        if name == "notes":
            return Work(["notes"], lambda: None, asked={"instead": ["notes", str(database), "30"]})
        if name == "import":
            out = folder / "imported.jsonl"
            return Work(["import", self._lab.materials.traces, "--out", out], lambda: self._check_import(out))
        what = "select" if name == "select" else rng.choice(EXPORTS)
        arguments = command(what, database, out_path(what, folder))
        return Work(arguments, lambda: self._check_file(what, folder))

    def _check_runs(self, database: Path, n_runs: int) -> None:
        found = contents(database)
        check_runs(found, self._lab.known)
        if len(found) != n_runs or not all(run.is_finished for run in found.values()):
            raise Broken(f"{n_runs} finished runs once resources are back", f"{len(found)} runs")

    def _check_import(self, out: Path) -> None:
        given = out.read_bytes()
        if given != self._lab.materials.once("import of canonical traces", lambda: given):
            raise Broken("the import of an undisturbed command, byte by byte", "other bytes")

    def _check_file(self, what: str, folder: Path) -> None:
        if result(what, Outcome("", DONE, ""), folder) != undisturbed(self._lab, what):
            raise Broken("the file of an undisturbed command, byte by byte", "other bytes")

    def _check(self, work: Work, trial: Trial, **short: Any) -> None:
        """Short of something: done, or one clear line."""
        outcome = self._lab.run(work.arguments, **work.asked, **short)
        trial.is_struck |= outcome.status != DONE
        if "memory" in short.get("limits", {}) and outcome.status in GIVEN_UP:
            return
        outcome.check((DONE, REFUSED, PARTIAL))
        if outcome.status == DONE:
            work.check()

    # What runs short.

    def _full_disk(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        folder = scratch / "disk"
        with _disk(folder) as disk:
            work = self._work(rng, folder, trial)
            if disk is None:
                n_bytes = rng.randrange(4096, MEBIBYTE)
                trial.say(f"no file beyond {n_bytes} bytes")
                self._check(work, trial, limits={"file": n_bytes})
            else:
                state = os.statvfs(folder)
                n_used = (state.f_blocks - state.f_bfree) * state.f_frsize
                n_left = rng.choice((0, 4096, 65536, rng.randrange(2 * MEBIBYTE)))
                trial.say(f"{n_left} bytes left on the disk")
                disk(n_used + n_left)
                self._check(work, trial)
                disk(64 * MEBIBYTE)
            self._lab.run(work.arguments, **work.asked).check((DONE, work.status_again))
            work.check()
            check_clean(folder)

    def _limits(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        work = self._work(rng, scratch, trial)
        limit, number = rng.choice(
            (
                ("memory", rng.randrange(4, 400) * MEBIBYTE),
                ("memory", rng.randrange(4, 400) * MEBIBYTE),
                ("descriptors", rng.randrange(4, 40)),
                ("file", rng.randrange(0, MEBIBYTE)),
            )
        )
        trial.say(f"{limit}: {number}")
        self._check(work, trial, limits={limit: number})
        self._lab.run(work.arguments, **work.asked).check((DONE, work.status_again))
        work.check()
        check_clean(scratch)

    def _read_only(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """What need not write does its work; what must write says so."""
        folder = scratch / "disk"
        with _disk(folder) as disk:
            if disk is None:
                trial.say("a read-only folder needs rights that these tests lack: not tried")
                return
            database = copied(self._lab, folder)
            readings = [command(name, database, out_path(name, scratch)) for name in ("sentences.jsonl", "select")]
            readings += [["info", "--db", database]]
            reading, complete = rng.choice(readings), self._lab.score(database)
            writing = self._work(rng, folder, trial)
            disk(0)
            trial.is_struck = True
            trial.say("the folder is read-only")
            self._lab.run(reading).check()
            self._lab.run(complete).check((DONE, REFUSED))
            self._check(writing, trial)
            disk(64 * MEBIBYTE)
            self._lab.run(writing.arguments, **writing.asked).check((DONE, writing.status_again))
            writing.check()

    def _outputs(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        database = copied(self._lab, scratch)
        arguments: list[object] = rng.choice(
            (
                ["info", "--db", database],
                ["info", "--json", "--db", database],
                ["validate", "--traces", self._lab.materials.traces],
                ["validate", "--json", "--traces", self._lab.materials.traces],
                ["select", "--strategy", "list"],
                ["import", "--list-formats"],
            )
        )
        kind = rng.choice(("full", "closed", "gone"))
        trial.is_struck = True
        trial.say(f"{' '.join(str(word) for word in arguments[:2])} with standard output {kind}")
        allowed = {"full": (REFUSED,), "closed": (DONE, REFUSED), "gone": (CLOSED_PIPE,)}[kind]
        self._lab.run(arguments, stdout=kind).check(allowed)

    def _names(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        long = rng.choice(("x" * 300, "/".join(["y" * 200] * 30), "ü" * 140, "z" * 245))
        given = scratch / f"{long}.duckdb"
        out = scratch / f"{long}.jsonl"
        database = copied(self._lab, scratch)
        arguments: list[object] = rng.choice(
            (
                self._lab.score(given),
                self._lab.score(database, out),
                ["info", "--db", given],
                ["validate", "--traces", out],
                ["import", self._lab.materials.traces, "--out", out],
                ["import", out, "--out", scratch / "o.jsonl"],
                command("sentences.jsonl", database, out),
                command("select", database, out),
            )
        )
        trial.is_struck = True
        trial.say(f"{arguments[0]} with a name of {len(long)} characters")
        self._lab.run(arguments).check((DONE, REFUSED))


@contextmanager
def _disk(folder: Path) -> Iterator[Callable[[int], None] | None]:
    """A small disk of its own in a folder, for those who may mount one.

    Yields:
        Gives the disk another size; 0 makes it read-only. None where nothing may be mounted.
    """
    folder.mkdir()
    mounted = shutil.which("mount") is not None and not _call("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder)

    def resize(n_bytes: int) -> None:
        # A page is the least that such a disk can have: 0 would mean no limit.
        option = f"rw,size={max(n_bytes, 4096)}" if n_bytes else "ro"
        if _call("mount", "-o", f"remount,{option}", folder):
            raise AssertionError("the disk could not be changed")

    try:
        yield resize if mounted else None
    finally:
        if mounted:
            _call("umount", "--lazy", folder)


def _call(*arguments: object) -> int:
    return subprocess.run([str(argument) for argument in arguments], capture_output=True, check=False).returncode
