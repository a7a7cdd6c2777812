"""p-values on the student's own text under the bundled decoys: none of them taught anybody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from data.recipe.experiments.attributed import PlantedRun
from data.recipe.experiments.exchangeable import Sums
from data.recipe.experiments.null_calibration import decoys, of_models, score_decoys
from rdpt_core.analysis.evidence.p_values.data import RATE, evidence_of
from rdpt_core.analysis.evidence.p_values.references import FEWEST
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope

N_SEEDS, N_SHUFFLES = 20, 200


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Sums:
    return score_decoys(tmp_path_factory.mktemp("null") / "null.duckdb")


def test_there_are_references_enough(known: Sums) -> None:
    assert len(known.sums) == len(decoys()) > FEWEST
    assert known.question.max() + 1 == 225


def test_without_a_teacher_p_values_are_uniform_and_nothing_is_found(known: Sums) -> None:
    found = of_models(known, 0.0, N_SEEDS, N_SHUFFLES)
    ours, alone = found["calibrated"], found["t alone"]
    # A least one of twenty below 0.0005 would come once in a hundred times.
    assert len(ours.uniform) == N_SEEDS and min(ours.uniform) > 0.0005
    assert sum(p < 0.05 for p in ours.uniform) <= 4
    assert 0.03 <= ours.below <= 0.06
    assert ours.false <= 0.055
    # What is calibrated away.
    assert sum(p < 0.05 for p in alone.uniform) > 4


def test_with_planted_sentences_false_discoveries_keep_to_their_rate(known: Sums) -> None:
    ours = of_models(known, 0.2, 0, N_SHUFFLES)["calibrated"]
    assert ours.false <= 0.055
    assert ours.found > 0.2


def test_the_bundled_teachers_sentences_are_found_and_no_decoys(demo_database: Path) -> None:
    """What docs/statistics.md says of the bundled traces."""
    own = evidence_of(rdpt.open(demo_database).run("bundled demo")._data())
    rule = LabelRule.make()
    is_found = own.q_values(rule, Scope()) <= RATE
    origins = PlantedRun(demo_database, "bundled demo").origins
    share = {str(origin): float(is_found[origins == origin].mean()) for origin in np.unique(origins)}
    assert share["teacher_a"] > 0.99 and share["both_teachers"] > 0.99
    assert share["common"] < 0.1
    assert max(own.placed(rule, Scope()).column("share_found").to_pylist()) < 0.01
