"""`kill -9` at ten random moments, then the same command again: the export is that of an undisturbed run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from .conftest import export, make_lines, write_lines

PROJECT = Path(__file__).resolve().parents[2]
N_KILLS = 10
# Each start pays for its imports; the models are so small that a second thread only costs.
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_ten_kills_change_no_byte(tmp_path: Path, model_flags: list[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(900))

    def start(database: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "rdpt_core", "score", "--traces", str(traces), *model_flags, "--quiet"]
        return subprocess.Popen(
            [*command, "--batch-tokens", "1024", "--db", str(database)], cwd=PROJECT, env=ONE_THREAD
        )

    def commits(database: Path) -> int:
        return database.stat().st_mtime_ns if database.exists() else 0

    whole, killed = tmp_path / "whole.duckdb", tmp_path / "killed.duckdb"
    assert start(whole).wait() == 0
    generator = random.Random(11)
    n_killed_at_work = 0
    for _ in range(N_KILLS):
        process = start(killed)
        # Somewhere after the file was last written to: while a batch is scored, or while the next one is committed.
        seen, n_writes = commits(killed), generator.randint(1, 3)
        while n_writes and process.poll() is None:
            time.sleep(0.01)
            if commits(killed) != seen:
                seen, n_writes = commits(killed), n_writes - 1
        time.sleep(generator.uniform(0.0, 0.3))
        n_killed_at_work += process.poll() is None
        process.kill()
        process.wait()
    assert start(killed).wait() == 0
    # A later kill may find the run complete; most must not, or the test says nothing.
    assert n_killed_at_work >= 5
    for what in ("sentences", "tokens", "traces"):
        export(whole, what, tmp_path / "whole.jsonl")
        export(killed, what, tmp_path / "killed.jsonl")
        assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "killed.jsonl").read_bytes()
