"""The detectors see what they should; then a fixed handful of attempts on every ground, which all hold."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.torture.damaged import damage
from tests.torture.runner import NAMES, Attempt, Report, Result, describe, plan, run
from tests.torture.stored import StoredRun, check_clean, check_runs
from tests.torture.verdicts import Broken, Outcome, Verdict

SEED = 1
# Cheap and telling ones.
CHOSEN = {
    # A scoring, a resplit, notes, a page, and a look-up in training texts.
    "kill": (61, 5, 46, 50, 40),
    # The database; the traces, cut.
    "swapped": (3, 5),
    # A database, and traces.
    "damaged": (9, 8),
    # `meta` that is no JSON; p of 7; importance behind the answer.
    "content": (3, 111, 84),
    # A closed or full output; a full disk.
    "resources": (1, 10),
    # Another chat template.
    "served": (3,),
    # Notes; then patterns that two save.
    "crowd": (0, 2),
}


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (None, "nothing"),
        (2, "error: a\nerror: b\n"),
        (2, "no line of an error\n"),
        (0, "Traceback (most recent call last):\n  …\nValueError: x\n"),
        (1, "error: a\n"),
        (-11, ""),
        (0, "error: all is lost\n"),
    ],
)
def test_an_ugly_end_is_seen(status: int | None, output: str) -> None:
    with pytest.raises(Broken):
        Outcome("score", status, output).check((0, 2))


def test_a_decent_end_is_let_through() -> None:
    for status, output in ((0, "run: 6 traces\n"), (2, "note: b\nerror: a\n")):
        assert Outcome("score", status, output).check((0, 2)).status == status


def stored(*, is_finished: bool = True, **tables: tuple[object, ...]) -> StoredRun:
    rows = {"run_models": (("teacher",),), "traces": ((0,), (1,)), "sentences": ((0, 0.5), (1, 0.25))}
    return StoredRun(is_finished, {**rows, **tables})


@pytest.mark.parametrize(
    "found",
    [
        {"a": stored(sentences=((0, 0.5), (1, 0.75)))},
        {"a": stored(sentences=((0, 0.5),))},
        {"a": stored(is_finished=False, sentences=((0, 0.75),))},
        {"a": stored(is_finished=False, traces=((0,),))},
        {"a": stored(traces=((0,), (0,), (1,)))},
        {"b": stored()},
    ],
)
def test_a_mixed_run_is_seen(found: dict[str, StoredRun]) -> None:
    with pytest.raises(Broken):
        check_runs(found, {"a": stored()})


def test_whole_and_unfinished_runs_are_let_through() -> None:
    check_runs({"a": stored()}, {"a": stored()})
    check_runs({"a": stored(is_finished=False, sentences=((1, 0.25),))}, {"a": stored()})


@pytest.mark.parametrize("name", [".out.jsonl.7-7.part", "x.duckdb.tmp", "x.notes.sqlite-journal"])
def test_what_is_left_behind_is_seen(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.duckdb").touch()
    check_clean(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(Broken):
        check_clean(tmp_path)


def test_damage_is_damage() -> None:
    rng, content = random.Random(3), bytes(range(256)) * 8
    words = set()
    for _ in range(200):
        changed, how = damage(content, rng)
        assert changed != content
        words.add(how.split()[0])
    assert {"bits", "cut"} < words


def test_attempts_are_shared_out_and_decided_by_the_seed() -> None:
    attempts = plan(5, 1000)
    given = Counter(attempt.ground for attempt in attempts)
    assert set(given) == set(NAMES)
    assert given["kill"] >= 300
    assert given["damaged"] >= 200
    assert len(set(attempts)) == 1000
    assert plan(5, 10, "kill") == [Attempt(5, "kill", index) for index in range(10)]
    first, again, other = (Attempt(5, "kill", index).rng().random() for index in (3, 3, 4))
    assert first == again != other


def test_a_report_says_how_to_see_a_failure_again() -> None:
    bad = Result(Attempt(5, "kill", 3), Verdict("score", True, "a whole run", "half of one"), 1.0)
    report = Report([bad, Result(Attempt(5, "kill", 4), Verdict("score"), 1.0)])
    assert report.failures == [bad]
    assert "--seed 5 --only kill --attempt 3" in describe(bad)
    assert report.table().splitlines()[1].split() == ["kill", "2", "2", "1", "1", "2"]


def test_a_handful_of_every_ground(tmp_path: Path) -> None:
    attempts = [Attempt(SEED, name, index) for name, indices in CHOSEN.items() for index in indices]
    report = run(attempts, tmp_path)
    assert len(report.results) == len(attempts)
    assert not report.failures, "\n".join(map(describe, report.failures))
    # Most met a command at work, or the test says nothing.
    assert sum(result.verdict.is_struck for result in report.results) > len(attempts) / 2
