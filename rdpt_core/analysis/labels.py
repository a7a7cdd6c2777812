"""The label rule: one definition, rendered to SQL, to numpy, and as JSON for the browser.

With v_r the value of role r (a probability, or a logprob in ratio space):

    gap = v_teacher − v_student      d_sd = v_student − v_distilled     d_td = v_teacher − v_distilled
    max_gap = max(|gap|, |d_sd|, |d_td|)

    Shared    if max_gap ≤ α
    Teacher   else if gap >  β
    Student   else if gap < −β
    Boosted   else

Source: arXiv 2512.20908; α's default, ratio space, direction, margin and units are ours. With two roles the first line
falls away, and `schemes` says whose gap it is and what the labels are called.

Comparisons are made in double precision. A missing value gives no label.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.schemes import Scheme, scheme_of
from rdpt_core.arrays import Doubles
from rdpt_core.errors import UsageError
from rdpt_core.records import Direction, Label, Role

UNCERTAIN_PART = 0.1
"""A label is shown as uncertain if its margin is below this part of β."""


class Unit(enum.StrEnum):
    """What a logprob sum is divided by: the role's own tokens, the distilled model's tokens, or UTF-8 bytes."""

    OWN_TOKEN = "own_token"
    COMMON_TOKEN = "common_token"
    BYTE = "byte"


class Space(enum.StrEnum):
    """What is compared: differences of probabilities, or log-ratios in nats."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Clause:
    """`label` applies if `quantity` `comparison` `sign`·`threshold`."""

    label: Label
    quantity: str
    comparison: str
    sign: int
    threshold: str


def clauses_of(scheme: Scheme) -> tuple[Clause, ...]:
    """The clauses in the order in which they are asked; the label of what is left over is `scheme.rest`."""
    alike = () if scheme.alike is None else (Clause(scheme.alike, "max_gap", "<=", 1, "alpha"),)
    return (*alike, Clause(scheme.above, "gap", ">", 1, "beta"), Clause(scheme.below, "gap", "<", -1, "beta"))


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"<=": operator.le, ">": operator.gt, "<": operator.lt}

# In nats: 0.1 around p = 0.5 is 0.2 nats. A byte carries about a quarter of a token in English text.
_DEFAULT_THRESHOLDS: dict[tuple[Unit, Space], tuple[float, float]] = {
    (Unit.OWN_TOKEN, Space.DIFFERENCE): (0.05, 0.1),
    (Unit.COMMON_TOKEN, Space.DIFFERENCE): (0.05, 0.1),
    (Unit.OWN_TOKEN, Space.RATIO): (0.1, 0.2),
    (Unit.COMMON_TOKEN, Space.RATIO): (0.1, 0.2),
    (Unit.BYTE, Space.RATIO): (0.025, 0.05),
}


def default_thresholds(unit: Unit, space: Space) -> tuple[float, float]:
    """(α, β) to start from. Difference space: β is the paper's, α is ours; in ratio space both are ours, in nats.

    Raises:
        UsageError: bytes with differences, where no threshold would mean anything.
    """
    try:
        return _DEFAULT_THRESHOLDS[unit, space]
    except KeyError:
        raise UsageError(
            "unit `byte` goes with ratio space only",
            expected="--space ratio",
            got=f"--space {space}",
            hint="A probability per byte lies near 1 for every sentence, so its differences say nothing.",
        ) from None


