"""The result of the predict page in words: they follow from the numbers, and weak results are called weak."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rdpt_core.analysis.evidence.control_auc import AucUnderControl
from rdpt_core.analysis.run.predict.added import LABELS, LENGTH_CURVE, LOGPROBS
from rdpt_core.analysis.run.predict.aucs import ALL, SAME_LENGTH, SAME_QUESTION, AucRow
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.run.predict.verdict import (
    CLEAR,
    AgainstLength,
    Direction,
    LabelVerdict,
    against_length,
    of_auc,
    verdicts,
)
from rdpt_core.analysis.statistics.auc import NEAR_PERCENT, Auc
from rdpt_core.analysis.statistics.methods import FIRTH_ESTIMATE
from rdpt_core.analysis.statistics.regression.cross_validation import QuestionMean
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit
from rdpt_core.analysis.statistics.regression.separation import Separation
from rdpt_core.ui.style import words

WAYS = {
    str(Beside.CURVE): "beside a curve of length",
    str(Beside.LINE): "beside a straight line",
    str(Beside.QUESTION): "within questions",
    SAME_LENGTH: "in pairs of about the same length",
}
"""The ways to hold length constant, in the order in which they are named."""

GOES = {
    Direction.CORRECT: "goes with correct answers",
    Direction.INCORRECT: "goes with incorrect answers",
    Direction.UNCLEAR: "shows no clear relation to correctness",
}
_GROUPS = {ALL: "within benchmarks", SAME_QUESTION: "within questions"}
_KNOWN = {
    LENGTH_CURVE: "benchmark and length",
    LOGPROBS: "benchmark, length and the trace's mean logprobs under the models, which labels are made of",
}


def adjustment(prediction: Prediction) -> str:
    """How length is held constant, and whether the usual way can be trusted here."""
    text = (
        "**At equal length** below means four ways to hold the number of sentences constant: beside a **curve** of "
        "length, whose numbers are quoted; beside a **straight line**; **within questions**, beside the curve; and in "
        f"**pairs** of the same benchmark and about the same length (within {NEAR_PERCENT}%)."
    )
    p = prediction.length.misfit_p
    if np.isnan(p):
        return f"{text} Whether a straight line fits cannot be tested here."
    if p < CLEAR:
        return (
            f"{text} **Here a straight line misfits** (p {_equals(p)}): correctness does not rise or fall steadily "
            "with length. Where the line differs from the others, do not trust it."
        )
    return f"{text} Here the curve fits no clearly better than a straight line (p {_equals(p)})."


def findings(prediction: Prediction) -> list[str]:
    """A line a label, then length, then labels against length: pooled with pooled, and within questions likewise."""
    lines = [line for verdict in verdicts(prediction) if (line := _of_label(verdict, prediction))]
    length = prediction.auc(LENGTH, ALL)
    lines.append(f"**Number of sentences**, for comparison, {_strength(length)}: AUC {auc_in_words(length.auc)}.")
    lines += [_beside_length(found, prediction) for found in against_length(prediction)]
    return lines


def without_teacher(found: AucUnderControl, measure: str) -> str:
    """What the first label would say of correctness with no teacher at all; a claim for the teacher is the difference.

    Args:
        found: with the teacher, and with the distilled model in its place.
    """
    gap = found.gap
    text = (
        f"**With no teacher at all**, the {measure} of {found.label} has AUC {auc_in_words(found.control)} within "
        f"benchmarks; with the teacher {auc_in_words(found.true)}"
    )
    if np.isnan(gap.value):
        return f"{text}."
    if gap.refused:
        return f"{text}. Whether they differ cannot be said: {gap.refused}."
    low, high = sorted((abs(gap.low), abs(gap.high)))
    ends = f"{abs(gap.value):.2f} ({low:.2f} to {high:.2f})"
    if gap.low > 0:
        return f"{text}: farther from 0.5 by {ends}. Only this speaks for the teacher."
    if gap.high < 0:
        return f"{text}: nearer to 0.5 by {ends}. The label says less of correctness with the teacher than without one."
    return f"{text}: not clearly farther from 0.5, so it is no sign of the teacher."


def auc_in_words(auc: Auc) -> str:
    """`0.62 (0.58 to 0.66)`."""
    if np.isnan(auc.value):
        return "–"
    spread = f"no interval: {auc.refused}" if auc.refused else f"{auc.low:.2f} to {auc.high:.2f}"
    return f"{auc.value:.2f} ({spread})"


def odds_in_words(fit: LogisticFit) -> str:
    """`×1.45 (1.19 to 1.77)`."""
    if fit.refused is not None:
        return f"no estimate: {fit.refused}"
    value, low, high = (float(np.exp(v[0])) for v in (fit.coefficient, fit.low, fit.high))
    return f"×{value:.2f} ({low:.2f} to {'∞' if np.isinf(high) else format(high, '.2f')})"


def mean_in_words(mean: QuestionMean, sign: str = "") -> str:
    """`0.484 (0.444 to 0.524)`; with `+` as the sign, one stands before every number."""
    spread = f"no interval: {mean.refused}" if mean.refused else f"{mean.low:{sign}.3f} to {mean.high:{sign}.3f}"
    return f"{mean.value:{sign}.3f} ({spread})"


def added_lines(prediction: Prediction) -> list[str]:
    """What labels add to length, and to mean logprobs."""
    losses = {step.known: step.loss.value for step in prediction.added}
    lines = []
    for step in prediction.added:
        added = step.added
        if step.known[-1] != LABELS or added is None:
            continue
        what = f"**{_KNOWN[step.known[-2]]}**"
        if added.refused is not None:
            lines.append(f"What labels add to {what} cannot be said: {added.refused}.")
            continue
        said = "make it better" if added.high < 0 else "make it worse" if added.low > 0 else "change nothing clearly"
        lines.append(
            f"In predictions from {what}, labels {said}: log loss {losses[step.known[:-1]]:.3f} without them, "
            f"{step.loss.value:.3f} with them, a change of {mean_in_words(added, '+')}."
        )
    return lines


def separations(prediction: Prediction) -> Iterator[str]:
    """What separation means, once for each kind that occurs, with the odds ratios that it concerns."""
    found: dict[Separation, list[str]] = {}
    fits = [(fit.predictor, beside, fit.fits[beside]) for fit in prediction.fits for beside in Beside]
    for predictor, beside, fit in [*fits, (LENGTH, Beside.NOTHING, prediction.length.line)]:
        if fit.separation is not None:
            found.setdefault(fit.separation, []).append(f"{predictor} {beside}")
    for kind, which in found.items():
        yield f"{_SEPARATIONS[kind]} Shown instead is **{FIRTH_ESTIMATE.name}**. It concerns: {'; '.join(which)}."


_SEPARATIONS = {
    Separation.COMPLETE: (
        "**Correct and incorrect traces are separated completely.** A threshold puts every correct trace on one side "
        "and every incorrect one on the other, so the usual estimate would be infinite."
    ),
    Separation.PARTIAL: (
        "**Correct and incorrect traces are separated in part.** The other traces overlap, but those that the numbers "
        "tell apart all point one way, as when the few traces that have a label are all correct. The usual estimate "
        "would be infinite."
    ),
}


def _of_label(verdict: LabelVerdict, prediction: Prediction) -> str:
    """One label: over all pairs of the same benchmark, and at equal length; empty where nothing is known."""
    row, curve = prediction.auc(verdict.predictor, ALL), prediction.fit(verdict.predictor).fits[Beside.CURVE]
    if np.isnan(row.auc.value):
        return ""
    measure = f"**{verdict.predictor} {prediction.measure}**"
    start = f"{measure} {_strength(row)}: AUC {auc_in_words(row.auc)}. At equal length"
    if verdict.agreed is Direction.UNKNOWN:
        return f"{start} nothing can be said: {curve.refused}."
    odds = "" if curve.refused else f" (odds {_inside(odds_in_words(curve))}, beside the curve)"
    ways = verdict.at_equal_length
    if verdict.agreed is not None:
        again = "still " if verdict.agreed is verdict.pooled else ""
        known = f"in all {len(ways)} ways" if len(ways) > 1 else f"{WAYS[next(iter(ways))]}, the only way with a number"
        return f"{start} it {again}{GOES[verdict.agreed]}, {known}{odds}."
    parts = [
        f"it {GOES[direction]} {words.listed([WAYS[way] for way in WAYS if ways.get(way) is direction])}"
        for direction in GOES
        if direction in ways.values()
    ]
    return f"{start} **the ways differ**: {'; '.join(parts)}{odds}."


def _beside_length(found: AgainstLength, prediction: Prediction) -> str:
    length = prediction.auc(LENGTH, found.group).auc
    compared = (
        (found.better, "clearly better than length"),
        (found.worse, "clearly worse than length"),
        (found.unclear, "no clear difference from length"),
    )
    parts = [f"{words.listed(which)}: {said}" for which, said in compared if which]
    return (
        f"**Labels against length, {_GROUPS[found.group]}** (length has AUC {_inside(auc_in_words(length))}). How well "
        f"they tell correct from incorrect traces: {'; '.join(parts)}."
    )


def _strength(row: AucRow) -> str:
    """In words. The steps are Cohen's: 0.64 and 0.71 are the AUCs of standardised differences of 0.5 and 0.8."""
    direction = of_auc(row)
    if direction is Direction.UNKNOWN:
        return "cannot be judged"
    if direction is Direction.UNCLEAR:
        return GOES[direction] + (" once all labels are allowed for" if row.auc.p_value < CLEAR else "")
    distance = abs(row.auc.value - 0.5)
    size = "weakly" if distance < 0.14 else "moderately" if distance < 0.21 else "strongly"
    return GOES[direction].replace("goes", f"goes {size}")


def _inside(text: str) -> str:
    """`0.62, 0.58 to 0.66` for `0.62 (0.58 to 0.66)`, where brackets stand around it."""
    return text.replace(" (", ", ").removesuffix(")")


def _equals(p: float) -> str:
    text = words.p_value(p)
    return text if text.startswith("<") else f"= {text}"
