"""The result in words follows from the numbers: directions, disagreement, separation, and what cannot be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rdpt_core.analysis.evidence.control_auc import AucUnderControl
from rdpt_core.analysis.run.predict.aucs import ALL
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction, predict_correctness
from rdpt_core.analysis.statistics.auc import AucGap
from rdpt_core.analysis.statistics.regression.cross_validation import QuestionMean
from rdpt_core.ui.pages.predict.sentences import (
    added_lines,
    adjustment,
    findings,
    odds_in_words,
    separations,
    without_teacher,
)
from tests.unit.analysis.run.predict.worlds import LABELS, hump


def predicted(seed: int = 1, samples: int = 3, measure: str = "count") -> Prediction:
    traces, counts, logprobs = hump(seed, samples=samples)
    return predict_correctness(traces, counts, LABELS, measure, logprobs)


def with_curve_and_line(prediction: Prediction, curve_p: float, line_p: float) -> Prediction:
    """The same, with other adjusted p-values of the first label, whose odds fall."""
    first = prediction.fits[0]
    for beside in (Beside.CURVE, Beside.LINE):
        first.fits[beside].coefficient[0] = -0.4
    first.p_holm.update({Beside.CURVE: curve_p, Beside.LINE: line_p, Beside.QUESTION: 0.5})
    return prediction


def test_it_is_said_first_whether_a_line_misfits() -> None:
    prediction = predicted()
    assert "**Here a straight line misfits** (p < 0.001)" in adjustment(prediction)
    fits = replace(prediction, length=replace(prediction.length, misfit_p=0.3))
    assert "no clearly better than a straight line (p = 0.300)" in adjustment(fits)
    unknown = replace(prediction, length=replace(prediction.length, misfit_p=np.nan))
    assert "cannot be tested" in adjustment(unknown)


def test_ways_that_differ_are_named_with_what_each_says() -> None:
    line = findings(with_curve_and_line(predicted(), 0.5, 0.001))[0]
    assert (
        "At equal length **the ways differ**: it goes with incorrect answers beside a straight line; it shows no"
        in line
    )
    assert "beside a curve of length, within questions and in pairs of about the same length (odds ×" in line
    agreed = findings(with_curve_and_line(predicted(), 0.5, 0.5))[0]
    assert "no clear relation to correctness, in all 4 ways (odds ×0.67, " in agreed and "differ" not in agreed


def test_a_label_that_no_trace_has_is_not_called_unclear() -> None:
    boosted = findings(predicted())[3]
    assert boosted.startswith("**Boosted count** cannot be judged: AUC 0.50")
    assert "nothing can be said: the predictors cannot be told apart" in boosted


def test_labels_are_set_against_length_on_the_same_footing() -> None:
    lines = findings(predicted(samples=3))
    assert [line for line in lines if "against length, within benchmarks" in line]
    assert [line for line in lines if "against length, within questions" in line]
    assert not [line for line in findings(predicted(samples=1)) if "against length, within questions" in line]


def test_separation_is_told_by_its_kind() -> None:
    traces, counts, logprobs = hump(2)
    assert list(separations(predict_correctness(traces, counts, LABELS, "count", logprobs))) == []
    counts[:, 3] = (np.arange(len(counts)) < 9) & (traces.correct == 1)
    (part,) = separations(predict_correctness(traces, counts, LABELS, "count", logprobs))
    assert "separated in part" in part and "Boosted alone" in part and "Firth's estimate" in part
    counts[:, 3] = 5 * traces.correct
    both = list(separations(predict_correctness(traces, counts, LABELS, "count", logprobs)))
    assert [("separated completely" in said) for said in both] == [True]


def test_an_interval_without_an_end_says_so() -> None:
    fit = predicted().fits[0].fits[Beside.LINE]
    fit.coefficient[0], fit.low[0], fit.high[0] = 2.0, 0.5, np.inf
    assert odds_in_words(fit) == "×7.39 (1.65 to ∞)"


def test_what_labels_add_follows_from_the_interval() -> None:
    prediction = predicted()
    unclear = added_lines(prediction)
    assert len(unclear) == 2 and all("change nothing clearly" in line for line in unclear)
    for ends, said in (((-0.2, -0.1), "make it better"), ((0.1, 0.2), "make it worse")):
        known = QuestionMean(sum(ends) / 2, *ends, 300, None)
        steps = tuple(replace(step, added=step.added and known) for step in prediction.added)
        assert all(said in line for line in added_lines(replace(prediction, added=steps)))


def test_what_a_label_says_without_a_teacher_is_never_claimed_for_the_teacher() -> None:
    auc = predicted().auc(LABELS[0], ALL).auc

    def said(value: float, low: float, high: float, refused: str | None = None) -> str:
        return without_teacher(AucUnderControl("Teacher", auc, auc, AucGap(value, low, high, refused)), "share")

    assert "farther from 0.5 by 0.10 (0.04 to 0.16). Only this speaks for the teacher." in said(0.1, 0.04, 0.16)
    assert "nearer to 0.5 by 0.10 (0.04 to 0.16)" in said(-0.1, -0.16, -0.04)
    assert "it is no sign of the teacher" in said(0.02, -0.04, 0.08)
    assert said(0.02, np.nan, np.nan, "too few questions").endswith("cannot be said: too few questions.")
