"""What labels add: nothing to the logprobs they are made of, something to length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rdpt_core.analysis.run.predict.added import LABELS, LENGTH_CURVE, LOGPROBS, added_value, mean_logprobs
from rdpt_core.store.reader import Reader, Run
from tests.unit.analysis.run.predict.worlds import graded


def test_labels_made_of_a_logprob_add_to_length_but_not_to_the_logprob() -> None:
    rng = np.random.default_rng(0)
    n = 1200
    logprob = rng.normal(size=n)
    length = rng.integers(5, 30, n)
    teacher = rng.binomial(length, 1 / (1 + np.exp(-logprob)))
    counts = np.stack([teacher, length - teacher, 0 * length, 0 * length], axis=1).astype(float)
    correct = rng.random(n) < 1 / (1 + np.exp(-1.5 * logprob))
    steps = added_value(graded(counts, correct, np.arange(n) // 2, "share"), np.stack([logprob, rng.normal(size=n)], 1))
    added = {step.known[1:]: step.added for step in steps if step.added is not None}
    to_length, to_logprobs = added[LENGTH_CURVE, LABELS], added[LENGTH_CURVE, LOGPROBS, LABELS]
    assert to_length is not None and to_length.high < -0.05
    assert to_logprobs is not None and to_logprobs.high > 0 and abs(to_logprobs.value) < 0.01
    assert steps[0].added is None and all(step.loss.n_questions == 600 for step in steps)


def test_few_questions_give_nothing() -> None:
    counts = np.ones((14, 4))
    assert added_value(graded(counts, np.arange(14) % 2 == 0, np.arange(14) // 2, "share"), np.zeros((14, 3))) == ()


def test_mean_logprobs_are_those_of_scored_tokens(each_run: tuple[Reader, Run]) -> None:
    reader, run = each_run
    means = mean_logprobs(reader, run)
    sentences = reader.query(
        f"SELECT * FROM sentences WHERE run_no = {run.run_no} ORDER BY trace_no, sentence_index"
    ).to_pylist()
    traces = sorted({row["trace_no"] for row in sentences})
    assert means.shape == (len(traces), len(run.roles))

    def expected(role: str) -> Iterator[float]:
        for trace in traces:
            scored = [row for row in sentences if row["trace_no"] == trace and row["unscored_reason"] is None]
            n_tokens = sum(row[f"n_tokens_{role}"] for row in scored)
            yield sum(row[f"logprob_sum_{role}"] for row in scored) / n_tokens if n_tokens else float("nan")

    for k, role in enumerate(run.roles):
        assert means[:, k] == pytest.approx(list(expected(role)), nan_ok=True)
    assert any(row["unscored_reason"] is not None for row in sentences)
