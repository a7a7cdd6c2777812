"""The plane of gaps against numpy: places, counts, regions and rankings over a synthetic database."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule, Space, Unit, apply_rule
from rdpt_core.analysis.run import gap_plane, ranking
from rdpt_core.analysis.run.ranking import Order
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from rdpt_core.ui.pages.ratios.plane_figure import Region, regions
from tests import synthetic

TRACES = [*synthetic.sketches(6), synthetic.unscored_sketch()]
RULE = LabelRule.make()
KIND = {"Boosted-between": "Boosted", "Uncertain": "Teacher"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(found, TRACES, run_id="a" * 16, roles=(Role.TEACHER, Role.STUDENT))
    synthetic.build(found, TRACES, run_id="b" * 16)
    return found


@pytest.fixture
def opened(path: Path) -> Iterator[tuple[Reader, Run]]:
    with open_reader(path) as reader:
        yield reader, reader.run("b" * 16)


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
def test_points_stand_where_their_gaps_are(opened: tuple[Reader, Run], space: Space, scope: Scope) -> None:
    points = gap_plane.load_points(*opened, RULE, space, scope).to_pylist()
    for row, kind in zip(points, kinds(scope), strict=True):
        teacher, student, distilled = synthetic.PROBABILITIES[kind]
        if space is Space.RATIO:
            teacher, student, distilled = map(math.log, (teacher, student, distilled))
        assert row["x"] == pytest.approx(teacher - student, abs=1e-6)
        assert row["y"] == pytest.approx(distilled - student, abs=1e-6)
        assert row["kind"] == KIND.get(kind, kind)


@pytest.mark.parametrize("space", Space)
def test_cells_count_every_scored_sentence_once(opened: tuple[Reader, Run], space: Space) -> None:
    frame = gap_plane.load_range(*opened, RULE, space, Scope())
    assert frame is not None
    assert (frame.n_sentences, frame.n_traces, frame.n_unscored) == (len(kinds()), len(TRACES), 1)
    assert frame.n_questions == len({sketch.question_id for sketch in TRACES})
    for shown in (frame, gap_plane.near_thresholds(frame, RULE, has_distilled=True)):
        cells = gap_plane.load_cells(*opened, RULE, space, Scope(), shown).to_pylist()
        found: Counter[str] = Counter()
        for cell in cells:
            found[cell["kind"]] += cell["n"]
            assert -1 <= cell["ix"] <= gap_plane.N_CELLS and -1 <= cell["iy"] <= gap_plane.N_CELLS
        assert found == Counter(KIND.get(kind, kind) for kind in kinds())


def test_the_sentences_of_a_cell_are_those_that_it_counts(opened: tuple[Reader, Run]) -> None:
    frame = gap_plane.load_range(*opened, RULE, Space.RATIO, Scope())
    assert frame is not None
    for row in gap_plane.load_cells(*opened, RULE, Space.RATIO, Scope(), frame).to_pylist():
        if 0 <= row["ix"] < gap_plane.N_CELLS and 0 <= row["iy"] < gap_plane.N_CELLS:
            cell = gap_plane.cell_at(frame, Space.RATIO, row["ix"], row["iy"])
            listed = ranking.load_ranked(*opened, RULE, Scope(), Order.TEACHER, 1, cell)
            assert listed.num_rows == min(row["n"], ranking.N_RANKED)


def test_nothing_scored_has_no_frame(opened: tuple[Reader, Run]) -> None:
    assert gap_plane.load_range(*opened, RULE, Space.DIFFERENCE, Scope(benchmark="nowhere")) is None


def test_without_a_distilled_model_y_is_the_student(path: Path) -> None:
    with open_reader(path) as reader:
        run = reader.run("a" * 16)
        points = gap_plane.load_points(reader, run, RULE, Space.DIFFERENCE, Scope()).to_pylist()
        assert [row["y"] for row in points] == pytest.approx([synthetic.PROBABILITIES[k][1] for k in kinds()])
        assert {row["kind"] for row in points} == {"Teacher", "Common", "Student"}
        assert ranking.orders(run) == (Order.TEACHER, Order.STUDENT)
        assert ranking.load_ranked(reader, run, RULE, Scope(), Order.TEACHER, 1, None).num_rows


def inside(region: Region, x: float, y: float) -> bool:
    """Convex polygon: the point is on the same side of every edge."""
    corners = region.corners
    sides = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
        if (ax, ay) != (bx, by)
    ]
    return all(side > 0 for side in sides) or all(side < 0 for side in sides)


thresholds = st.floats(0.0, 0.6).map(lambda value: round(value, 3))


@settings(max_examples=60, deadline=None)
@given(thresholds, thresholds, st.booleans(), st.integers(0, 2**32))
def test_every_region_holds_exactly_its_label(alpha: float, beta: float, has_distilled: bool, seed: int) -> None:
    rng = random.Random(seed)
    rule = LabelRule.make(alpha, beta)
    left, right = (-rng.uniform(0.01, 1), rng.uniform(0.01, 1))
    bottom, top = (-rng.uniform(0.0, 1), rng.uniform(0.01, 1))
    frame = gap_plane.PlaneRange((left, right), (bottom, top), 1, 1, 1, 0)
    found = regions(rule, frame, has_distilled=has_distilled)
    for _ in range(30):
        x, y = rng.uniform(left, right), rng.uniform(bottom, top)
        student = np.array([0.0])
        labelled = apply_rule(alpha, beta, student + x, student, student + y if has_distilled else None)
        want = str(labelled.label[0]) + ("-down" if labelled.direction[0] == "down" else "")
        holding = [region.label for region in found if inside(region, x, y)]
        assert holding and holding[-1] == want, (x, y)


@pytest.mark.parametrize("order", Order)
def test_rankings_begin_with_the_most_extreme(opened: tuple[Reader, Run], order: Order) -> None:
    rows = ranking.load_ranked(*opened, RULE, Scope(), order, 1, None).to_pylist()
    assert rows
    best = {"teacher-like": "Teacher", "student-like": "Student", "boosted": "Boosted", "lowered": "Boosted"}
    assert rows[0]["label"] == best[order]
    values = [row["by"] for row in rows]
    assert values == sorted(values, reverse=True)
    t, s, d = (np.array([row[f"p_{role}"] for row in rows]) for role in ("teacher", "student", "distilled"))
    by = {
        Order.TEACHER: t - s,
        Order.STUDENT: s - t,
        Order.BOOSTED: d - np.maximum(t, s),
        Order.LOWERED: np.minimum(t, s) - d,
    }[order]
    assert values == pytest.approx(by.tolist())
    texts = {(sketch.trace_id, i + 1): text for sketch in TRACES for i, (text, _) in enumerate(sketch.sentences)}
    assert all(row["text"] == texts[row["trace_id"], row["sentence"]] for row in rows)


def test_short_sentences_can_be_left_out(opened: tuple[Reader, Run]) -> None:
    rows = ranking.load_ranked(*opened, RULE, Scope(), Order.TEACHER, 7, None).to_pylist()
    assert rows and all(row["n_tokens"] >= 7 for row in rows)


def test_traces_are_ordered_by_their_mean_gap(opened: tuple[Reader, Run]) -> None:
    rule = replace(RULE, unit=Unit.COMMON_TOKEN)
    order = ranking.load_trace_order(*opened, rule, Scope(benchmark="shop")).to_pylist()
    gap = {kind: teacher - student for kind, (teacher, student, _) in synthetic.PROBABILITIES.items()}
    want = {}
    for sketch in TRACES:
        if sketch.benchmark == "shop":
            gaps = [gap[kind] for _, kind in sketch.sentences if kind != "unscored"]
            want[sketch.trace_id] = sum(gaps) / len(gaps)
    assert {row["trace_id"]: row["mean"] for row in order} == pytest.approx(want)
    assert [row["mean"] for row in order] == pytest.approx(sorted(want.values(), reverse=True))
    strip = ranking.load_strip(*opened, rule, (order[0]["trace_no"],)).to_pylist()
    assert len(strip) == len(next(s for s in TRACES if s.trace_id == order[0]["trace_id"]).sentences)
