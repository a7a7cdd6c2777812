"""Means and medians over the sentences of each kind, beside plain loops over them."""

from __future__ import annotations

from statistics import mean, median

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.discovery.members import of_members, sentences
from rdpt_core.analysis.behaviours.discovery.pairs import Grid, chunks_of
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, totals
from rdpt_core.analysis.behaviours.families import WORDING, KindFamily

N_TRACES = 40


def test_what_is_said_of_members_is_what_plain_loops_say() -> None:
    rng = np.random.default_rng(5)
    # Traces of one sentence, too; every eighth is not graded, and two questions are out of scope.
    start = np.concatenate([[0], np.cumsum(np.arange(N_TRACES) % 4 + 1)])
    n = int(start[-1])
    trace_of = np.repeat(np.arange(N_TRACES, dtype=np.int32), np.diff(start))
    question = np.where(np.arange(N_TRACES) < 2, -1, np.arange(N_TRACES) - 2).astype(np.int32)
    correct = np.where(np.arange(N_TRACES) % 8 == 7, -1, np.arange(N_TRACES) % 2).astype(np.int32)
    correct[question < 0] = -1
    grid = Grid(start, trace_of, question, np.arange(N_TRACES - 2) % 2 == 0, correct)
    kind = np.arange(n) % 2
    family = KindFamily(
        WORDING, ("a", "b"), np.array([0, (n + 1) // 2, n]), np.argsort(kind, kind="stable").astype(np.int32)
    )
    drop = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)).astype(np.float32)
    known = rng.random(n) < 0.8
    labelled = Labelled(
        known,
        known & (rng.random(n) < 0.5),
        n_decoys=rng.integers(0, 4, n).astype(np.uint8),
        most_decoys=3,
        floor=np.full(n, np.nan, np.float32),
        drop=drop,
        training=rng.integers(0, 4, n).astype(np.uint8),
    )
    (chunk,) = chunks_of([family], grid)
    in_scope = question[trace_of] >= 0
    n_known = np.array([(known & in_scope & (kind == k)).sum() for k in (0, 1)], float)
    counted = totals(grid, labelled)
    found = of_members(chunk, sentences(grid, labelled, counted), n_known)
    assert labelled.n_decoys is not None and labelled.training is not None
    for k in (0, 1):
        own = np.flatnonzero(in_scope & (kind == k)).tolist()
        size = {i: int(start[trace_of[i] + 1] - start[trace_of[i]]) for i in own}
        places = [0.5 if size[i] == 1 else (i - start[trace_of[i]]) / (size[i] - 1) for i in own]
        assert found.place[k] == pytest.approx(mean(places), abs=1e-6)
        grades = [float(correct[trace_of[i]]) for i in own if known[i] and correct[trace_of[i]] >= 0]
        assert found.correct[k] == pytest.approx(mean(grades))
        others = np.flatnonzero(in_scope & (kind != k) & known & (correct[trace_of] >= 0))
        assert found.correct_rest[k] == pytest.approx(correct[trace_of[others]].mean())
        assert found.importance[k] == pytest.approx(median(float(drop[i]) for i in own if not np.isnan(drop[i])))
        assert found.decoy_share[k] == pytest.approx(mean(labelled.n_decoys[i] / 3 for i in own if known[i]))
        classes = [labelled.training[i] for i in own if known[i] and labelled.training[i] > 0]
        parts = [found.training_copied[k], found.training_template[k], found.training_new[k]]
        assert parts == pytest.approx([classes.count(c) / len(classes) for c in (1, 2, 3)])
        assert np.isnan(found.floor[k]), "without any known value"


def test_what_a_run_lacks_is_not_known() -> None:
    start = np.arange(0, 41)
    question = np.arange(40, dtype=np.int32)
    grid = Grid(start, question, question, np.arange(40) % 2 == 0, np.full(40, -1, np.int32))
    family = KindFamily(WORDING, ("all",), np.array([0, 40]), np.arange(40, dtype=np.int32))
    labelled = Labelled(np.ones(40, bool), np.arange(40) % 2 == 0)
    (chunk,) = chunks_of([family], grid)
    found = of_members(chunk, sentences(grid, labelled, totals(grid, labelled)), np.array([40.0]))
    missing = ("correct", "correct_rest", "importance", "training_copied", "training_new", "decoy_share", "floor")
    assert all(np.isnan(getattr(found, name)).all() for name in missing)
    assert found.place.tolist() == [0.5]
