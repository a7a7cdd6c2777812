"""Everything on correctness as rows: what is refused is NULL with a reason, and every number has its counts."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.run.predict.prediction import predict_correctness
from rdpt_core.analysis.run.predict.tables import prediction_table
from tests.unit.analysis.run.predict.worlds import LABELS, hump


def test_every_number_has_an_interval_or_a_reason() -> None:
    traces, counts, logprobs = hump(1)
    table = prediction_table(predict_correctness(traces, counts, LABELS, "share", logprobs, counts))
    rows = table.to_pylist()
    assert table.column_names[:8] == [
        "statistic", "predictor", "group", "value", "low", "high", "n_questions", "n_traces",
    ]  # fmt: skip
    for row in rows:
        is_test_only = row["statistic"].startswith("misfit")
        assert is_test_only or (row["low"] is None) == (row["no_interval_because"] is not None), row
        assert 0 < row["n_effective"] <= row["n_questions"]
    boosted = [row for row in rows if row["predictor"] == "Boosted" and row["statistic"].startswith("odds")]
    assert len(boosted) == 4 and all(row["value"] is row["estimator"] is None for row in boosted)
    assert {row["statistic"] for row in rows if row["predictor"] == "labels"} == {
        "log loss, benchmark + length + labels",
        "log loss added by labels to benchmark + length",
        "log loss, benchmark + length + mean logprobs + labels",
        "log loss added by labels to benchmark + length + mean logprobs",
    }


def test_firths_estimate_is_named() -> None:
    traces, counts, logprobs = hump(2)
    counts[:, 3] = (np.arange(len(counts)) < 9) & (traces.correct == 1)
    rows = prediction_table(predict_correctness(traces, counts, LABELS, "count", logprobs)).to_pylist()
    estimators = {row["statistic"]: row["estimator"] for row in rows if row["predictor"] == "Boosted"}
    assert estimators["odds ratio alone"] == "Firth (partial separation)"
