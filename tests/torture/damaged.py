"""Bytes are flipped, zeroed, cut off or appended, in every kind of file that a command reads."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from rdpt_core.records import ROLES
from tests.torture.lab import Lab
from tests.torture.reading import READINGS, check_readings, copied, read, undisturbed
from tests.torture.stored import Unreadable, check_runs, contents
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Outcome, Trial

MODEL_FILES = (
    *("model.safetensors", "model.safetensors header", "config.json", "tokenizer.json"),
    *("tokenizer_config.json", "chat_template.jinja"),
)


def damage(content: bytes, rng: random.Random, last: int | None = None) -> tuple[bytes, str]:
    """The same content, damaged in one way, and in words how.

    Args:
        last: only what stands before this place is flipped or zeroed; by default all.
    """
    changed, end = bytearray(content), len(content) if last is None else last
    kind = rng.choice(("flipped", "flipped", "zeroed", "noise", "cut", "appended"))
    if kind == "flipped":
        places = sorted(rng.randrange(end) for _ in range(rng.choice((1, 1, 2, 8))))
        for place in places:
            changed[place] ^= 1 << rng.randrange(8)
        return bytes(changed), f"bits flipped at {', '.join(map(str, places))}"
    if kind == "cut":
        size = rng.choice((0, rng.randrange(end), rng.randrange(len(content)), len(content) - 1))
        return content[:size], f"cut to {size} of {len(content)} bytes"
    n = min(rng.choice((1, 16, 512, 4096, 65536)), end)
    if kind == "appended":
        return content + rng.randbytes(n), f"{n} bytes appended"
    place = rng.randrange(end - n + 1)
    changed[place : place + n] = bytes(n) if kind == "zeroed" else rng.randbytes(n)
    return bytes(changed), f"{n} bytes {kind} at {place}"


class Damaged:
    name = "damaged"
    share = 22

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._kinds: tuple[Callable[[random.Random, Path, Trial], None], ...] = (
            *(self._database,) * 5,
            *(self._log, self._notes, self._traces, self._traces, self._source),
            *(self._model, self._model, self._recording),
        )

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        trial.is_struck = True
        rng.choice(self._kinds)(rng, scratch, trial)

    def _database(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        database = copied(self._lab, scratch)
        # What DuckDB reads first is where damage tells most.
        last = rng.choice((None, None, 3 * 4096))
        content, how = damage(database.read_bytes(), rng, last)
        database.write_bytes(content)
        trial.say(f"database: {how}")
        self._check_database(rng, database, scratch)

    def _check_database(self, rng: random.Random, database: Path, scratch: Path) -> None:
        """Every kind of reading command, each into one kind of file; then those that write."""
        kinds = {name.partition(".")[0]: name for name in rng.sample(READINGS, len(READINGS))}
        check_readings(self._lab, sorted(kinds.values()), database, scratch)
        known = self._lab.known
        writing: tuple[list[object], ...] = (
            self._lab.score(database),
            ["resplit", "--db", database, "--splitter", "line"],
        )
        if self._lab.run(rng.choice(writing)).check((DONE, REFUSED, PARTIAL)).status == DONE:
            # Damage where the command need not look stays.
            with suppress(Unreadable):
                check_runs(contents(database), known)

    def _log(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """A write-ahead log of this database or of another one, damaged or not."""
        source = rng.choice((self._lab.clean, self._lab.clean, self._lab.other))
        written = shutil.copy(source, scratch / "written.duckdb")
        with duckdb.connect(str(written)) as connection:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
            # Something that no command reads.
            connection.execute("INSERT INTO store_info VALUES ('further', 'x')")
        log = Path(f"{written}.wal").read_bytes()
        how = "whole"
        if rng.random() < 0.8:
            log, how = damage(log, rng)
        database = copied(self._lab, scratch)
        database.with_name(f"{database.name}.wal").write_bytes(log)
        trial.say(f"log of {source.name}: {how}")
        check_readings(self._lab, ("sentences.jsonl", "traces.csv", "info", "api"), database, scratch)

    def _notes(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        database = copied(self._lab, scratch)
        path = database.with_name(f"{database.name}.notes.sqlite")
        content, how = damage(path.read_bytes(), rng)
        path.write_bytes(content)
        trial.say(f"notes: {how}")
        # SQLite keeps no checksums: another letter within a note goes unseen, and must.
        for name in ("notes.jsonl", "notes.md"):
            read(self._lab, name, database, scratch).check((DONE, REFUSED, PARTIAL))
        arguments = ["notes"]
        self._lab.run(arguments, instead=["notes", str(database), "21"]).check((DONE, REFUSED))
        check_readings(self._lab, ("sentences.jsonl",), database, scratch)

    def _traces(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """A line is a trace, or a reject with its reason; traces that were not touched are scored as ever."""
        whole = self._lab.materials.traces.read_bytes()
        content, how = damage(whole, rng)
        traces = scratch / "traces.jsonl"
        traces.write_bytes(content)
        trial.say(f"traces: {how}")
        outcome = self._lab.run(["validate", "--json", "--traces", traces]).check((DONE, REFUSED, PARTIAL))
        if outcome.status != REFUSED:
            _check_counts(outcome, content)
        self._lab.run(["import", traces, "--out", scratch / "i.jsonl"]).check((DONE, REFUSED, PARTIAL))
        database = scratch / "new.duckdb"
        if self._lab.run(self._lab.score(database, traces)).check((DONE, REFUSED, PARTIAL)).status == REFUSED:
            return
        out = scratch / "out.jsonl"
        self._lab.run(["export", "--db", database, "--what", "sentences", "--out", out]).check((DONE, PARTIAL))
        unharmed = set(whole.split(b"\n")) & set(content.split(b"\n")) - {b""}
        # A damaged line may have taken the id of another one, which is then a duplicate.
        harmed = b"".join(line for line in content.split(b"\n") if line not in unharmed)
        ids = {name for line in unharmed if (name := json.loads(line)["trace_id"]).encode() not in harmed}
        right = _rows(undisturbed(self._lab, "sentences.jsonl"), ids)
        given = _rows(out.read_bytes(), ids)
        if given != right:
            raise Broken("every unharmed trace with the rows of the undisturbed run", f"{len(given)} rows, other ones")

    def _source(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """What another program wrote, imported."""
        rows = [
            {"problem": f"{n} + 1?", "generations": [f"{n + 1}", f"It is {n}."], "answer": f"{n + 1}"} for n in range(8)
        ]
        content, how = damage("\n".join(json.dumps(row) for row in rows).encode(), rng)
        source, out = scratch / "source.jsonl", scratch / "imported.jsonl"
        source.write_bytes(content)
        trial.say(f"source of an import: {how}")
        outcome = self._lab.run(["import", source, "--out", out, "--no-grade"]).check((DONE, REFUSED, PARTIAL))
        if (outcome.status == REFUSED) == out.exists():
            raise Broken("a file of traces, or a refusal", f"status {outcome.status}; {outcome.output}")

    def _model(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """Another model has another identity; one that gives no numbers is refused."""
        models, role, name = scratch / "models", rng.choice(ROLES), rng.choice(MODEL_FILES)
        for one in ROLES:
            shutil.copytree(self._lab.materials.model(one), models / one)
        path = models / role / name.partition(" ")[0]
        whole = path.read_bytes()
        last = 8 + int.from_bytes(whole[:8], "little") if name.endswith("header") else None
        content, how = damage(whole, rng, last)
        path.write_bytes(content)
        trial.say(f"{name} of the {role}: {how}")
        database = scratch / "new.duckdb"
        outcome = self._lab.run(self._lab.score(database, models=models)).check((DONE, REFUSED, PARTIAL))
        if outcome.status == REFUSED:
            return
        found = contents(database)
        same = {run_id: run for run_id, run in found.items() if run_id in self._lab.known}
        check_runs(same, self._lab.known)
        reasons = _reasons(database)
        # A template is a program: one that takes no conversation any more is told trace by trace.
        if reasons and None not in reasons and not name.startswith("chat_template"):
            raise Broken("a refusal of a model that scores nothing", f"status {outcome.status}; {outcome.output}")

    def _recording(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """What was recorded aligns with the text, or is told to be unscored."""
        recording = scratch / "tokens.jsonl"
        content, how = damage(undisturbed(self._lab, "tokens.jsonl"), rng)
        recording.write_bytes(content)
        trial.say(f"recorded logprobs: {how}")
        database = scratch / "new.duckdb"
        arguments = self._lab.score(database)
        arguments[arguments.index("--teacher") + 1] = f"recorded:{recording}"
        outcome = self._lab.run(arguments).check((DONE, REFUSED, PARTIAL))
        if outcome.status != REFUSED:
            self._check_recorded(database, content)

    def _check_recorded(self, database: Path, content: bytes) -> None:
        """Each of the teacher's logprobs is one that the recording holds."""
        recorded: set[object] = {None}
        for line in content.splitlines():
            try:
                recorded.add(float(np.float32(json.loads(line)["logprob"])))
            except (ValueError, KeyError, TypeError):
                continue
        with duckdb.connect(str(database), read_only=True) as connection:
            rows = connection.execute("SELECT unnest(logprob) FROM tokens WHERE role = 'teacher'").fetchall()
        strange = {row[0] for row in rows} - recorded
        if strange:
            raise Broken("logprobs that the recording holds", ", ".join(map(str, sorted(strange)[:3])))


def _check_counts(outcome: Outcome, content: bytes) -> None:
    summary = json.loads(outcome.output[outcome.output.index("{") :])
    n_lines = sum(bool(line.strip()) for line in content.split(b"\n"))
    n_told = summary["n_traces"] + summary["n_rejected"]
    if n_told != n_lines or (outcome.status == PARTIAL) != (summary["n_rejected"] > 0):
        raise Broken(f"{n_lines} lines told as traces or rejects", f"{n_told}; status {outcome.status}")


def _rows(content: bytes, ids: set[str]) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in content.splitlines()]
    own = [{**row, "run_id": None} for row in rows if row["trace_id"] in ids]
    return sorted(own, key=lambda row: (row["trace_id"], row["sentence_index"]))


def _reasons(database: Path) -> set[str | None]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return {row[0] for row in connection.execute("SELECT unscored_reason FROM sentences").fetchall()}
