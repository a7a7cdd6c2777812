"""`kill -9` at ten random moments, then the same command again: the export is that of an undisturbed run."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.integration.conftest import export, make_lines, write_lines
from tests.support.starter import Starter

N_KILLS = 10
# Ten commits a second instead of one, so that more of the work is committing.
COMMIT_OFTEN = "from rdpt_core.scoring.jobs import role_job; role_job._COMMIT_INTERVAL_S = 0.1"


def test_ten_kills_change_no_byte(tmp_path: Path, model_flags: list[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(300))

    def command(database: Path) -> list[object]:
        return ["score", "--traces", traces, *model_flags, "--quiet", "--batch-tokens", 512, "--db", database]

    def commits(database: Path) -> int:
        return database.stat().st_mtime_ns if database.exists() else 0

    whole, killed = tmp_path / "whole.duckdb", tmp_path / "killed.duckdb"
    generator = random.Random(11)
    n_killed_at_work = 0
    with Starter(tmp_path, prelude=COMMIT_OFTEN) as starter:
        assert starter.run(command(whole))[0] == 0
        for _ in range(N_KILLS):
            process = starter.start(command(killed))
            # Somewhere after the file was last written to: while a batch is scored, or while the next one is committed.
            seen, n_writes, deadline_s = commits(killed), generator.randint(1, 3), time.monotonic() + 30
            while n_writes and time.monotonic() < deadline_s and process.is_running():
                time.sleep(0.01)
                if commits(killed) != seen:
                    seen, n_writes = commits(killed), n_writes - 1
            time.sleep(generator.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            n_killed_at_work += process.wait() == -signal.SIGKILL
        assert starter.run(command(killed))[0] == 0
    # A later kill may find the run complete; most must not, or the test says nothing.
    assert n_killed_at_work >= 5
    for what in ("sentences", "tokens", "traces"):
        export(whole, what, tmp_path / "whole.jsonl")
        export(killed, what, tmp_path / "killed.jsonl")
        assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "killed.jsonl").read_bytes()
