"""The verdict on a whole run: which teachers it shows, which it does not, and which cannot be told apart.

Relatives (see `relatives`) are judged together, as a group; any other teacher is a group by itself.

    in        more than `floor` of the sentences name the group and nothing else: surely, after Holm
    not in    less than 5% (or the floor) could come from it and from no student, no other group that is in: surely;
              and more than the floor tell it from the student, since of a teacher that is like the student nothing is
              known
    open      neither can be said

The floor is what a model that taught nobody is credited with, at the most, and no less than 2%.
None of these comes first if it has most of what is not the student's, surely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rdpt_core.analysis.attribution.relatives import LEAST_FLOOR, find_relatives, only_of
from rdpt_core.analysis.attribution.weights import Sets, Weights
from rdpt_core.analysis.statistics.holm import holm
from rdpt_core.analysis.statistics.intervals import share_ends
from rdpt_core.arrays import Bools, Doubles, Floats

State = Literal["in", "not in", "open"]

LITTLE = 0.05
"""A source that accounts for surely less than this is not in; a smaller share would take more questions to rule out."""

LEVEL = 0.05
FEW = 30


@dataclass(frozen=True, slots=True)
class SourceVerdict:
    """What is said of one teacher.

    Attributes:
        name: what it is called.
        group: all teachers that cannot be told from it, itself included.
        state: of the group.
        share: of the sentences that name the group and nothing else, with a 95% interval; ends NaN where refused.
        p_holm: adjusted p-value against the floor; NaN where refused.
        weight, weight_low, weight_high: its mixture weight.
    """

    name: str
    group: tuple[str, ...]
    state: State
    share: float
    low: float
    high: float
    p_holm: float
    weight: float
    weight_low: float
    weight_high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a run.

    Attributes:
        sources: one entry a teacher.
        relatives: groups of teachers that cannot be told apart.
        sentence: the verdict in plain words.
        warnings: what whoever reads it must know.
        dominated_by_none: whether most of what is not the student's has a source that is not here.
        none: share of sentences that no source accounts for, and the ends of its interval.
        floor: the share that a teacher must exceed.
        n_questions: questions with a scored sentence.
        n_effective: how many equally heavy questions they are worth.
        refused: why nothing can be said; None if something can.
    """

    sources: tuple[SourceVerdict, ...]
    relatives: tuple[tuple[str, ...], ...]
    sentence: str
    warnings: tuple[str, ...]
    dominated_by_none: bool
    none: tuple[float, float, float]
    floor: float
    n_questions: int
    n_effective: float
    refused: str | None


def make_verdict(sets: Sets, weights: Weights, floor: float | None, *, n_controls: int) -> Verdict:
    """The verdict of one run.

    Args:
        sets: by question; the last two sources are the student and none of these.
        weights: of the same.
        floor: the largest share that a control could be credited with; None without a control.
        n_controls: how many controls the run has.
    """
    limit = LEAST_FLOOR if floor is None or np.isnan(floor) else max(LEAST_FLOOR, floor)
    n_teachers = len(sets.names) - 2
    drawn = sets.draw() if sets.refused is None else None
    groups = find_relatives(sets.member, sets.counts.sum(axis=0), n_teachers)
    own = _Shares(sets, drawn, [only_of(sets.member, group) for group in groups])
    p_in = _adjusted(own, limit, above=True)
    is_in = [bool(p < LEVEL and low > limit) for p, low in zip(p_in, own.low, strict=True)]
    shown = np.zeros(len(sets.names), bool)
    for group, yes in zip(groups, is_in, strict=True):
        shown[group] = yes
    # What could still come from a group: not the student's, not of a group that is in. What a control finds as likely
    # could be the group's all the same.
    student = sets.member[:, n_teachers]
    free = ~(student | sets.member[:, shown].any(axis=1))
    rest = _Shares(sets, drawn, [_some(sets.member, group) & free for group in groups])
    little = max(LITTLE, limit)
    p_out = _adjusted(rest, little, above=False)
    telling = _Shares(sets, None, [_some(sets.member, group) ^ student for group in groups]).share
    states: list[State] = [
        "in" if yes else "not in" if p < LEVEL and high < little and told > limit else "open"
        for yes, p, high, told in zip(is_in, p_out, rest.high, telling, strict=True)
    ]
    none = _none_share(sets, drawn, n_teachers)
    lost = sets.member[:, -1] & (sets.member.sum(axis=1) == 1)
    everything = _Shares(sets, drawn, [lost])
    dominated = none is not None and none > 0.5 and float(everything.low[0]) > LEAST_FLOOR
    sources = []
    for name_no in range(n_teachers):
        g = next(i for i, group in enumerate(groups) if name_no in group)
        sources.append(
            SourceVerdict(
                sets.names[name_no],
                tuple(sets.names[k] for k in groups[g]),
                states[g],
                float(own.share[g]),
                float(own.low[g]),
                float(own.high[g]),
                float(p_in[g]),
                float(weights.weight[name_no]),
                float(weights.low[name_no]),
                float(weights.high[name_no]),
            )
        )
    named = [tuple(sets.names[k] for k in group) for group in groups]
    relatives = tuple(names for names in named if len(names) > 1)
    return Verdict(
        tuple(sources),
        relatives,
        _sentence(named, states, dominated, sets.refused),
        _warnings(relatives, n_controls, sets),
        dominated,
        (float(everything.share[0]), float(everything.low[0]), float(everything.high[0])),
        limit,
        len(sets.counts),
        sets.n_effective,
        sets.refused,
    )


