"""The columns and tables of controls in the README and in docs/method.md, labelled anew from probabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.controls import NO_TEACHER, controls_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.store.companions import column
from rdpt_core.store.reader import open_reader
from tests.integration.bundled.documented.test_documented_numbers import LABELS, ORIGINS, openings, planted, readme
from tests.integration.bundled.documented.test_documented_tables import section

RULE = LabelRule.make()
COLUMNS = ("teacher_a", "common", "student", "none")
"""The origins that the table in docs/method.md has a column for."""


def label(teacher: float, student: float, distilled: float) -> str:
    gaps = teacher - student, student - distilled, teacher - distilled
    if max(map(abs, gaps)) <= RULE.alpha:
        return "Shared"
    return "Teacher" if gaps[0] > RULE.beta else "Student" if gaps[0] < -RULE.beta else "Boosted"


class Sentence(NamedTuple):
    """Where a sentence came from, its label, and the one with another model in the teacher's place."""

    origin: str
    before: str
    after: str


@cache
def sentences(path: Path, key: str) -> tuple[Sentence, ...]:
    """All sentences of the bundled demo, every one of them scored.

    Args:
        key: what stands in the teacher's place: a role, or a companion's key.
    """
    run = rdpt.open(path).run("bundled demo")
    with open_reader(path) as reader:
        found = reader.query(
            f"SELECT p_teacher, p_student, p_distilled, {column('p', key)} AS p_other FROM sentences "
            "WHERE run_no = ? AND NOT is_mark ORDER BY trace_no, sentence_index",
            [run.info.run_no],
        ).to_pylist()
    labelled = []
    for row, p in zip(run.sentences().to_pylist(), found, strict=True):
        before = label(p["p_teacher"], p["p_student"], p["p_distilled"])
        assert row["label"] == before
        origin = planted()[row["trace_id"], row["char_start"], row["char_end"]]
        labelled.append(Sentence(origin, before, label(p["p_other"], p["p_student"], p["p_distilled"])))
    return tuple(labelled)


def part(found: Iterable[bool]) -> str:
    """`0.27`; a dash of nothing."""
    held = list(found)
    return f"{sum(held) / len(held):.2f}" if held else "–"


def documented_row(name: str, found: Sequence[Sentence]) -> str:
    """A row of the table in docs/method.md."""
    cells = [part(one.after == name for one in found) for name in LABELS]
    cells += [part(one.after == "Teacher" for one in found if one.origin == origin) for origin in COLUMNS]
    cells.append(part(one.origin == "teacher_a" for one in found if one.after == "Teacher"))
    cells.append(part(one.before == one.after for one in found))
    return f"| {name} | {' | '.join(cells)} |"


def test_the_column_without_a_teacher(bundled_database: Path) -> None:
    rows = sentences(bundled_database, NO_TEACHER.key)
    text = readme()
    for origin, words in ORIGINS.items():
        here = [one for one in rows if one.origin == origin]
        if not here:
            continue
        cells = [part(one.before == name for one in here) for name in LABELS]
        cells.append(part(one.after == "Teacher" for one in here))
        expected = f"| {words} | {len(here):,} | {' | '.join(cells)} |"
        assert expected in text, expected
    teacher = [one for one in rows if one.before == "Teacher"]
    under = [one for one in rows if one.after == "Teacher"]
    kept = [one for one in teacher if one.after == "Teacher"]
    found = rdpt.open(bundled_database).run("bundled demo").controls().to_pylist()
    stored = next(row for row in found if (row["key"], row["label"]) == (NO_TEACHER.key, "Teacher"))
    assert stored["share_true"] == pytest.approx(len(teacher) / len(rows))
    assert stored["share_control"] == pytest.approx(len(under) / len(rows))
    assert stored["stays"] == pytest.approx(len(kept) / len(teacher))
    assert stored["rejected"] == pytest.approx(1 - len(kept) / len(under))
    ends = stored["excess_low"], stored["excess_high"]
    assert ends[0] < ends[1] < 0
    assert (
        f"{len(teacher) / len(rows):.0%} of sentences are Teacher; with no teacher at all {len(under) / len(rows):.0%} "
        f"would be ({100 * stored['excess']:+.1f} points, 95% interval {100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}), "
        f"{len(kept) / len(teacher):.1%} of the former among them"
    ) in text


def test_what_would_be_said_of_correctness_and_openings_without_a_teacher(bundled_database: Path) -> None:
    run = rdpt.open(bundled_database).run("bundled demo")
    rows = run.sentences().to_pylist()
    under = [one.after == "Teacher" for one in sentences(bundled_database, NO_TEACHER.key)]
    first = {
        name: part(
            held
            for row, held in zip(rows, under, strict=True)
            if row["benchmark"] == name and not row["sentence_index"]
        )
        for name in ("clock", "shop")
    }
    assert f"clock and shop begin with Teacher as often ({first['clock']}, {first['shop']})." in openings()
    held: dict[str, list[bool]] = {}
    for row, is_teacher in zip(rows, under, strict=True):
        held.setdefault(row["trace_id"], []).append(is_teacher)
    traces = [(row["benchmark"], row["correct"], np.mean(held[row["trace_id"]])) for row in run.traces().to_pylist()]
    wins = [
        0.5 * (float(good > bad) + float(good >= bad))
        for benchmark, is_correct, good in traces
        if is_correct
        for other, also, bad in traces
        if other == benchmark and also is False
    ]
    assert f"with no teacher it would ({np.mean(wins):.2f})." in readme()


def test_the_table_of_controls(demo_database: Path) -> None:
    """Every control that the demo has stands in it, in the order in which all tables have them."""
    text = section("method", "Controls")
    run = rdpt.open(demo_database).run("bundled demo")
    controls = controls_of(run.info)
    expected = [documented_row("with the teacher", sentences(demo_database, "teacher"))]
    expected += [documented_row(control.name, sentences(demo_database, control.key)) for control in controls]
    places = [text.find(row) for row in expected]
    assert -1 not in places, "\n".join(row for row, place in zip(expected, places, strict=True) if place < 0)
    assert places == sorted(places)
    # What `controls` gives is the same.
    shares = {(row["key"], row["label"]): row["share_control"] for row in run.controls().to_pylist()}
    for control in controls:
        after = Counter(one.after for one in sentences(demo_database, control.key))
        for name in LABELS:
            assert math.isclose(shares[control.key, name], after[name] / after.total(), abs_tol=1e-12)
