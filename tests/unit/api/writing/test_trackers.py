"""The line for trackers: what is in it, and that none is begun or imported for it."""

from __future__ import annotations

import contextvars
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rdpt_core.api.writing.trackers import label_metrics, log_line
from rdpt_core.records import Role, SentenceColumns


def trace(**p: list[float]) -> SentenceColumns:
    """A trace whose sentences have these probabilities; the last one is a mark."""
    n = len(p["student"])
    ints = np.arange(n, dtype=np.int32)
    is_mark = np.array([False] * (n - 1) + [True])
    return SentenceColumns(0, ints, ints + 1, ints, is_mark, {}, {}, {}, {k: np.array(v) for k, v in p.items()}, [])


TRACES = [
    trace(teacher=[0.9, 0.5, 0.1], student=[0.2, 0.5, 0.9], distilled=[0.8, 0.5, 0.1]),
    trace(teacher=[0.9, np.nan, 0.1], student=[0.2, 0.5, 0.9], distilled=[0.1, 0.2, 0.1]),
] * 8
QUESTIONS = np.arange(16)


def without(role: str) -> list[SentenceColumns]:
    kept = [{name: values.tolist() for name, values in one.p.items() if name != role} for one in TRACES]
    return [trace(**p) for p in kept]


def test_shares_leave_out_marks_and_what_is_unscored() -> None:
    metrics = label_metrics(TRACES, QUESTIONS)
    # Two sentences a trace; against the student: Gained, Kept; and 0.1 under 0.2 is Kept, 0.2 under 0.5 Lost.
    expected = {"gained": 0.25, "kept": 0.5, "lost": 0.25, "teacher": 2 / 3, "shared": 1 / 3, "student": 0.0}
    for label, share in expected.items():
        assert metrics[f"provenance/{label}"] == pytest.approx(share)
        assert metrics[f"provenance/{label}_low"] <= share <= metrics[f"provenance/{label}_high"]
    assert metrics["provenance/n_questions"] == 16


def test_without_a_teacher_there_is_no_label_of_one() -> None:
    metrics = label_metrics(without(Role.TEACHER), QUESTIONS)
    assert "provenance/gained" in metrics and "provenance/teacher" not in metrics


def test_too_few_questions_get_no_interval() -> None:
    metrics = label_metrics(TRACES[:4], QUESTIONS[:4])
    assert "provenance/gained" in metrics and "provenance/gained_low" not in metrics
    assert metrics["provenance/n_questions"] == 4


class Tracker:
    def __init__(self, **given: Any) -> None:
        self.lines: list[dict[str, float]] = []
        self.__dict__ |= given

    def log(self, line: dict[str, float]) -> None:
        self.lines.append(line)


def test_only_trackers_at_work_get_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    current: contextvars.ContextVar[object | None] = contextvars.ContextVar("current", default=None)
    trackio, wandb = Tracker(context_vars=SimpleNamespace(current_run=current)), Tracker(run=None)
    monkeypatch.setitem(sys.modules, "trackio", trackio)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    assert log_line({"provenance/gained": 0.5}, 40) == []
    current.set(object())
    wandb.run = object()
    assert log_line({"provenance/gained": 0.5}, 40) == ["trackio", "wandb"]
    assert trackio.lines == wandb.lines == [{"provenance/gained": 0.5, "train/global_step": 40}]


def test_a_tracker_that_fails_stops_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_line: object) -> None:
        raise ConnectionError("no way there")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=object(), log=fail))
    assert log_line({}, 7) == [] and "no way there" in caplog.text


def test_nothing_is_imported_for_it() -> None:
    code = (
        "import sys, rdpt_core.api.writing.trackers as t; t.log_line({}, 1); "
        "assert not {'wandb', 'trackio', 'torch'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