@dataclass(frozen=True, slots=True)
class LabelRule:
    """Thresholds, unit, space, and whether marks count: everything a label depends on beside the stored numbers.

    Attributes:
        alpha: largest gap that still counts as Shared.
        beta: gap above which the sentence belongs to one of two models: teacher and student, if there is a teacher.
        marks: whether marks of format are labelled and counted like sentences.
    """

    alpha: float
    beta: float
    unit: Unit = Unit.OWN_TOKEN
    space: Space = Space.DIFFERENCE
    marks: bool = False

    @classmethod
    def make(
        cls,
        alpha: float | None = None,
        beta: float | None = None,
        unit: str = Unit.OWN_TOKEN,
        space: str = Space.DIFFERENCE,
        marks: bool = False,
    ) -> LabelRule:
        """A rule with the documented defaults for what is not given.

        Raises:
            UsageError: a threshold that is negative or not finite, an unknown unit or space, or bytes with differences.
        """
        for name, value in (("--alpha", alpha), ("--beta", beta)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError("a threshold is out of range", where=name, expected="a number ≥ 0", got=str(value))
        chosen_unit, chosen_space = _member(Unit, unit, "--unit"), _member(Space, space, "--space")
        default_alpha, default_beta = default_thresholds(chosen_unit, chosen_space)
        return cls(
            alpha=default_alpha if alpha is None else alpha,
            beta=default_beta if beta is None else beta,
            unit=chosen_unit,
            space=chosen_space,
            marks=marks,
        )

    def without_thresholds(self) -> LabelRule:
        """The same for all thresholds, which are set to their defaults: what depends on values alone is kept under
        it."""
        return LabelRule.make(unit=self.unit, space=self.space, marks=self.marks)


_E = TypeVar("_E", bound=enum.StrEnum)


def _member(kind: type[_E], value: str, option: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise UsageError("unknown value", where=option, expected=" or ".join(kind), got=value) from None


def value_sql(role: str, rule: LabelRule, roles: tuple[str, ...]) -> str:
    """SQL for v_role over the columns of `sentences`; NULL where the role has none."""
    columns = (f"{stem}_{role}" for stem in ("p", "logprob_sum", "n_tokens"))
    return value_of_columns_sql(rule, *columns, common=f"n_tokens_{writing_role(roles)}")


def value_of_columns_sql(rule: LabelRule, p: str, logprob_sum: str, n_tokens: str, *, common: str) -> str:
    """SQL for the value that a rule compares, of a model with these columns.

    Args:
        common: the column of the tokens that serve as the common count.
    """
    if rule.unit is Unit.OWN_TOKEN:
        if rule.space is Space.DIFFERENCE:
            return p
        count = n_tokens
    elif rule.unit is Unit.COMMON_TOKEN:
        count = common
    else:
        count = "n_bytes"
    mean = f"({logprob_sum} / nullif({count}, 0))"
    return f"exp({mean})" if rule.space is Space.DIFFERENCE else mean


def cases_sql(
    rule: LabelRule, scheme: Scheme, name: Callable[[Label], str], *, gap: str = "gap", max_gap: str = "max_gap"
) -> str:
    """What follows a CASE, without its END: the label that a sentence with these gaps has, none of which is missing.

    Args:
        name: SQL for a label.
    """
    quantities, thresholds = {"gap": gap, "max_gap": max_gap}, {"alpha": rule.alpha, "beta": rule.beta}
    cases = " ".join(
        f"WHEN {quantities[c.quantity]} {c.comparison} {_double(c.sign * thresholds[c.threshold])} THEN {name(c.label)}"
        for c in clauses_of(scheme)
    )
    return f"{cases} ELSE {name(scheme.rest)}"


def labels_sql(rule: LabelRule, roles: tuple[str, ...], source: str) -> str:
    """A query over `source` (rows like `sentences`) that adds v_*, gap, max_gap, label, direction and margin.

    A mark of format has no label unless the rule counts marks.

    Args:
        rule: thresholds, unit and space.
        roles: the roles of the run, or those of them to label by; one of `schemes.SCHEMES`.
        source: a table name or a parenthesised query.
    """
    scheme = scheme_of(roles)
    values = ", ".join(f"{value_sql(role, rule, roles)} AS v_{role}" for role in roles)
    gaps = f"v_{scheme.upper} - v_{scheme.lower} AS gap"
    max_gap = "NULL::DOUBLE"
    if scheme.is_triple:
        gaps += ", v_student - v_distilled AS d_sd, v_teacher - v_distilled AS d_td"
        # greatest() skips NULLs, so the sum below is what carries a missing value through.
        max_gap = "CASE WHEN d_sd + d_td IS NOT NULL THEN greatest(abs(gap), abs(d_sd), abs(d_td)) END"
    missing = f"{scored_by(scheme)} IS NULL" + ("" if rule.marks else " OR is_mark")
    label = f"CASE WHEN {missing} THEN NULL {cases_sql(rule, scheme, _quoted)} END"
    beta_margin = f"abs(abs(gap) - {_double(rule.beta)})"
    if scheme.is_triple:
        alpha_margin = f"abs(max_gap - {_double(rule.alpha)})"
        margin = (
            f"CASE WHEN label IS NULL THEN NULL WHEN label = '{scheme.alike}' THEN {alpha_margin} "
            f"ELSE least({alpha_margin}, {beta_margin}) END"
        )
        direction = (
            f"CASE WHEN label <> '{scheme.rest}' THEN NULL "
            f"WHEN d_sd < 0 AND d_td < 0 THEN '{Direction.UP}' "
            f"WHEN d_sd > 0 AND d_td > 0 THEN '{Direction.DOWN}' "
            f"WHEN label IS NOT NULL THEN '{Direction.BETWEEN}' END"
        )
    else:
        margin, direction = f"CASE WHEN label IS NOT NULL THEN {beta_margin} END", "NULL::VARCHAR"
    return (
        f"SELECT *, {margin} AS margin, {direction} AS direction FROM ("
        f"SELECT *, {label} AS label FROM ("
        f"SELECT *, {max_gap} AS max_gap FROM (SELECT *, {gaps} FROM (SELECT *, {values} FROM {source}))))"
    )


def added_columns(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that `labels_sql` adds."""
    others = ("d_sd", "d_td") if scheme_of(roles).is_triple else ()
    return (*(f"v_{role}" for role in roles), "gap", *others, "max_gap", "label", "margin", "direction")


def scored_by(scheme: Scheme) -> str:
    """The column of `labels_sql` that is missing where a sentence has no label."""
    return "max_gap" if scheme.is_triple else "gap"


def _quoted(label: Label) -> str:
    return f"'{label}'"


def _double(value: float) -> str:
    # A bare literal such as 0.05 is a DECIMAL in DuckDB, and arithmetic with it would not be double precision.
    return f"{value!r}::DOUBLE" if value >= 0 else f"({value!r})::DOUBLE"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels of n sentences. Shapes: every array is (n,); empty string means no label or no direction."""

    label: npt.NDArray[np.str_]
    direction: npt.NDArray[np.str_]
    margin: Doubles


def apply_rule(alpha: float, beta: float, values: Mapping[str, Doubles]) -> Labelled:
    """The same rule over arrays of values.

    Args:
        values: role → (n,) in double precision, NaN where missing, in the order of every table; the rule is that of
            these roles.
    """
    scheme = scheme_of(tuple(values))
    gap = values[scheme.upper] - values[scheme.lower]
    margin = np.abs(np.abs(gap) - beta)
    thresholds = {"alpha": alpha, "beta": beta}
    quantities = {"gap": gap}
    direction = np.full(gap.shape, "", dtype="<U7")
    if scheme.is_triple:
        d_sd, d_td = (values[role] - values[Role.DISTILLED] for role in (Role.STUDENT, Role.TEACHER))
        max_gap = np.maximum(np.maximum(np.abs(gap), np.abs(d_sd)), np.abs(d_td))
        quantities["max_gap"] = max_gap
        alpha_margin = np.abs(max_gap - alpha)
        margin = np.where(max_gap <= alpha, alpha_margin, np.minimum(alpha_margin, margin))
        direction = np.select(
            [(d_sd < 0) & (d_td < 0), (d_sd > 0) & (d_td > 0)], [Direction.UP, Direction.DOWN], Direction.BETWEEN
        )
    missing, clauses = np.isnan(quantities[scored_by(scheme)]), clauses_of(scheme)
    conditions = [_COMPARISONS[c.comparison](quantities[c.quantity], c.sign * thresholds[c.threshold]) for c in clauses]
    label = np.select([missing, *conditions], ["", *(c.label for c in clauses)], scheme.rest)
    direction = np.where(label == scheme.rest, direction, "")
    return Labelled(label=label, direction=direction, margin=np.where(missing, np.nan, margin))


def label_order(roles: tuple[str, ...]) -> tuple[Label, ...]:
    """The labels that a run with these roles can have, in the order in which every legend shows them."""
    return scheme_of(roles).labels


def writing_role(roles: tuple[str, ...]) -> str:
    """The role whose tokens weigh sentences and serve as the common count: distilled, or student before training."""
    return Role.DISTILLED if Role.DISTILLED in roles else Role.STUDENT


def uncertain_below(rule: LabelRule) -> float:
    """The margin below which a label is shown as uncertain, in the rule's own space."""
    return UNCERTAIN_PART * rule.beta
