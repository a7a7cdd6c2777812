"""A served teacher: its server stops, answers wrongly, is exchanged or comes back, and the run is never a mixture."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.servers.reference_server import FAULTS, ReferenceServer
from tests.torture.lab import Lab, make_lines, write_lines
from tests.torture.stored import StoredRun, check_clean, check_runs, contents
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Trial

N_TRACES = 8
Event = Callable[[random.Random, Path, ReferenceServer, Trial], None]


class Served:
    name = "served"
    share = 4

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._events: tuple[Event, ...] = (
            self._stops,
            self._faults,
            self._killed,
            self._other_model,
            self._other_template,
        )

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        event = rng.choice(self._events)
        known = self._known(scratch)
        shutil.copytree(self._lab.materials.model("teacher"), scratch / "tokenizer")
        with ReferenceServer({"teacher": self._lab.materials.model("teacher")}, slow_s=1.3) as server:
            event(rng, scratch, server, trial)
            server.down_after = server.always = None
            server.fault_rate = 0.0
            self._lab.run(self._command(scratch, server, patient=True)).check()
        found = contents(scratch / "new.duckdb")
        check_clean(scratch)
        now = self._fresh(scratch) if event == self._other_template else known
        check_runs(found, {**known, **now})
        newest = next(reversed(found))
        if newest not in now or not found[newest].is_finished:
            raise Broken("a finished run of what is served now", f"{newest}, finished: {found[newest].is_finished}")

    def _command(
        self, folder: Path, server: ReferenceServer, database: str = "new.duckdb", *, patient: bool = False
    ) -> list[object]:
        """`score` with a served teacher; how long it waits changes no number."""
        table = {
            "backend": "openai",
            "base_url": server.base_url,
            "model": "teacher",
            "tokenizer": str(folder / "tokenizer"),
            "patience_s": 30.0 if patient else 2.0,
            "timeout_s": 20.0 if patient else 1.0,
            "concurrency": 2,
        }
        lines = ["[teacher]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        lines += ["[student]", f"model = {json.dumps(str(self._lab.materials.model('student')))}"]
        (folder / "triple.toml").write_text("\n".join(lines))
        arguments: list[object] = ["score", "--traces", self._traces(), "--triple", folder / "triple.toml"]
        # Two roles are enough to be mixed up.
        return [*arguments, "--roles", "teacher,student", "--quiet", "--batch-tokens", 400, "--db", folder / database]

    def _traces(self) -> Path:
        path: Path = self._lab.materials.once(
            "served traces",
            lambda: write_lines(self._lab.materials.folder / "served.jsonl", make_lines(0, N_TRACES)),
        )
        return path

    def _known(self, scratch: Path) -> dict[str, StoredRun]:
        """The run of a server that nothing disturbs."""

        def make() -> dict[str, StoredRun]:
            folder = self._lab.materials.folder / "served"
            shutil.copytree(self._lab.materials.model("teacher"), folder / "tokenizer")
            return self._fresh(folder)

        runs: dict[str, StoredRun] = self._lab.materials.once("served", make)
        return runs

    def _fresh(self, folder: Path) -> dict[str, StoredRun]:
        """The run that the tokenizer in a folder gives now, undisturbed."""
        database = folder / "fresh.duckdb"
        database.unlink(missing_ok=True)
        with ReferenceServer({"teacher": self._lab.materials.model("teacher")}) as server:
            self._lab.run(self._command(folder, server, database.name, patient=True)).check()
        return contents(database)

    # What happens to the server.

    def _stopped(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        """The server is gone after some answers, for longer than the run waits."""
        server.down_after = rng.randint(1, N_TRACES)
        trial.say(f"no answer after {server.down_after}")
        outcome = self._lab.run(self._command(scratch, server)).check((DONE, PARTIAL, REFUSED))
        trial.is_struck |= outcome.status == PARTIAL

    def _stops(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        for _ in range(rng.choice((1, 1, 2))):
            self._stopped(rng, scratch, server, trial)
            # Counted from its start.
            server._n_admitted = 0

    def _faults(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        server.faults = tuple(rng.sample(FAULTS, rng.randint(1, 3)))
        server.fault_rate = rng.choice((0.2, 0.6, 1.0))
        trial.say(f"{server.fault_rate:.0%} of the answers {', '.join(server.faults)}")
        outcome = self._lab.run(self._command(scratch, server)).check((DONE, PARTIAL, REFUSED))
        trial.is_struck = server.n_faults.total() > 0
        if outcome.status == DONE:
            check_runs(contents(scratch / "new.duckdb"), self._known(scratch))

    def _killed(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        n_answers = rng.randint(1, N_TRACES)
        trial.say(f"killed after {n_answers} answers")
        started = self._lab.start(arguments := self._command(scratch, server))
        while server.n_answered < n_answers and started.is_running():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
        if started.is_running():
            started.send_signal(signal.SIGKILL)
        outcome = self._lab.end(started, arguments).check((DONE, -signal.SIGKILL))
        trial.is_struck = outcome.status != DONE

    def _other_model(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        """At the same address another model is served, then the first one again."""
        self._stopped(rng, scratch, server, trial)
        trial.say("another model at this address")
        models, server._models = server._models, {"other": server._models["teacher"]}
        self._lab.run(self._command(scratch, server)).check((REFUSED,))
        server._models = models

    def _other_template(self, rng: random.Random, scratch: Path, server: ReferenceServer, trial: Trial) -> None:
        """How questions are put changes between two calls: what comes after is another run."""
        self._stopped(rng, scratch, server, trial)
        trial.say("another chat template")
        path = scratch / "tokenizer" / "chat_template.jinja"
        path.write_text(path.read_text().replace("<|assistant|>", "<|assistant|> "))
