"""What a command works on is exchanged under its hands: database, weights, tokenizer, template, traces."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rdpt_core.records import ROLES
from tests.support.starter import Started
from tests.torture.lab import Lab, make_lines, replace, wait_for_writes, write_lines
from tests.torture.stored import StoredRun, Unreadable, check_runs, contents
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Trial

LONGEST_AFTER_WRITE_S = 0.05

Change = Callable[[Lab, Path, random.Random], str]
"""Changes something in the scratch folder of a command, and says what."""


class Swapped:
    name = "swapped"
    share = 15

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        change = rng.choice(CHANGES)
        resplits = change == _database and rng.random() < 0.3
        database, models, traces = scratch / "new.duckdb", scratch / "models", scratch / "traces.jsonl"
        for role in ROLES:
            shutil.copytree(self._lab.materials.model(role), models / role)
        shutil.copy(self._lab.materials.traces, traces)
        arguments = self._lab.score(database, traces, models=models)
        if resplits:
            shutil.copy(self._lab.clean, database)
            arguments = ["resplit", "--db", database, "--splitter", "line"]
        # What is known must be known before the clock runs.
        other = next(iter(contents(self._lab.other)))
        self._lab.materials.model("other")
        # Traces are read twice: before the file appears, and after.
        n_writes = 1 if change in OF_TRACES else rng.randint(0, 12)
        pause_s = rng.uniform(0, LONGEST_AFTER_WRITE_S if n_writes else 1.0) * (change not in OF_TRACES)
        started = self._lab.start(arguments, temporary=scratch / "temporary")
        wait_for_writes(started, database, n_writes, pause_s)
        trial.is_struck = _frozen(started)
        done = change(self._lab, scratch, rng)
        trial.say(f"{arguments[0]} after write {n_writes} and {pause_s:.3f} s: {done}")
        started.send_signal(signal.SIGCONT)
        outcome = self._lab.end(started, arguments).check((DONE, REFUSED, PARTIAL))
        found = _contents_beside_log(database)
        check_runs(found, self._known(found, arguments, database, scratch))
        if other in found and not found[other].is_finished:
            raise Broken("the finished run that was put there to stay finished", "an unfinished one")
        if outcome.status == DONE and change not in OF_DATABASE and not any(run.is_finished for run in found.values()):
            raise Broken("a finished run after status 0", "none")

    def _known(
        self, found: dict[str, StoredRun], arguments: list[object], database: Path, scratch: Path
    ) -> dict[str, StoredRun]:
        """Undisturbed runs: of the first inputs, and, where need be, of those that are there now."""
        known = self._lab.known
        if set(found) <= set(known) or arguments[0] != "score":
            return known
        again = scratch / "again.duckdb"
        now = [again if argument == database else argument for argument in arguments]
        if self._lab.run(now).status not in (DONE, PARTIAL):
            return known
        return {**known, **contents(again)}


# What is changed.


def _database(lab: Lab, scratch: Path, rng: random.Random) -> str:
    source = rng.choice((lab.other, lab.other, lab.clean))
    replace(source, scratch / "new.duckdb")
    return f"database replaced by a finished one, {source.name}"


def _database_deleted(lab: Lab, scratch: Path, rng: random.Random) -> str:
    (scratch / "new.duckdb").unlink(missing_ok=True)
    return "database deleted"


def _weights_replaced(lab: Lab, scratch: Path, rng: random.Random) -> str:
    role = rng.choice(ROLES)
    replace(lab.materials.model("other") / "model.safetensors", scratch / "models" / role / "model.safetensors")
    return f"weights of the {role} replaced"


def _weights_overwritten(lab: Lab, scratch: Path, rng: random.Random) -> str:
    """In place, as a training run saves into its own folder."""
    role = rng.choice(ROLES)
    content = (lab.materials.model("other") / "model.safetensors").read_bytes()
    with (scratch / "models" / role / "model.safetensors").open("r+b") as stream:
        stream.write(content)
        stream.truncate()
    return f"weights of the {role} overwritten in place"


def _model_file_changed(lab: Lab, scratch: Path, rng: random.Random) -> str:
    role = rng.choice(ROLES)
    name, old, new = rng.choice(
        (
            ("chat_template.jinja", "<|assistant|>", "<|assistant|> "),
            ("tokenizer.json", '"NFC"', '"NFKC"'),
            ("config.json", '"rms_norm_eps": 1e-06', '"rms_norm_eps": 0.5'),
        )
    )
    path = scratch / "models" / role / name
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise AssertionError(f"{name} holds no {old}")
    changed = path.with_name("new")
    changed.write_text(text.replace(old, new), encoding="utf-8")
    os.replace(changed, path)
    return f"{name} of the {role} changed"


def _deleted(lab: Lab, scratch: Path, rng: random.Random) -> str:
    role = rng.choice(ROLES)
    name = rng.choice(("model.safetensors", "tokenizer.json", "config.json", "traces.jsonl", ""))
    if name == "traces.jsonl":
        (scratch / name).unlink()
        return "traces deleted"
    if not name:
        shutil.rmtree(scratch / "models" / role)
        return f"folder of the {role} deleted"
    (scratch / "models" / role / name).unlink()
    return f"{name} of the {role} deleted"


def _traces_grown(lab: Lab, scratch: Path, rng: random.Random) -> str:
    with (scratch / "traces.jsonl").open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in make_lines(6, 6 + rng.randint(1, 3)))
    return "traces grown"


def _traces_cut(lab: Lab, scratch: Path, rng: random.Random) -> str:
    path = scratch / "traces.jsonl"
    os.truncate(path, rng.randrange(path.stat().st_size))
    return "traces cut"


def _traces_edited(lab: Lab, scratch: Path, rng: random.Random) -> str:
    lines = make_lines(0, 6)
    line = rng.choice(lines)
    line["response"] = str(line["response"]).replace("think", "guess")
    write_lines(scratch / "new.jsonl", lines)
    os.replace(scratch / "new.jsonl", scratch / "traces.jsonl")
    return "one trace edited"


OF_DATABASE: tuple[Change, ...] = (_database, _database_deleted)
OF_TRACES: tuple[Change, ...] = (_traces_grown, _traces_cut, _traces_edited)
CHANGES = (
    *(_database, _database, _database, _database_deleted, _deleted),
    *(_weights_replaced, _weights_overwritten, _model_file_changed),
    *OF_TRACES,
)


def _frozen(started: Started) -> bool:
    """Stop a command where it is; False if it has ended."""
    started.send_signal(signal.SIGSTOP)
    deadline_s = time.monotonic() + 5
    while time.monotonic() < deadline_s:
        state = Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state in "TZ":
            return state == "T"
        time.sleep(0.001)
    return False


def _contents_beside_log(database: Path) -> dict[str, StoredRun]:
    """The runs of a database; a log that belongs to the file that was there before is moved away, as one is told to."""
    if not database.exists() or not database.stat().st_size:
        return {}
    log = database.with_name(f"{database.name}.wal")
    try:
        return contents(database)
    except Unreadable:
        if not log.exists():
            raise
        log.unlink()
        return contents(database)
