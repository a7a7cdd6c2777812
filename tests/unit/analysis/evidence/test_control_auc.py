"""A label against correctness, with the teacher and under a control: every pair of traces, counted naively."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.evidence.control_auc import auc_under
from rdpt_core.analysis.evidence.control_shares import ControlledRun
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.support import companions, synthetic

TRACES = [*synthetic.sketches(), synthetic.unscored_sketch()]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "controls.duckdb"
    companions.build(path, TRACES, ("control:decoy",))
    return path


def teacher_share(sketch: synthetic.Sketch, key: str, beta: float = 0.1) -> float:
    """The part of the scored sentences that the model finds clearly likelier than the student."""
    kinds = [kind for _, kind in sketch.sentences if kind != "unscored"]
    held = []
    for kind in kinds:
        teacher, student, distilled = synthetic.PROBABILITIES[kind]
        p = {"teacher": teacher, "distilled": distilled}.get(key)
        p = companions.probability(key, kind) if p is None else p
        held.append(p - student > beta)
    return float(np.mean(held)) if held else np.nan


def naive(key: str) -> float:
    """AUC over pairs of the same benchmark, ties counting half."""
    values = [(s.benchmark, s.correct, teacher_share(s, key)) for s in TRACES]
    wins = [
        1.0 if good > bad else 0.5 if good == bad else 0.0
        for (one, is_good, good), (other, is_bad, bad) in product(values, values)
        if one == other and is_good is True and is_bad is False and not np.isnan(good + bad)
    ]
    return float(np.mean(wins))


@pytest.mark.parametrize("key", ["distilled", "control:decoy"])
def test_both_sides_count_every_pair(path: Path, key: str) -> None:
    run = rdpt.open(path).run()
    controlled = ControlledRun(run._data(), lambda other: run._data(control=other))
    control = next(control for control in controlled.controls if control.key == key)
    found = auc_under(controlled, control, LabelRule.make(), Scope(), "share")
    assert found.label == "Teacher"
    assert found.true.value == pytest.approx(naive("teacher"))
    assert found.control.value == pytest.approx(naive(key))
    distance = abs(naive("teacher") - 0.5) - abs(naive(key) - 0.5)
    assert found.gap.value == pytest.approx(distance)
