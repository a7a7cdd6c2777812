"""Several processes at once on one file: each does what it would do alone."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

from rdpt_core.store.beside.notes import notes
from rdpt_core.store.beside.patterns import SavedPattern, read_patterns
from tests.torture.lab import Lab
from tests.torture.reading import EXPORTS, command, out_path, undisturbed
from tests.torture.stored import check_clean, check_runs, contents
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Trial

N_NOTES = N_PATTERNS = 10
SAVERS = ("first", "second")


class Crowd:
    name = "crowd"
    share = 4

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        database = scratch / "new.duckdb"
        known, other = self._lab.known, self._lab.materials.other_traces
        is_new = rng.random() < 0.3
        if not is_new:
            shutil.copy(self._lab.clean, database)
        works: list[tuple[str, list[object], dict[str, Any]]] = [
            ("score", self._lab.score(database, other), {}),
            ("score", self._lab.score(database, other), {}),
            ("complete", self._lab.score(database), {}),
            ("resplit", ["resplit", "--db", database, "--splitter", "line", "--run", self._lab.run_id], {}),
            ("notes", ["notes"], {"instead": ["notes", str(database), str(N_NOTES)]}),
            self._saver(database, SAVERS[0]),
            *(self._export(rng, database, scratch / f"reader-{number}") for number in range(3)),
            ("info", ["info", "--db", database], {}),
        ]
        # Whoever reads may come before there is anything to read.
        early = (DONE, PARTIAL, REFUSED) if is_new else (DONE,)
        chosen = [works[0], *rng.sample(works[1:3] if is_new else works[1:], rng.randint(1, 2) + 2 * (not is_new))]
        chosen += [works[-1]] * is_new
        if "patterns" in {name for name, _, _ in chosen}:
            chosen += [self._saver(database, who) for who in SAVERS[1:]]
        trial.say(", ".join(name for name, _, _ in chosen) + " into a new file" * is_new)
        trial.is_struck = True
        started = [(name, arguments, self._lab.start(arguments, **asked)) for name, arguments, asked in chosen]
        for name, arguments, process in started:
            self._lab.end(process, arguments).check((*early, PARTIAL) if name == "info" else (DONE,))
        found = contents(database)
        check_runs(found, known)
        names = {name for name, _, _ in chosen}
        n_runs = 2 + ("resplit" in names) - (is_new and "complete" not in names)
        if len(found) != n_runs or not all(run.is_finished for run in found.values()):
            raise Broken(f"{n_runs} finished runs", f"{[run.is_finished for run in found.values()]}")
        self._check_files(chosen, database)
        check_clean(scratch)

    def _saver(self, database: Path, who: str) -> tuple[str, list[object], dict[str, Any]]:
        return "patterns", ["patterns"], {"instead": ["patterns", str(database), who, str(N_PATTERNS)]}

    def _export(self, rng: random.Random, database: Path, folder: Path) -> tuple[str, list[object], dict[str, Any]]:
        folder.mkdir()
        name = rng.choice([one for one in EXPORTS if not one.startswith("notes")])
        return name, [*command(name, database, out_path(name, folder)), "--run", self._lab.run_id], {}

    def _check_files(self, chosen: list[tuple[str, list[object], dict[str, Any]]], database: Path) -> None:
        if "patterns" in {name for name, _, _ in chosen}:
            check_patterns(read_patterns(database))
        for name, arguments, _ in chosen:
            if name in EXPORTS and Path(str(arguments[arguments.index("--out") + 1])).read_bytes() != undisturbed(
                self._lab, name
            ):
                raise Broken(f"{name} of an undisturbed export, byte by byte", "other bytes")
            if name == "notes" and [note.text for note in notes(database)] != [f"note {n}" for n in range(N_NOTES)]:
                raise Broken("every note once", f"{len(notes(database))} notes")


def check_patterns(found: tuple[SavedPattern, ...]) -> None:
    """Everybody kept what is theirs alone, and one of them each name that all of them wanted."""
    kept = [(one.pattern.name, one.pattern.value) for one in found]
    own = {(f"{who} {number}", f"of {who}") for who in SAVERS for number in range(N_PATTERNS)}
    wanted = {f"wanted {number}" for number in range(N_PATTERNS)}
    names = [name for name, _ in kept]
    if not own <= set(kept) or set(names) != wanted | {name for name, _ in own} or len(names) != len(set(names)):
        raise Broken("every pattern once", f"{len(kept)} patterns: {', '.join(names)}")
