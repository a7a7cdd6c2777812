"""Strategies side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rdpt_core.analysis.selection.comparison import overlap, summarise
from rdpt_core.analysis.selection.pick import select
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options

from .build import make


def test_side_by_side() -> None:
    candidates = make([5, 9, 7, 3, 4], [0, 0, 1, 1, 2], n_teacher=[2, 1, 3, 1, 1], correct=[1, 0, 1, 1, np.nan])
    selections = [select(candidates, STRATEGIES[name], Options()) for name in ("longest", "teacher-count")]
    agreement = overlap(candidates, selections)
    assert agreement.n.tolist() == [[2, 2], [2, 2]]
    assert agreement.share.tolist() == [[1.0, 0.5], [0.5, 1.0]]
    rows = summarise(candidates, selections)
    assert [row.n_picked for row in rows] == [3, 3]
    assert [row.n_tokens for row in rows] == [20, 16]
    assert [row.same_as_longest for row in rows] == [1.0, 0.5]
    assert rows[0].length_correlation == pytest.approx(1.0)
    assert rows[1].length_correlation == pytest.approx(float(np.corrcoef([0.5, -0.5, 1, -1], [-2, 2, 2, -2])[0, 1]))
    assert (rows[0].n_correct, rows[0].n_graded) == (1, 2)
    assert (rows[1].n_correct, rows[1].n_graded) == (2, 2)


def test_one_text_under_two_ids_is_one_question_in_intervals() -> None:
    candidates = make([5] * 16, list(range(16)), correct=[1, 0] * 8)
    twice = replace(candidates, asked=np.arange(16) // 2)
    assert (candidates.n_alike, twice.n_alike) == (0, 8)
    rows = [summarise(each, [select(each, STRATEGIES["longest"], Options())])[0] for each in (candidates, twice)]
    assert [row.n_questions for row in rows] == [16, 16]
    assert [row.correct.n_questions for row in rows] == [16, 8]
