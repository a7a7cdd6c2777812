"""Behaviours on the bundled traces, whose sentences are known to come from the teacher, the student or from anyone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.analysis.behaviours.discovery import testing
from rdpt_core.analysis.behaviours.discovery.data import BehaviourData, behaviours_of
from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, tally, totals
from rdpt_core.analysis.behaviours.families import WORDING
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Bools, Doubles

RULE, SCOPE = LabelRule.make(), Scope()
ONLY = "only the teacher's"
N_FEWEST = 20


@pytest.fixture(scope="module")
def data(bundled_database: Path) -> RunData:
    return rdpt.open(bundled_database).run()._data()


@pytest.fixture(scope="module")
def from_teacher(bundled_database: Path) -> Bools:
    """(n_sentences,), whether a sentence is of a wording that only the teacher was taught, and not the student."""
    lines = map(json.loads, (bundled.DATA / "traces.jsonl").read_text().splitlines())
    planted = {(trace["trace_id"], span["char_start"]): span["origin"] for trace in lines
               for span in trace["meta"]["planted"]}  # fmt: skip
    rows = rdpt.open(bundled_database).run().sentences().select(["trace_id", "char_start"]).to_pylist()
    origins = [planted[row["trace_id"], row["char_start"]] for row in rows]
    return np.isin(origins, ["teacher_a", "both_teachers"])


def find(grid: Grid, chunks: tuple[Chunk, ...], labelled: Labelled) -> testing.Tested:
    counted = totals(grid, labelled)
    return testing.find_kinds(chunks, [tally(chunk, labelled, counted) for chunk in chunks], grid)


def labelled_teacher(data: RunData) -> Labelled:
    codes = data.codes(RULE)
    return Labelled(codes > 0, codes == data.labels.index("Teacher") + 1)


def sizes_and_truth(data: RunData, from_teacher: Bools) -> dict[str, tuple[int, float]]:
    wording = next(family for family in kinds_of(data, False) if family.family == WORDING)
    places = {name: wording.places(name) for name in wording.names}
    return {name: (len(found), float(from_teacher[found].mean())) for name, found in places.items()}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_wordings_that_only_the_teacher_was_taught_are_found(data: RunData, from_teacher: Bools, seed: int) -> None:
    known = sizes_and_truth(data, from_teacher)
    truly = {name for name, (n, part) in known.items() if n >= N_FEWEST and part > 0.5}
    assert len(truly) > 30
    table = behaviours_of(data).table(RULE, SCOPE, "Teacher", seed, False)
    only = {row.kind for row in table.rows if row.family == WORDING and row.verdict == ONLY}
    large = {name for name in only if known[name][0] >= N_FEWEST}
    assert len(large & truly) >= 0.9 * len(truly)
    assert len(large & truly) >= 0.9 * len(large)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_half_of_the_questions_finds_wordings_with_enough_sentences_in_it(
    data: RunData, from_teacher: Bools, seed: int
) -> None:
    known = sizes_and_truth(data, from_teacher)
    table = behaviours_of(data).table(RULE, SCOPE, "Teacher", seed)
    rows = [row for row in table.rows if row.family == WORDING]
    # What is not reported of a kind is what it is found on.
    large = [row for row in rows if row.n_sentences - row.n_report >= N_FEWEST]
    truly = {row.kind for row in large if known[row.kind][1] > 0.5}
    only = {row.kind for row in large if row.verdict == ONLY}
    assert len(truly) > 10
    assert len(only & truly) >= 0.9 * len(truly)
    assert len(only & truly) >= 0.9 * len(only)


def test_labels_shuffled_within_traces_are_rarely_found(data: RunData) -> None:
    """Some finding is allowed in 5% of runs: 10 of 200, and 18 with a chance of 1%."""
    grid, chunks, _ = BehaviourData(data)._chunks(False, SCOPE, 0, True)
    own = labelled_teacher(data)
    assert own.is_known.all()
    rng = np.random.default_rng(0)
    n_with, p_values = 0, []
    for _ in range(200):
        order = np.argsort(grid.trace_of + rng.random(len(grid.trace_of)))
        found = find(grid, chunks, replace(own, has=own.has[order]))
        n_with += bool(found.is_found.any())
        p_values.append(found.p)
    assert n_with <= 10
    at: Doubles = np.array([(np.concatenate(p_values) <= level).mean() for level in (0.1, 0.05, 0.01)])
    assert (at <= [0.1, 0.05, 0.01]).all()
    assert at[0] > 0.03, "a test that never rejects would pass as well"


def test_two_halves_find_the_same_kinds(data: RunData) -> None:
    own = labelled_teacher(data)
    parts = []
    for seed in range(5):
        grid, chunks, _ = BehaviourData(data)._chunks(False, SCOPE, seed, True)
        first = find(grid, chunks, own).is_found
        second = find(replace(grid, is_finding=~grid.is_finding), chunks, own).is_found
        parts.append((first & second).sum() / (first | second).sum())
    assert np.mean(parts) >= 0.8, parts


def test_command_and_api_give_the_same(bundled_database: Path, tmp_path: Path) -> None:
    from rdpt_core.cli import main

    out = tmp_path / "kinds.csv"
    assert main(["behaviours", "--db", str(bundled_database), "--label", "Student", "--out", str(out)]) == 0
    table = rdpt.open(bundled_database).run().behaviours("Student")
    lines = out.read_text().splitlines()
    assert lines[0].replace('"', "").split(",") == table.column_names
    assert table.num_rows > 100
    assert set(table.column("label").to_pylist()) == {"Student"}
