"""Thresholds of attribution: everything an answer depends on beside the stored numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rdpt_core.errors import UsageError

DEFAULT_SURE = 0.9
DEFAULT_SEVERAL = 0.3
DEFAULT_SHORTFALL = 1.0
DEFAULT_TEMPER = 0.2

SHORTEST = 8
"""Shorter sentences fall short as if they had as many tokens: one surprising token is no evidence of another source."""


@dataclass(frozen=True, slots=True)
class AttributionRule:
    """When a sentence is credited to one source, to several, or to none.

    Attributes:
        sure: the posterior from which one source is named alone; above a half, so that it is at most one.
        several: a source is named beside the likeliest if its posterior is at least this part of it.
        shortfall: by how many nats a token the likeliest source may fall short of the distilled model, which wrote the
            sentence; beyond that none of the sources accounts for it.
        temper: the power λ that likelihoods are raised to, since tokens of a sentence depend on each other and models
            are too sure of themselves; 1 takes each token for new evidence.
        calibrated: whether each model's logprobs are first brought to one scale (see `scales`).
    """

    sure: float = DEFAULT_SURE
    several: float = DEFAULT_SEVERAL
    shortfall: float = DEFAULT_SHORTFALL
    temper: float = DEFAULT_TEMPER
    calibrated: bool = False

    @classmethod
    def make(
        cls,
        sure: float | None = None,
        several: float | None = None,
        shortfall: float | None = None,
        temper: float | None = None,
        calibrated: bool | None = None,
    ) -> AttributionRule:
        """A rule with the documented defaults for what is not given.

        Raises:
            UsageError: a threshold that is out of its range.
        """
        rule = cls(
            DEFAULT_SURE if sure is None else float(sure),
            DEFAULT_SEVERAL if several is None else float(several),
            DEFAULT_SHORTFALL if shortfall is None else float(shortfall),
            DEFAULT_TEMPER if temper is None else float(temper),
            bool(calibrated),
        )
        for name, value, is_right, expected in (
            ("sure", rule.sure, 0.5 < rule.sure < 1, "a number between 0.5 and 1"),
            ("several", rule.several, 0 < rule.several <= 1, "a number above 0, at most 1"),
            ("shortfall", rule.shortfall, rule.shortfall >= 0, "a number of nats a token, at least 0"),
            ("temper", rule.temper, 0 < rule.temper <= 1, "a number above 0, at most 1"),
        ):
            if not (is_right and math.isfinite(value)):
                raise UsageError(
                    "a threshold of attribution is out of range", where=name, expected=expected, got=f"{value}"
                )
        return rule
