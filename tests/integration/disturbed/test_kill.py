"""`kill -9` at random moments, then the same command again: the export is that of an undisturbed run."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

from tests.integration.conftest import export, make_lines, write_lines
from tests.support.starter import Started, Starter
from tests.support.tiny_models import save_model

N_KILLS = 10
# Ten commits a second instead of one, so that more of the work is committing.
COMMIT_OFTEN = "from rdpt_core.scoring.jobs import role_job; role_job._COMMIT_INTERVAL_S = 0.1"


def commits(database: Path) -> int:
    """A number that is another one after every commit."""
    return database.stat().st_mtime_ns if database.exists() else 0


def kill_at_work(process: Started, database: Path, seen: int, generator: random.Random) -> bool:
    """Kill a command some time after it wrote to the file: while a batch is scored, or while the next one is committed.

    Args:
        seen: `commits` before the command.

    Returns:
        Whether it was still at work.
    """
    n_writes, deadline_s = generator.randint(1, 3), time.monotonic() + 30
    while n_writes and time.monotonic() < deadline_s and process.is_running():
        time.sleep(0.01)
        if commits(database) != seen:
            seen, n_writes = commits(database), n_writes - 1
    time.sleep(generator.uniform(0.0, 0.3))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def test_ten_kills_change_no_byte(tmp_path: Path, model_flags: list[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(300))

    def command(database: Path) -> list[object]:
        options = ["--controls", "temperature", "--quiet", "--batch-tokens", 512]
        return ["score", "--traces", traces, *model_flags, *options, "--db", database]

    whole, killed = tmp_path / "whole.duckdb", tmp_path / "killed.duckdb"
    generator = random.Random(11)
    n_killed_at_work = 0
    with Starter(tmp_path, prelude=COMMIT_OFTEN) as starter:
        assert starter.run(command(whole))[0] == 0
        for _ in range(N_KILLS):
            seen = commits(killed)
            n_killed_at_work += kill_at_work(starter.start(command(killed)), killed, seen, generator)
        assert starter.run(command(killed))[0] == 0
    # A later kill may find the run complete; most must not, or the test says nothing.
    assert n_killed_at_work >= 5
    for what in ("sentences", "tokens", "traces"):
        export(whole, what, tmp_path / "whole.jsonl")
        export(killed, what, tmp_path / "killed.jsonl")
        assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "killed.jsonl").read_bytes()


def test_kills_while_a_model_is_added_leave_no_half_of_it(tmp_path: Path, model_flags: list[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(200))
    code = save_model(tmp_path / "code", seed=11, context_length=512)
    options = ["--quiet", "--batch-tokens", 512]

    def exported(database: Path, what: str) -> list[dict[str, object]]:
        return export(database, what, tmp_path / f"{database.stem}.jsonl")

    def add(database: Path) -> list[object]:
        return ["score", "--add", "--db", database, "--teacher", f"code={code}", *options]

    bare, whole, killed = (tmp_path / f"{name}.duckdb" for name in ("bare", "whole", "killed"))
    generator = random.Random(5)
    n_killed_at_work = 0
    with Starter(tmp_path, prelude=COMMIT_OFTEN) as starter:
        assert starter.run(["score", "--traces", traces, *model_flags, "--db", bare, *options])[0] == 0
        before = exported(bare, "sentences"), exported(bare, "tokens")
        for database in (whole, killed):
            shutil.copy(bare, database)
        assert starter.run(add(whole))[0] == 0
        for _ in range(3):
            seen = commits(killed)
            if kill_at_work(starter.start(add(killed)), killed, seen, generator):
                n_killed_at_work += 1
                assert (exported(killed, "sentences"), exported(killed, "tokens")) == before
        assert starter.run(add(killed))[0] == 0
    assert n_killed_at_work >= 2
    for what in ("sentences", "tokens", "traces"):
        exported(whole, what), exported(killed, what)
        assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "killed.jsonl").read_bytes()
