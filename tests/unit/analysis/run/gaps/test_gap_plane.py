"""The plane of gaps against numpy: places, counts and cells over a synthetic database."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.run import ranking
from rdpt_core.analysis.run.gaps import gap_plane
from rdpt_core.analysis.run.ranking import Order
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.unit.analysis.conftest import PAIR, TRACES

RULE = LabelRule.make()
KIND = {"Boosted-between": "Boosted", "Uncertain": "Teacher"}


def kinds(scope: Scope | None = None) -> list[str]:
    return [
        kind
        for sketch in TRACES
        if scope is None or scope.benchmark in (None, sketch.benchmark)
        for _, kind in sketch.sentences
        if kind != "unscored"
    ]


@pytest.mark.parametrize("space", Space)
@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="clock")], ids=Scope.words)
def test_points_stand_where_their_gaps_are(triple: tuple[Reader, Run], space: Space, scope: Scope) -> None:
    points = gap_plane.load_points(*triple, RULE, space, scope).to_pylist()
    for row, kind in zip(points, kinds(scope), strict=True):
        teacher, student, distilled = synthetic.PROBABILITIES[kind]
        if space is Space.RATIO:
            teacher, student, distilled = map(math.log, (teacher, student, distilled))
        assert row["x"] == pytest.approx(teacher - student, abs=1e-6)
        assert row["y"] == pytest.approx(distilled - student, abs=1e-6)
        assert row["kind"] == KIND.get(kind, kind)


@pytest.mark.parametrize("space", Space)
def test_cells_count_every_scored_sentence_once(triple: tuple[Reader, Run], space: Space) -> None:
    frame = gap_plane.load_range(*triple, RULE, space, Scope())
    assert frame is not None
    assert (frame.n_sentences, frame.n_traces, frame.n_unscored) == (len(kinds()), len(TRACES), 1)
    assert frame.n_questions == len({sketch.question_id for sketch in TRACES})
    for shown in (frame, gap_plane.near_thresholds(frame, RULE, is_triple=True)):
        cells = gap_plane.load_cells(*triple, RULE, space, Scope(), shown).to_pylist()
        counted: Counter[str] = Counter()
        for cell in cells:
            counted[cell["kind"]] += cell["n"]
            assert -1 <= cell["ix"] <= gap_plane.N_CELLS and -1 <= cell["iy"] <= gap_plane.N_CELLS
        assert counted == Counter(KIND.get(kind, kind) for kind in kinds())


def test_the_sentences_of_a_cell_are_those_that_it_counts(triple: tuple[Reader, Run]) -> None:
    frame = gap_plane.load_range(*triple, RULE, Space.RATIO, Scope())
    assert frame is not None
    for row in gap_plane.load_cells(*triple, RULE, Space.RATIO, Scope(), frame).to_pylist():
        if 0 <= row["ix"] < gap_plane.N_CELLS and 0 <= row["iy"] < gap_plane.N_CELLS:
            cell = gap_plane.cell_at(frame, Space.RATIO, row["ix"], row["iy"])
            listed = ranking.load_ranked(*triple, RULE, Scope(), Order.TEACHER, 1, cell)
            assert listed.num_rows == min(row["n"], ranking.N_RANKED)


def test_nothing_scored_has_no_frame(triple: tuple[Reader, Run]) -> None:
    assert gap_plane.load_range(*triple, RULE, Space.DIFFERENCE, Scope(benchmark="nowhere")) is None


def test_without_a_distilled_model_y_is_the_student(path: Path) -> None:
    with open_reader(path) as reader:
        run = reader.run(PAIR)
        points = gap_plane.load_points(reader, run, RULE, Space.DIFFERENCE, Scope()).to_pylist()
        assert [row["y"] for row in points] == pytest.approx([synthetic.PROBABILITIES[k][1] for k in kinds()])
        assert {row["kind"] for row in points} == {"Teacher", "Common", "Student"}
        assert ranking.orders(run) == (Order.TEACHER, Order.STUDENT)
        assert ranking.load_ranked(reader, run, RULE, Scope(), Order.TEACHER, 1, None).num_rows
