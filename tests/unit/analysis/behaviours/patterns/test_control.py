"""The run without its teacher: the same, whichever teacher it is seen with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.patterns.control import without_teacher
from tests.support import companions, synthetic
from tests.unit.analysis.behaviours.patterns.conftest import RULE


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> rdpt.ScoredRun:
    path: Path = tmp_path_factory.mktemp("several") / "several.duckdb"
    companions.build(path, synthetic.sketches(3), ("teacher:code",), models=companions.named_teacher("math"))
    return rdpt.open(path).run()


def test_it_is_the_run_seen_with_the_distilled_model(several: rdpt.ScoredRun) -> None:
    data, expected = several._data(), several._data(control="distilled").codes(RULE)
    for seen in (data, several._data("code")):
        found = without_teacher(seen)
        assert found is not None
        np.testing.assert_array_equal(found.codes(RULE), expected)
    assert (expected != data.codes(RULE)).any()
    # And what it is asked after that is still the run itself.
    assert data.run.seen_as == ()
    np.testing.assert_array_equal(several._data().codes(RULE), data.codes(RULE))
