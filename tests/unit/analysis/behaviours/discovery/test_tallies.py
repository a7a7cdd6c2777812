"""What questions add to kinds, beside plain loops over sentences; and the halves of questions."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.discovery.pairs import Grid, chunks_of, halves
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, tally, totals
from rdpt_core.analysis.behaviours.families import WORDING, KindFamily

N_TRACES, LENGTH, N_QUESTIONS = 60, 7, 30


def test_tallies_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(3)
    n = N_TRACES * LENGTH
    # Two samples of each question, far apart in the file; the last trace is out of scope.
    question = np.tile(np.arange(N_QUESTIONS, dtype=np.int32), 2)
    question[-1] = -1
    trace_of = np.repeat(np.arange(N_TRACES, dtype=np.int32), LENGTH)
    is_finding = np.arange(N_QUESTIONS) % 2 == 0
    grid = Grid(np.arange(0, n + 1, LENGTH), trace_of, question, is_finding, np.zeros(N_TRACES, np.int32))
    kind = rng.integers(0, 3, n)
    kind[kind == 2] = np.where(np.flatnonzero(kind == 2) < 20, 2, 0)
    order = np.argsort(kind, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(kind))])
    labelled = Labelled(rng.random(n) < 0.9, rng.random(n) < 0.4)
    labelled.has[~labelled.is_known] = False
    (chunk,) = chunks_of([KindFamily(WORDING, ("a", "b", "rare"), start, order)], grid)
    assert chunk.names == ("a", "b"), "a kind of too few questions is not tested"
    found = tally(chunk, labelled, totals(grid, labelled))
    for pair in range(chunk.n_pairs):
        wanted = (kind == chunk.kind[pair]) & (question[trace_of] == chunk.question[pair])
        assert chunk.members_of(pair).tolist() == np.flatnonzero(wanted).tolist()
        assert found.n[pair] == (wanted & labelled.is_known).sum()
        assert found.n_has[pair] == (wanted & labelled.has).sum()
        excess = 0.0
        for i in np.flatnonzero(wanted & labelled.is_known):
            own = trace_of == trace_of[i]
            excess += labelled.has[i] - labelled.has[own].sum() / labelled.is_known[own].sum()
        assert found.excess[pair] == pytest.approx(excess)


def test_a_question_is_in_one_half_under_every_name() -> None:
    names = [((f"{i:032x}",),) for i in range(400)]
    renamed = [(("other", f"q{i}"), own[0]) for i, own in enumerate(names)]
    first = halves(names, 0)
    assert (first == halves(renamed, 0)).all()
    assert 140 < first.sum() < 260
    assert (first != halves(names, 1)).any()
