"""What labels say about correctness, over simulated traces."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.run.predict.aucs import ALL, SAME_QUESTION
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import predict_correctness
from tests.support.simulation import LABELS, World, draw


def test_everything_on_correctness_of_simulated_traces() -> None:
    sample = draw(World(n_questions=120, effect=0.8), 11)
    logprobs = np.random.default_rng(0).normal(size=(len(sample.counts), 3))
    prediction = predict_correctness(sample.traces, sample.counts, LABELS, "share", logprobs, sample.counts)
    assert prediction.auc("Teacher", ALL).auc.low > 0.5 > prediction.auc("Shared", ALL).auc.high
    assert prediction.auc("Teacher", SAME_QUESTION).auc.n_questions < 120
    assert prediction.auc(LENGTH, ALL).auc.low < 0.5 < prediction.auc(LENGTH, ALL).auc.high
    assert [row.auc.value for row in prediction.without_first] == [
        prediction.auc(label, ALL).auc.value for label in LABELS
    ]
    assert prediction.n_graded == len(sample.counts) and prediction.n_ungraded == 0
    assert prediction.n_questions == 120 and 100 < prediction.n_effective < 120
    teacher = prediction.fit("Teacher").fits
    # Length is unrelated to anything here, so holding it constant changes little.
    gap = teacher[Beside.CURVE].coefficient[0] - teacher[Beside.NOTHING].coefficient[0]
    assert abs(gap) < 0.1 and teacher[Beside.QUESTION].low[0] > 0
