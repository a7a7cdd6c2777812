"""Position curves by hand, cuts, and areas that are planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rdpt_core.analysis.run.gaps.gap_arrays import Gaps
from rdpt_core.analysis.run.positions.areas import position_scores
from rdpt_core.analysis.run.positions.curves import LINES, MIN_AT_POSITION, make_panel, positions_table
from rdpt_core.analysis.run.positions.tables import absolute_edges, absolute_table, relative_table, sentences_at
from rdpt_core.analysis.run.trace_table import TraceTable
from tests.support import simulation
from tests.support.simulation import LABELS, ROLES, World, draw


def tiny(*traces: list[int]) -> tuple[Gaps, np.ndarray, np.ndarray]:
    length = [len(trace) for trace in traces]
    codes = np.array([code for trace in traces for code in trace], np.uint8)
    empty = np.zeros(len(codes), np.float32)
    start = np.concatenate([[0], np.cumsum(length)])
    return Gaps(ROLES, np.arange(len(traces), dtype=np.int32), start, empty, empty), codes, np.arange(len(traces))


def test_absolute_positions_by_hand() -> None:
    gaps, codes, rows = tiny([1, 2, 0], [3], [1, 1, 1, 4])
    table = absolute_table(gaps, codes, rows, 3)
    assert table.amount[:, 0].tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]]
    assert table.amount[:, 2].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert table.reaches.tolist() == [[True, True, False], [True, False, False], [True, True, True]]


def test_many_positions_are_binned() -> None:
    assert absolute_edges(60).tolist() == list(range(61))
    assert absolute_edges(61)[:3].tolist() == [0, 2, 4] and absolute_edges(61)[-1] >= 61
    gaps, codes, rows = tiny([1] * 61 + [2] * 60)
    table = absolute_table(gaps, codes, rows, 121)
    assert table.amount.sum() == 121
    # Positions 61 to 63: the last of the first kind, and two of the second.
    assert table.amount[0, 20].tolist() == [1, 2, 0, 0]


def test_relative_parts_by_hand() -> None:
    gaps, codes, rows = tiny([1, 2], [1, 2, 3], [1, 0])
    table = relative_table(gaps, codes, rows, n_parts=4)
    assert table.amount[0].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]
    assert table.amount[1] == pytest.approx(
        np.array([[1, 0, 0, 0], [1 / 3, 2 / 3, 0, 0], [0, 2 / 3, 1 / 3, 0], [0, 0, 1, 0]]), abs=1e-6
    )
    assert table.amount[2].sum(axis=1) == pytest.approx([1, 1, 0, 0])
    assert table.reaches[2].tolist() == [True, True, False, False]


def test_relative_parts_hold_every_sentence_once() -> None:
    sample = draw(World(), 3)
    table = relative_table(sample.gaps, sample.codes, sample.rows)
    assert table.amount.sum(axis=2) == pytest.approx(np.ones(table.amount.shape[:2]), abs=1e-5)
    length = sample.gaps.length[:, None]
    assert table.amount.mean(axis=1) == pytest.approx(sample.counts / length, abs=1e-5)


def test_a_curve_ends_where_questions_run_out() -> None:
    sample = draw(World(n_questions=12), 1)
    table = absolute_table(sample.gaps, sample.codes, sample.rows, 30)
    (curve,) = make_panel("x", table, sample.traces, sample.rows, LINES[:1]).curves
    assert 0 < curve.n_shown < 30
    assert np.all(np.round(curve.n_effective[: curve.n_shown]) >= MIN_AT_POSITION)
    assert round(curve.n_effective[curve.n_shown]) < MIN_AT_POSITION
    assert np.isnan(curve.share[curve.n_shown :]).all() and np.isfinite(curve.low[: curve.n_shown]).all()
    shown = curve.share[: curve.n_shown]
    assert shown.sum(axis=1) == pytest.approx(np.ones(curve.n_shown))
    rows = positions_table([make_panel("x", table, sample.traces, sample.rows, LINES[:1])], table, LABELS).to_pylist()
    assert rows[-1]["share"] is None and rows[0]["n_traces"] == len(sample.rows)


def test_the_planted_area_is_found_and_length_makes_none() -> None:
    world = World(n_questions=400, effect=0.8)
    truth = simulation.area(simulation.large(world))[0]
    value, low, high = simulation.area(draw(world, 5))
    assert low < truth < high and low > 0
    assert value == pytest.approx(truth, abs=0.04)
    sample = draw(World(n_questions=200, effect=0.0), 6)
    # Incorrect traces lose their second half: other lengths, the same curves.
    keep = np.where(sample.traces.correct == 1, sample.gaps.length, np.maximum(3, sample.gaps.length // 2))
    index = np.concatenate([np.arange(s, s + n) for s, n in zip(sample.gaps.start[:-1], keep, strict=True)])
    gaps = replace(sample.gaps, start=np.concatenate([[0], np.cumsum(keep)]))
    table = absolute_table(gaps, sample.codes[index], sample.rows, 3)
    panel = make_panel("x", table, sample.traces, sample.rows, LINES[1:])
    assert panel.area is not None and panel.area.test.p_value[0] > 0.05
    assert panel.area.test.n_informative > 50


def test_scores_of_positions_are_centred() -> None:
    sample = draw(World(), 2)
    table = absolute_table(sample.gaps, sample.codes, sample.rows, 6)
    assert position_scores(table.amount).sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-3)


def test_the_sentences_behind_a_point() -> None:
    gaps, codes, rows = tiny([1, 2, 0], [3], [2, 2, 1, 4])
    table = absolute_table(gaps, codes, rows, 4)
    n, row_no, index = sentences_at(gaps, codes, rows, table, 1, 1, 10)
    assert (n, row_no.tolist(), index.tolist()) == (2, [0, 2], [1, 1])
    quarters = relative_table(gaps, codes, rows, n_parts=4)
    n, row_no, index = sentences_at(gaps, codes, rows, quarters, 3, 3, 10)
    assert (n, row_no.tolist(), index.tolist()) == (1, [2], [3])
    sample = draw(World(), 4)
    parts = relative_table(sample.gaps, sample.codes, sample.rows)
    _, row_no, index = sentences_at(sample.gaps, sample.codes, sample.rows, parts, 7, 0, 50)
    assert np.all(sample.codes[sample.gaps.start[sample.rows[row_no]] + index] == 1)


def test_the_same_traces_do_not_rise_where_only_their_company_changes() -> None:
    # Flat within every trace, and the longer a trace, the more of the label.
    rng = np.random.default_rng(0)
    length = rng.choice([6, 12, 40], 200)
    share = np.select([length == 6, length == 12], [0.1, 0.4], 0.8)
    gaps, _, rows = tiny(*[[0] * n for n in length])
    codes = np.where(rng.random(length.sum()) < np.repeat(share, length), 1, 2).astype(np.uint8)
    traces = TraceTable(
        trace_no=gaps.trace_no,
        question=rows,
        question_keys=tuple(("b", str(row)) for row in rows),
        codes={"benchmark": np.zeros(200, np.int64)},
        names={"benchmark": ("b",)},
        correct=np.ones(200, np.int8),
    )
    (curve,) = make_panel("b", absolute_table(gaps, codes, rows, 40), traces, rows, LINES[:1]).curves
    assert curve.share[11, 0] - curve.share[0, 0] > 0.12
    assert curve.same is not None
    assert (curve.same.at_least, curve.same.n_traces) == (12, int((length >= 12).sum()))
    assert abs(curve.same.share[:6, 0].mean() - curve.same.share[6:, 0].mean()) < 0.05
    # Where all of them are, the two curves meet.
    assert curve.same.share[11] == pytest.approx(curve.share[11])
    equally_long = absolute_table(gaps, codes, rows, 6)
    assert make_panel("b", equally_long, traces, rows, LINES[:1]).curves[0].same is None
    assert make_panel("b", relative_table(gaps, codes, rows), traces, rows, LINES[:1]).curves[0].same is None


def test_a_label_that_never_occurs_has_an_area_that_is_not_certain() -> None:
    sample = draw(World(), 1)
    table = absolute_table(sample.gaps, sample.codes, sample.rows, 6)
    area = make_panel("x", table, sample.traces, sample.rows, LINES[1:]).area
    assert area is not None and area.value[3] == 0
    assert area.low[3] < -0.05 and area.high[3] > 0.05
