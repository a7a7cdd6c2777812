"""A process that answers, hangs or dies, and what it is told of the one that started it."""

from __future__ import annotations

import errno
import json
import os
import subprocess

import pytest

from rdpt_core.traces import worker_process as module
from rdpt_core.traces.worker_process import WorkerError, WorkerProcess, WorkerStartError, WorkerTimeout

# Runs what it is told to, and answers with the value of `reply`.
PROGRAM = """
import json, os, sys, time
print('"ready"', flush=True)
for line in sys.stdin:
    names = {"os": os, "sys": sys, "time": time}
    exec(json.loads(line), names)
    print(json.dumps(names["reply"]), flush=True)
"""


def test_it_answers_hangs_and_dies() -> None:
    process = WorkerProcess(["-c", PROGRAM], "the answerer")
    process.send("reply = 1 + 1")
    assert process.receive(60) == 2
    process.send("time.sleep(600)")
    with pytest.raises(WorkerTimeout, match="the answerer gave no answer within 0.1 s"):
        process.receive(0.1)
    process.kill()
    process.kill()
    with pytest.raises(WorkerError, match="the process of the answerer died"):
        process.receive(60)
    with pytest.raises(WorkerError):
        process.send("reply = 1")


def test_one_that_does_not_start_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkerStartError, match="could not be started: the process of the answerer died"):
        WorkerProcess(["-c", "raise SystemExit"], "the answerer").send("reply = 1")
    monkeypatch.setattr(module, "START_LIMIT_S", 0.1)
    slow = WorkerProcess(["-c", "import time; time.sleep(600)"], "the answerer")
    with pytest.raises(WorkerStartError, match=r"could not be started: .* no answer within 0\.1 s"):
        slow.send("reply = 1")
    slow.kill()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(WorkerStartError, match="could not be started: Cannot allocate memory"):
        WorkerProcess(["-c", PROGRAM], "the answerer")


def test_it_is_told_no_secret_and_imports_nothing_from_the_folder_it_starts_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("SOME_API_KEY", "secret")
    process = WorkerProcess(["-c", PROGRAM], "the answerer")
    process.send("reply = [dict(os.environ), sys.path]")
    environment, path = process.receive(60)
    process.kill()
    assert "secret" not in json.dumps(environment)
    assert "" not in path and "." not in path
