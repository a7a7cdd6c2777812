"""Tables of a run that is not finished."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import rdpt_core as rdpt
from tests.support import synthetic


def test_tables_of_an_unfinished_run_warn_once(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=16, finish=False)
    synthetic.build(path, synthetic.sketches(2), run_id="a")
    half, whole = rdpt.open(path).runs()
    assert (half.n_traces_scored, whole.n_traces_scored) == (16, whole.info.n_traces)
    with pytest.warns(UserWarning, match="16 of 36 traces; the run is not finished") as caught:
        assert half.sentences().num_rows
        half.shares()
        half.trace(synthetic.sketches()[0].trace_id)
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole.sentences()
