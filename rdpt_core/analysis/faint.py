"""Sentences so unlikely under every model that their label says nothing about the models."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.records import Label


@dataclass(frozen=True, slots=True)
class Faint:
    """Sentences so unlikely under every model that no difference of probabilities can exceed the threshold.

    Their label is then Shared (Common or Kept with two roles) whatever the models are, and says nothing about them.

    Attributes:
        label: what they are called.
        symbol: the threshold that none of their probabilities exceeds, `α` or `β`.
        n_faint: how many there are.
        n_label: sentences with that label in all.
        n_scored: sentences with any label.
    """

    label: Label
    symbol: str
    n_faint: int
    n_label: int
    n_scored: int

    @property
    def is_notable(self) -> bool:
        """Whether they are so many that a reader must be told."""
        return self.n_faint > NOTABLE_PART * self.n_scored


NOTABLE_PART = 0.05
"""Faint sentences are pointed out if they are more than this part of the scored ones."""


def faint_limit(rule: LabelRule, roles: tuple[str, ...]) -> tuple[Label, str, float] | None:
    """(label, symbol, threshold) of faint sentences; None in ratio space, where small values differ as well as others.

    If no probability exceeds the threshold, then no two of them differ by more than that.
    """
    if rule.space is not Space.DIFFERENCE:
        return None
    scheme = scheme_of(roles)
    if scheme.alike is not None:
        return scheme.alike, "α", rule.alpha
    return scheme.rest, "β", rule.beta
