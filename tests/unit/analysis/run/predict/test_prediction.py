"""What labels say about correctness, over simulated traces."""

from __future__ import annotations

from rdpt_core.analysis.run.predict import ALL, LENGTH, SAME_QUESTION, predict_correctness, prediction_table
from tests.support.simulation import LABELS, World, draw


def test_everything_on_correctness_of_simulated_traces() -> None:
    sample = draw(World(n_questions=120, effect=0.8), 11)
    prediction = predict_correctness(sample.traces, sample.counts, LABELS, "share", sample.counts)
    by_key = {(row.predictor, row.group): row.auc for row in prediction.aucs}
    assert by_key["Teacher", ALL].low > 0.5 > by_key["Shared", ALL].high
    assert by_key["Teacher", SAME_QUESTION].n_questions < 120
    assert by_key[LENGTH, ALL].low < 0.5 < by_key[LENGTH, ALL].high
    assert [row.auc.value for row in prediction.without_first] == [by_key[kind, ALL].value for kind in LABELS]
    assert prediction.n_graded == len(sample.counts) and prediction.n_ungraded == 0
    rows = prediction_table(prediction).to_pylist()
    boosted = [row for row in rows if row["predictor"] == "Boosted" and row["statistic"].startswith("odds")]
    assert all(row["value"] is None and row["no_interval_because"] for row in boosted)
