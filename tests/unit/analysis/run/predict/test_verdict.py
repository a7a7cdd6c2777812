"""What the page says of a label follows from the numbers."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import predict_correctness
from rdpt_core.analysis.run.predict.verdict import Direction, against_length, verdicts
from tests.unit.analysis.run.predict.worlds import LABELS, hump, table


def test_ways_to_hold_length_constant_may_differ() -> None:
    for seed in range(20):
        traces, counts, logprobs = hump(seed)
        teacher = verdicts(predict_correctness(traces, counts, LABELS, "count", logprobs))[0]
        ways = teacher.at_equal_length
        if ways[Beside.LINE] is not Direction.UNCLEAR and ways[Beside.CURVE] is Direction.UNCLEAR:
            break
    assert teacher.agreed is None and ways[Beside.LINE] is Direction.INCORRECT
    assert ways[SAME_LENGTH] is Direction.UNCLEAR


def test_a_real_effect_is_seen_whichever_way() -> None:
    rng = np.random.default_rng(0)
    question = np.repeat(np.arange(250), 4)
    length = rng.integers(6, 25, 1000)
    student = rng.binomial(length, rng.beta(2, 3, 1000))
    correct = rng.random(1000) < 1 / (1 + np.exp(6 * (student / length - 0.4) + rng.normal(size=250)[question]))
    counts = np.stack([0 * length, length - student, student, 0 * length], axis=1).astype(float)
    prediction = predict_correctness(table(question, correct), counts, LABELS, "share", rng.normal(size=(1000, 3)))
    teacher, shared, student_verdict, _ = verdicts(prediction)
    assert student_verdict.agreed is student_verdict.pooled is student_verdict.within is Direction.INCORRECT
    assert len(student_verdict.at_equal_length) == 4 and shared.agreed is Direction.CORRECT
    # No trace has a Teacher sentence: nothing is known, and nothing is not "unclear".
    assert teacher.pooled is teacher.agreed is Direction.UNKNOWN and teacher.at_equal_length == {}
    pooled, within = against_length(prediction)
    assert (pooled.group, within.group) == (ALL, SAME_QUESTION)
    assert {"Shared", "Student"} <= set(pooled.better) and {"Shared", "Student"} <= set(within.better)


def test_one_trace_a_question_is_silent_within_questions() -> None:
    traces, counts, logprobs = hump(1, samples=1)
    prediction = predict_correctness(traces, counts, LABELS, "share", logprobs)
    teacher = verdicts(prediction)[0]
    assert teacher.within is Direction.UNKNOWN and Beside.QUESTION not in teacher.at_equal_length
    assert [found.group for found in against_length(prediction)] == [ALL]
