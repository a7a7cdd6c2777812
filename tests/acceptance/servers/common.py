"""What the checks share: environments, servers on loopback, this program's commands, and a report."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
DATA = PROJECT / "data"
NEAR_NATS = 1e-4
"""Two programs that compute the same in float32 differ by less."""
START_S = 600

Row = dict[str, Any]


class Report:
    """Prints a line for each thing that is checked, and counts what is not as it should be."""

    def __init__(self) -> None:
        self.n_wrong = 0

    def check(self, what: str, holds: bool, said: str = "") -> None:
        """One line; `said` are numbers, or words of a program."""
        self.n_wrong += not holds
        print(f"{'     ok' if holds else 'differs'}  {what}{': ' if said else ''}{said}", flush=True)

    def status(self) -> int:
        """Exit status, with a last line."""
        print(f"{self.n_wrong} checks differ" if self.n_wrong else "all as expected")
        return 1 if self.n_wrong else 0


def environment(folder: Path, requirements: str, repair: Callable[[Path], None] | None = None) -> Path:
    """The server's own Python, with what its requirements name. Made once; `repair` ends the making."""
    done = folder / "installed"
    python = folder / "bin" / "python"
    if not done.exists():
        started_s = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        names = HERE / f"requirements-{requirements}.txt"
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(names)], check=True)
        if repair is not None:
            repair(folder)
        done.touch()
        print(f"installed {requirements} in {time.monotonic() - started_s:.0f} s", flush=True)
    return python


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: Sequence[str], settings: Mapping[str, str], root: str, ready: str, log: Path) -> Iterator[str]:
    """A server process for as long as the context lasts, from when `root` + `ready` answers. Gives `root`."""
    started_s = time.monotonic()
    with log.open("w") as stream:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=stream, stderr=stream)
    try:
        while ask(root + ready)[0] != 200:
            if process.poll() is not None:
                raise SystemExit(f"the server ended with status {process.returncode}:\n{log.read_text()[-3000:]}")
            if time.monotonic() - started_s > START_S:
                raise SystemExit(f"the server did not start within {START_S} s:\n{log.read_text()[-3000:]}")
            time.sleep(0.5)
        yield root
    finally:
        process.terminate()
        process.wait()


def ask(url: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON (text if it is none) of a GET, or of a POST if there is a body; status 0 without an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=300) as reply:
            status, text = reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    except (urllib.error.URLError, OSError):
        return 0, None
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def product(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command of this program."""
    command = [sys.executable, "-m", "rdpt_core", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def score(database: Path, traces: Path, models: Mapping[str, object], *more: object) -> str:
    """Score with models by role. Gives what was said on standard error; ends the check if that failed wholly."""
    done = scored(database, traces, models, *more)
    if done.returncode not in (0, 3):
        raise SystemExit(f"score ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stderr


def scored(
    database: Path, traces: Path, models: Mapping[str, object], *more: object
) -> subprocess.CompletedProcess[str]:
    """As `score`, whatever the exit status."""
    references = [part for role, model in models.items() for part in (f"--{role}", model)]
    roles = ("--roles", ",".join(models))
    return product("score", "--traces", traces, *references, *roles, "--db", database, *more)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said last: its error, if it failed."""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else ""


def rows(database: Path, what: str) -> list[Row]:
    """An export of the only run."""
    out = database.with_suffix(f".{what}.jsonl")
    done = product("export", "--db", database, "--what", what, "--out", out)
    if done.returncode:
        raise SystemExit(f"export ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return lines(out)


def lines(path: Path) -> list[Row]:
    """The objects of a JSON Lines file, which end at line feeds only."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]


def write_lines(path: Path, values: Sequence[Any]) -> Path:
    """Write JSON Lines."""
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return path


def logprobs(database: Path, role: str) -> dict[tuple[str, int], float | None]:
    """A role's logprobs, by trace and end of the token: recorded ids may be unknown, and blank space be left out.

    Marks of thinking are left out: a server that takes them from the text may have no token for them.
    """
    marks = {(row["trace_id"], row["sentence_index"]) for row in rows(database, "sentences") if row["kind"] == "mark"}
    return {
        (str(row["trace_id"]), int(row["char_end"])): row["logprob"]
        for row in rows(database, "tokens")
        if row["role"] == role and (row["trace_id"], row["sentence_index"]) not in marks
    }


def gaps(a: Path, b: Path, role: str) -> tuple[int, int, float, float]:
    """Tokens of `a`, how many of them `b` has with a logprob, and max and mean |Δ logprob| over these (nats)."""
    first, second = logprobs(a, role), logprobs(b, role)
    found = []
    for key, value in first.items():
        other = second.get(key)
        if other is not None and value is not None:
            found.append(abs(value - other))
    return len(first), len(found), max(found, default=0.0), sum(found) / len(found) if found else 0.0
