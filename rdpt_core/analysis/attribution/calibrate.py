"""Thresholds from text whose source is known, such as planted text or the teachers' own.

A sentence of known text may come from one source or, if it is common to several, from any of these. The ideal posterior
is then 1 for the one, or the same for each of the several. Tempers are compared by how far posteriors are from it:

    log score = mean over sentences of Σ_k ideal_k ln(ideal_k / posterior_k)        in nats; 0 is perfect

Choose on one half of the questions (`questions.half_sql`), and report on the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.attribution.answers import answer_in_place, judge
from rdpt_core.analysis.attribution.evidence import Evidence
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.arrays import Bools, Doubles, Ints
from rdpt_core.errors import UsageError

TEMPERS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
SHORTFALLS = tuple(round(0.1 * step, 1) for step in range(1, 41))
MOST_CREDITED = 0.05

_BINS = 10
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well one temper does on known text.

    Attributes:
        temper: λ.
        log_score: mean divergence of the posteriors from the ideal ones, in nats.
        calibration_error: expected calibration error of the likeliest source in ten bins: how far its posterior is from
            the ideal one, on average.
        n: sentences.
    """

    temper: float
    log_score: float
    calibration_error: float
    n: int


def compare_tempers(
    evidence: Evidence, known: Ints, rows: Bools | None = None, tempers: Sequence[float] = TEMPERS
) -> tuple[Calibration, ...]:
    """How well each temper does.

    Args:
        evidence: of the text.
        known: (n_sentences,), the named sources that may have written each, as bits; 0 where nothing is known.
        rows: (n_sentences,), those to look at; all by default.
        tempers: those to compare.

    Raises:
        UsageError: of no sentence anything is known.
    """
    chosen = known > 0
    if rows is not None:
        chosen &= rows
    part = evidence.part(slice(0, evidence.n_sentences))
    chosen &= ~np.isnan(part.named[0])
    if not chosen.any():
        raise UsageError(
            "tempers cannot be compared", where="known", expected="sentences whose source is known", got="none"
        )
    n_named = len(evidence.sources.named)
    member = (known[chosen][:, None] >> np.arange(n_named) & 1).astype(bool)
    ideal = member / member.sum(axis=1, keepdims=True)
    found = []
    for temper in tempers:
        posterior = judge(part, AttributionRule.make(temper=temper)).posterior.T[chosen, :n_named].astype(np.float64)
        divergence = np.where(member, ideal * np.log(np.maximum(ideal, _TINY) / np.maximum(posterior, _TINY)), 0)
        score = float(divergence.sum(axis=1).mean())
        found.append(Calibration(temper, score, _calibration_error(posterior, ideal), int(chosen.sum())))
    return tuple(found)


def best_temper(calibrations: Sequence[Calibration]) -> float:
    """The temper with the best log score."""
    return min(calibrations, key=lambda calibration: calibration.log_score).temper


def _calibration_error(posterior: Doubles, ideal: Doubles) -> float:
    likeliest = posterior.argmax(axis=1)
    rows = np.arange(len(posterior))
    said, right = posterior[rows, likeliest], ideal[rows, likeliest]
    number = np.minimum((said * _BINS).astype(np.int64), _BINS - 1)
    gap = np.bincount(number, said - right, _BINS)
    return float(np.abs(gap).sum() / len(said))


def largest_shortfall(
    evidence: Evidence,
    rule: AttributionRule,
    shortfalls: Sequence[float] = SHORTFALLS,
    most_credited: float = MOST_CREDITED,
) -> float | None:
    """The largest shortfall at which no control, in the place of all teachers, is credited with more than a part of the
    scored sentences: what every run with a control can be calibrated on. None if even the smallest credits more, or if
    the run has no control.

    Args:
        shortfalls: those to try.
        most_credited: the part that a control may be credited with.
    """
    fitting = None
    for shortfall in sorted(shortfalls) if evidence.sources.controls else ():
        tried = AttributionRule.make(rule.sure, rule.several, shortfall, rule.temper, rule.calibrated)
        for control in evidence.sources.controls:
            codes = answer_in_place(evidence, control, tried).codes
            if (codes == 1).sum() > most_credited * max(1, int((codes > 0).sum())):
                return fitting
        fitting = shortfall
    return fitting
