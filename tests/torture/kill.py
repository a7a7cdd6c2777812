"""A signal at any moment of any command that writes; then the same command again, to its end."""

from __future__ import annotations

import csv
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from rdpt_core.store.beside.notes import notes
from tests.torture.lab import Lab, wait_for_writes
from tests.torture.reading import EXPORTS, N_NOTES, command, copied, out_path, result, undisturbed, with_notes
from tests.torture.stored import check_clean, check_runs, contents
from tests.torture.verdicts import DONE, INTERRUPTED, PARTIAL, REFUSED, Broken, Outcome, Trial
from tests.unit.store.test_schema import make_older

# How often each is sent, of ten.
SIGNALS = (signal.SIGKILL,) * 6 + (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST_AFTER_WRITE_S = 0.08
N_IMPORTED = 120


@dataclass(frozen=True)
class Work:
    """A command that writes.

    Attributes:
        watched: what changes whenever it writes.
        check: whether everything is right after its end.
        check_killed: whether everything is right after a signal, given what it has written to its outputs.
        status: how it ends undisturbed.
        status_again: how it ends where nothing is left to do.
    """

    arguments: list[object]
    watched: Path
    check: Callable[[], None]
    check_killed: Callable[[Outcome], None] = lambda _: None
    status: int = DONE
    status_again: int = DONE
    asked: dict[str, Any] = field(default_factory=dict)


class Kill:
    name = "kill"
    share = 34

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        # Scoring, creation and what resumes have the most states to be killed in.
        self._works: tuple[Callable[[str, Path], Work], ...] = (
            *(self._score, self._score, self._create, self._create, self._resplit, self._resplit),
            *(self._local, self._importance, self._overlap, self._import, self._export, self._export, self._select),
            *(self._notes, self._migrate),
        )

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        make, what = rng.choice(self._works), rng.choice(EXPORTS)
        temporary = scratch / "temporary"
        name = make.__name__.strip("_")
        trial.say(f"{name} {what}" if make == self._export else name)
        duration_s = self._lab.duration_s(trial.what[0], lambda: self._undisturbed(make, what, scratch / "first"))
        work = make(what, scratch)
        for _ in range(rng.choice((1, 1, 2, 3)) if make != self._export else 1):
            number = rng.choice(SIGNALS)
            after_write = rng.choice((0, 1, 2, 3, 4)) if make != self._create else 1
            pause_s = rng.uniform(0, LONGEST_AFTER_WRITE_S if after_write else 1.05 * duration_s)
            words = f"after write {after_write} and {pause_s:.3f} s" if after_write else f"after {pause_s:.2f} s"
            trial.say(f"{number.name} {words}")
            started = self._lab.start(work.arguments, temporary=temporary, **work.asked)
            wait_for_writes(started, work.watched, after_write, pause_s)
            if started.is_running():
                started.send_signal(number)
            outcome = self._lab.end(started, work.arguments)
            killed = INTERRUPTED if number == signal.SIGINT else -number
            trial.is_struck |= outcome.status == killed
            outcome.check((killed, work.status, work.status_again))
            work.check_killed(outcome)
        self._lab.run(work.arguments, temporary=temporary, **work.asked).check((work.status, work.status_again))
        work.check()
        check_clean(scratch, temporary)

    def _undisturbed(self, make: Callable[[str, Path], Work], what: str, folder: Path) -> None:
        folder.mkdir()
        work = make(what, folder)
        self._lab.run(work.arguments, **work.asked).check((work.status,))
        work.check()

    # Commands that write. Each takes the kind of export, which concerns one of them, and a folder.

    def _score(self, what: str, folder: Path) -> Work:
        database = folder / "new.duckdb"
        return Work(self._lab.score(database), database, lambda: self._check_score(database))

    def _create(self, what: str, folder: Path) -> Work:
        """Killed soon after its file appears."""
        return self._score(what, folder)

    def _check_score(self, database: Path) -> None:
        self._check_runs(database, 1)
        out = database.with_name("after.jsonl")
        self._lab.run(command("sentences.jsonl", database, out)).check()
        if out.read_bytes() != undisturbed(self._lab, "sentences.jsonl"):
            raise Broken("the export of the undisturbed run, byte by byte", "other bytes")

    def _check_runs(self, database: Path, n_runs: int) -> None:
        found = contents(database)
        check_runs(found, self._lab.known)
        if len(found) != n_runs or not all(run.is_finished for run in found.values()):
            raise Broken(
                f"{n_runs} finished runs", ", ".join(f"{name} {run.is_finished}" for name, run in found.items())
            )

    def _resplit(self, what: str, folder: Path) -> Work:
        database = copied(self._lab, folder)
        arguments = ["resplit", "--db", database, "--splitter", "line"]
        return Work(arguments, database, lambda: self._check_runs(database, 2), status_again=REFUSED)

    def _local(self, what: str, folder: Path) -> Work:
        database = copied(self._lab, folder)

        def check() -> None:
            self._check_runs(database, 1)
            rows = contents(database)[self._lab.run_id].rows["local_scores"]
            if rows != self._lab.materials.once("local", lambda: rows) or not rows:
                raise Broken("the local scores of an undisturbed pass", f"{len(rows)} rows, other ones")

        return Work(["local", "--db", database, "--context", 2, "--quiet"], database, check)

    def _importance(self, what: str, folder: Path) -> Work:
        database = copied(self._lab, folder)

        def check() -> None:
            self._check_runs(database, 1)
            with duckdb.connect(str(database), read_only=True) as connection:
                rows = connection.execute("SELECT * EXCLUDE (run_no) FROM importance ORDER BY ALL").fetchall()
            if rows != self._lab.materials.once("importance", lambda: rows) or not rows:
                raise Broken("the importance of an undisturbed pass", f"{len(rows)} rows, other ones")

        return Work(["importance", "--db", database, "--quiet"], database, check)

    def _overlap(self, what: str, folder: Path) -> Work:
        database = copied(self._lab, folder)

        def check() -> None:
            self._check_runs(database, 1)
            found = []
            with duckdb.connect(str(database), read_only=True) as connection:
                for table in ("training_sets", "training_sentences", "overlap"):
                    found += connection.execute(f"SELECT * EXCLUDE (run_no) FROM {table} ORDER BY ALL").fetchall()
            if found != self._lab.materials.once("overlap", lambda: found) or not found:
                raise Broken("the overlap of an undisturbed look-up", f"{len(found)} rows, other ones")

        return Work(["overlap", "--db", database, "--training", self._lab.materials.traces, "--quiet"], database, check)

    def _import(self, what: str, folder: Path) -> Work:
        out = folder / "imported.jsonl"
        columns = "question=prompt,response=output,gold=gold"
        arguments = ["import", self._source(), "--out", out, "--map", columns]
        rejects = out.with_name(f"{out.name}.rejects.jsonl")

        def check() -> None:
            # Rejects name the source only: the same for all.
            self._check_file("imported", out.read_bytes() + rejects.read_bytes())

        return Work(arguments, folder, check, lambda _: self._check_whole("imported", out), PARTIAL, PARTIAL)

    def _source(self) -> Path:
        def make() -> Path:
            path = self._lab.materials.folder / "source.csv"
            with path.open("w", newline="", encoding="utf-8") as stream:
                rows = csv.writer(stream)
                rows.writerow(("prompt", "output", "gold"))
                for number in range(N_IMPORTED):
                    answer = rf"So it is \boxed{{{number + number % 2}}}." if number % 40 else ""
                    rows.writerow((f"What is {number} + 0?", answer, str(number)))
            return path

        path: Path = self._lab.materials.once("source", make)
        return path

    def _check_file(self, key: str, given: bytes) -> None:
        """The first is that of an undisturbed command."""
        if given != self._lab.materials.once(f"file {key}", lambda: given):
            raise Broken("the file of an undisturbed command, byte by byte", "other bytes")

    def _check_whole(self, key: str, out: Path) -> None:
        if out.exists() and not self._lab.materials.once(f"file {key}", bytes).startswith(out.read_bytes()):
            raise Broken(f"{out.name} as a whole or not at all", f"{out.stat().st_size} other bytes")
        if out.exists() and not out.stat().st_size:
            raise Broken(f"{out.name} as a whole or not at all", "an empty file")

    def _export(self, what: str, folder: Path) -> Work:
        return self._reading(what, folder)

    def _select(self, what: str, folder: Path) -> Work:
        return self._reading("select", folder)

    def _reading(self, name: str, folder: Path) -> Work:
        out = out_path(name, folder)
        nothing = Outcome("", DONE, "")

        def check() -> None:
            if result(name, nothing, folder) != undisturbed(self._lab, name):
                raise Broken("the file of an undisturbed command, byte by byte", "other bytes")

        def check_killed(_: Outcome) -> None:
            # Of a selection, the training file may be there before its manifest.
            if out.exists() and not undisturbed(self._lab, name).startswith(out.read_bytes()):
                raise Broken(f"{out.name} as a whole or not at all", f"{out.stat().st_size} other bytes")

        return Work(command(name, with_notes(self._lab), out), folder, check, check_killed)

    def _notes(self, what: str, folder: Path) -> Work:
        database = Path(shutil.copy(self._lab.clean, folder))

        def check_killed(outcome: Outcome) -> None:
            stored = [note.text for note in notes(database)]
            said = [line for line in outcome.output.splitlines() if line.startswith("note ")]
            if stored != [f"note {number}" for number in range(len(stored))] or not {*said} <= {*stored}:
                raise Broken("every note that was written, in order and once", f"{stored} for {said}")

        def check() -> None:
            check_killed(Outcome("", DONE, f"note {N_NOTES - 1}"))

        asked = {"instead": ["notes", str(database), str(N_NOTES)]}
        return Work(["notes"], folder, check, check_killed, asked=asked)

    def _migrate(self, what: str, folder: Path) -> Work:
        database = copied(self._lab, folder)
        make_older(database, 1)
        return Work(["info", "--db", database], database, lambda: self._check_runs(database, 1))