def _some(member: Bools, group: Sequence[int]) -> Bools:
    """(n_sets,), the sets that name some of a group."""
    return np.asarray(member[:, list(group)].any(axis=1))


class _Shares:
    """Shares of the sentences whose set is one of some sets, with intervals. Shapes: (n_asked,)."""

    def __init__(self, sets: Sets, drawn: Floats | None, asked: Sequence[Bools]) -> None:
        which = np.stack(asked, axis=1).astype(np.float64)
        amount = sets.counts @ which
        weight = sets.counts.sum(axis=1)
        two = np.stack([amount, weight[:, None] - amount], axis=2)
        total = max(1.0, float(weight.sum()))
        self.share: Doubles = amount.sum(axis=0) / total
        self.low = self.high = np.full(len(asked), np.nan)
        self.draws: Doubles | None = None
        self.n_questions = len(sets.counts)
        if drawn is not None:
            self.draws = (drawn @ which) / drawn.sum(axis=1, keepdims=True)
            both = np.stack([self.draws, 1 - self.draws], axis=2)
            counted = np.full(len(asked), int(weight.sum()))
            _, low, high = share_ends(two, both, counted)
            self.low, self.high = low[:, 0], high[:, 0]


def _adjusted(shares: _Shares, limit: float, *, above: bool) -> Doubles:
    """(n_asked,), Holm's p-values of shares against the limit from resamples; NaN where refused."""
    if shares.draws is None:
        return np.full(len(shares.share), np.nan)
    wrong = shares.draws <= limit if above else shares.draws >= limit
    return holm((1 + wrong.sum(axis=0)) / (1 + len(shares.draws)))


def _none_share(sets: Sets, drawn: Floats | None, n_teachers: int) -> float | None:
    """The lower end of the part that none of these has in what is not the student's; None where refused."""
    if drawn is None:
        return None
    lost = sets.member[:, -1] & (sets.member.sum(axis=1) == 1)
    taught = sets.member[:, :n_teachers].any(axis=1) & ~sets.member[:, n_teachers:].any(axis=1)
    upper, lower = drawn @ lost, drawn @ (lost | taught)
    part = np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)
    return float(np.quantile(part, LEVEL / 2))


def _sentence(groups: Sequence[tuple[str, ...]], states: Sequence[State], dominated: bool, refused: str | None) -> str:
    if refused is not None:
        return f"No verdict: {refused}."
    by_state = {state: [g for g, s in zip(groups, states, strict=True) if s == state] for state in states}
    # Groups last: what is said of their members ends the list.
    found = [_group(names) for names in sorted(by_state.get("in", []), key=len)]
    absent, unclear = ([name for names in by_state.get(s, []) for name in names] for s in ("not in", "open"))
    parts = []
    if dominated:
        parts.append("mostly none of these" if not found else f"{_join(found, 'and')}, but mostly none of these")
    elif found:
        parts.append(_join(found, "and"))
    if absent:
        parts.append(f"not {_join(absent, 'and not')}")
    confidence = " (95% confidence)" if parts else ""
    if unclear:
        parts.append(f"nothing can be said of {_join(unclear, 'and')}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}{confidence}."


def _group(names: tuple[str, ...]) -> str:
    """Relatives may all have taught."""
    return names[0] if len(names) == 1 else f"at least one of {_join(names, 'and')}, which cannot be told apart"


def _join(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _warnings(relatives: Sequence[tuple[str, ...]], n_controls: int, sets: Sets) -> tuple[str, ...]:
    found = [
        f"{_join(names, 'and')} cannot be told apart: hardly any sentence is much likelier under one of them alone."
        for names in relatives
    ]
    if not n_controls:
        found.append(
            "The run has no control, so nothing shows how much a model that taught nobody would be credited with."
        )
    if sets.refused is None and sets.n_effective < FEW:
        found.append(f"Few questions: they are worth {sets.n_effective:.0f} equal ones, so intervals are wide.")
    return tuple(found)
