"""What is reported of every kind: shares, lift and excess with intervals, place, correctness and importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rdpt_core.analysis.behaviours.discovery.members import OfMembers, Sentences, of_members, sentences
from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Tally, Totals
from rdpt_core.analysis.statistics.clustered import Ratios, correlations, ratios, summed
from rdpt_core.analysis.statistics.exact import Ends, effective_number, korn_graubard, mover
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Doubles, Ints, SmallInts


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Of all kinds, in the order of the chunks; see `results.Behaviour`. All arrays are (n_kinds,), NaN where unknown.

    Attributes:
        n_sentences, n_questions, members: of both halves.
        n_report, n_report_questions, n_effective, share, rest, lift, none, excess: of the questions that are reported;
            those with ends as value, low, high. `none` is the share under no teacher.
        whole_share: the share of the label, of both halves.
    """

    n_sentences: Ints
    n_questions: Ints
    n_report: Ints
    n_report_questions: Ints
    n_effective: Doubles
    share: Ends
    rest: Doubles
    lift: Ends
    none: Doubles
    excess: Ends
    members: OfMembers
    whole_share: Doubles


def report(
    chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, labelled: Labelled, counted: Totals, reported: Bools
) -> Report:
    """Report every kind.

    Args:
        reported: (n_questions,), the questions that shares, lift and excess are taken from.
    """
    members = sentences(grid, labelled, counted)
    parts = in_parallel(lambda pair: _of_chunk(*pair, members, counted, reported), zip(chunks, tallies, strict=True))
    names = Report.__dataclass_fields__
    joined: dict[str, Any] = {name: _joined([getattr(part, name) for part in parts]) for name in names}
    return Report(**joined)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], OfMembers):
        return OfMembers(*(_joined([getattr(part, field.name) for part in parts]) for field in fields(OfMembers)))
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate([part[i] for part in parts]) for i in range(3))
    return np.concatenate(parts)


def _of_chunk(chunk: Chunk, found: Tally, members: Sentences, counted: Totals, reported: Bools) -> Report:
    n_kinds, kept = chunk.n_kinds, reported[chunk.question]
    kind = chunk.kind[kept]
    share = ratios(kind, found.n_has[kept], found.n[kept], n_kinds)
    ends = (share.value, *share.share_ends())
    rest, lift = _lift(kind, chunk.question[kept], found.n_has[kept], found.n[kept], share, counted, reported)
    none, excess = _excess(kind, found, kept, n_kinds)
    n = summed(chunk.kind, found.n, n_kinds)
    return Report(
        n.astype(np.int64),
        np.bincount(chunk.kind[found.n > 0], minlength=n_kinds),
        share.weight.astype(np.int64),
        share.n_questions,
        share.n_effective,
        ends,
        rest,
        lift,
        none,
        excess,
        of_members(chunk, members, n),
        summed(chunk.kind, found.n_has, n_kinds) / np.maximum(n, 1),
    )


def _lift(
    kind: Ints, question: SmallInts, has: Doubles, n: Doubles, share: Ratios, counted: Totals, reported: Bools
) -> tuple[Doubles, Ends]:
    """The share of the label in all sentences that are not of the kind, and how many times it the kind's share is.

    Its interval is MOVER's (see `exact.mover`) on the scale of logarithms, from the intervals of both shares and their
    correlation over questions.
    """
    n_kinds = len(share.value)
    every_n, every_has = (values * reported for values in counted.by_question)
    weight = every_n.sum() - share.weight
    rest = np.divide(
        every_has.sum() - summed(kind, has, n_kinds), weight, out=np.full(n_kinds, np.nan), where=weight > 0
    )
    # By how much each question moves that share: as if it held none of the kind, put right where it does.
    usual = every_has[question] - rest[kind] * every_n[question]
    moved = usual - (has - rest[kind] * n)
    square = (every_has**2).sum() - 2 * rest * (every_has * every_n).sum() + rest**2 * (every_n**2).sum()
    square += summed(kind, moved**2 - usual**2, n_kinds)
    n_questions = max(int((every_n > 0).sum()), 2)
    variance = n_questions / (n_questions - 1) * np.maximum(square, 0) / np.maximum(weight, 1) ** 2
    worth = float(effective_number(every_n))
    degrees = np.full(n_kinds, max(worth - 1, 1))
    known = np.nan_to_num(rest)
    rest_low, rest_high = korn_graubard(known, variance, degrees, max(worth, 1.0), np.maximum(weight, 1))
    common = summed(kind, share.terms * moved, n_kinds) / np.maximum(weight, 1)
    size = np.sqrt(summed(kind, share.terms**2, n_kinds) * variance)
    correlation = np.clip(np.divide(common, size, out=np.zeros(n_kinds), where=size > 1e-12), -1, 1)
    low, high = share.share_ends()
    return rest, _ratio((share.value, low, high), (rest, rest_low, rest_high), correlation)


def _ratio(first: Ends, second: Ends, correlation: Doubles) -> Ends:
    """Ratios of shares; NaN where the second is 0. A share of 0 has a ratio of 0, up to that of its high end and the
    other's low one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(ends) for ends in (*first, *second)]
        value = first[0] / second[0]
        low, high = (
            np.exp(end) for end in mover((logs[0], logs[1], logs[2]), (logs[3], logs[4], logs[5]), correlation)
        )
        is_none = first[0] == 0
        low, high = np.where(is_none, 0.0, low), np.where(is_none, first[2] / second[1], high)
    # An end at a share of 0 is infinitely far on this scale.
    low, high = np.where(np.isnan(low) & (first[1] == 0), 0.0, low), np.where(np.isfinite(high), high, np.nan)
    unknown = ~(second[0] > 0) | np.isnan(first[1])
    return np.where(second[0] > 0, value, np.nan), np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _excess(kind: Ints, found: Tally, kept: Bools, n_kinds: int) -> tuple[Doubles, Ends]:
    """The share under no teacher, and the share minus that one; both of sentences that have a label either way."""
    if found.n_both is None or found.has_both is None or found.none_both is None:
        missing = np.full(n_kinds, np.nan)
        return missing, (missing, missing, missing)
    n = found.n_both[kept]
    first, second = (ratios(kind, values[kept], n, n_kinds) for values in (found.has_both, found.none_both))
    sides = [(side.value, *side.share_ends()) for side in (first, second)]
    low, high = mover(sides[0], sides[1], correlations(kind, first, second))
    return second.value, (first.value - second.value, low, high)
