"""What is reported of every kind: shares, lift and excess with intervals, place, correctness and importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Tally, Totals
from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.statistics.clustered import Ratios, correlations, ratios, summed
from rdpt_core.analysis.statistics.exact import Ends, effective_number, korn_graubard, mover
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Bools, Doubles, Floats, Ints, SmallInts


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Of all kinds, in the order of the chunks; see `results.Behaviour`. All arrays are (n_kinds,), NaN where unknown.

    Attributes:
        n_sentences, n_questions, place, correct, correct_rest, importance: of both halves, as all that is not named
            here.
        n_report, n_report_questions, n_effective, share, rest, lift, none, excess: of the questions that are reported;
            those with ends as value, low, high. `none` is the share under no teacher.
        training_copied, training_template, training_new: parts of the sentences whose class is known.
        decoy_share: mean share of the label among decoys in the teacher's place.
        floor: median p under the model that is not credited.
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
    place: Doubles
    correct: Doubles
    correct_rest: Doubles
    importance: Doubles
    training_copied: Doubles
    training_template: Doubles
    training_new: Doubles
    decoy_share: Doubles
    floor: Doubles
    whole_share: Doubles


def report(
    chunks: Sequence[Chunk], tallies: Sequence[Tally], grid: Grid, labelled: Labelled, counted: Totals, reported: Bools
) -> Report:
    """Report every kind.

    Args:
        reported: (n_questions,), the questions that shares, lift and excess are taken from.
    """
    parts = in_parallel(
        lambda pair: _of_chunk(*pair, grid, labelled, counted, reported), zip(chunks, tallies, strict=True)
    )
    names = Report.__dataclass_fields__
    joined: dict[str, Any] = {name: _joined([getattr(part, name) for part in parts]) for name in names}
    return Report(**joined)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate([part[i] for part in parts]) for i in range(3))
    return np.concatenate(parts)


def _of_chunk(chunk: Chunk, found: Tally, grid: Grid, labelled: Labelled, counted: Totals, reported: Bools) -> Report:
    n_kinds, kept = chunk.n_kinds, reported[chunk.question]
    kind = chunk.kind[kept]
    share = ratios(kind, found.n_has[kept], found.n[kept], n_kinds)
    ends = (share.value, *share.share_ends())
    rest, lift = _lift(kind, chunk.question[kept], found.n_has[kept], found.n[kept], share, counted, reported)
    none, excess = _excess(kind, found, kept, n_kinds)
    correct, correct_rest = _correct(chunk, grid, labelled, counted)
    n = summed(chunk.kind, found.n, n_kinds)
    of_members = chunk.kind_of_members
    is_known = labelled.is_known[chunk.members]
    decoys = np.full(n_kinds, np.nan)
    if labelled.n_decoys is not None:
        total = summed(of_members, labelled.n_decoys[chunk.members] * is_known, n_kinds)
        decoys = total / np.maximum(n, 1) / labelled.most_decoys
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
        _place(chunk, grid),
        correct,
        correct_rest,
        _medians(of_members, labelled.drop, chunk, n_kinds),
        *_classes(of_members, chunk, labelled),
        decoys,
        _medians(of_members, labelled.floor, chunk, n_kinds),
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


def _place(chunk: Chunk, grid: Grid) -> Doubles:
    """(n_kinds,), mean relative position: 0 for a trace's first sentence, 1 for its last; the middle of a trace of
    one."""
    first, last = grid.start[chunk.trace], grid.start[chunk.trace + 1] - 1
    size = np.diff(np.append(chunk.trace_cut, len(chunk.members)))
    total = np.add.reduceat(chunk.members, chunk.trace_cut, dtype=np.int64) - size * first
    part = np.where(last > first, total / np.maximum(last - first, 1), size / 2)
    kind = np.repeat(chunk.kind, np.diff(np.append(chunk.pair_cut, len(chunk.trace))))
    return summed(kind, part, chunk.n_kinds) / summed(kind, size, chunk.n_kinds)


def _correct(chunk: Chunk, grid: Grid, labelled: Labelled, counted: Totals) -> tuple[Doubles, Doubles]:
    """(n_kinds,) each, the part of graded sentences that stand in correct traces: of the kind, and of all others."""
    m = np.add.reduceat(labelled.is_known[chunk.members].view(np.uint8), chunk.trace_cut, dtype=np.int32)
    kind = np.repeat(chunk.kind, np.diff(np.append(chunk.pair_cut, len(chunk.trace))))
    grade = grid.correct[chunk.trace]
    right, graded = (summed(kind, m * flag, chunk.n_kinds) for flag in (grade == 1, grade >= 0))
    all_right, all_graded = (counted.known[flag].sum() for flag in (grid.correct == 1, grid.correct >= 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / graded, (all_right - right) / (all_graded - graded)


def _classes(kind: Ints, chunk: Chunk, labelled: Labelled) -> tuple[Doubles, Doubles, Doubles]:
    """(n_kinds,) each: the parts of copied, template and new sentences in the labelled ones whose class is known."""
    width, missing = len(CLASSES) + 1, np.full(chunk.n_kinds, np.nan)
    if labelled.training is None:
        return missing, missing, missing
    code = labelled.training[chunk.members] * labelled.is_known[chunk.members]
    counted = np.bincount(kind * width + code, minlength=chunk.n_kinds * width).reshape(chunk.n_kinds, width)[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        copied, template, new = (counted / counted.sum(axis=1, keepdims=True)).T
    return copied, template, new


def _medians(kind: Ints, values: Floats | None, chunk: Chunk, n_kinds: int) -> Doubles:
    """(n_kinds,), the median of each kind's known values; NaN without any."""
    found = np.full(n_kinds, np.nan)
    if values is None:
        return found
    taken = values[chunk.members].astype(np.float32)
    known = ~np.isnan(taken)
    kind, taken = kind[known], taken[known]
    # One whole number a sentence, which sorts many times as fast as two keys: its kind, then its value, whose bits are
    # in the order of values once those of negative ones are turned round.
    bits = taken.view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    keys = np.sort(kind.astype(np.uint64) << np.uint64(32) | ordered)
    ordered = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    taken = np.where(ordered >> 31, ordered & np.uint32(0x7FFFFFFF), ~ordered).view(np.float32)
    n = np.bincount(kind, minlength=n_kinds)
    first, held = np.cumsum(n) - n, n > 0
    low, high = first[held] + (n[held] - 1) // 2, first[held] + n[held] // 2
    found[held] = (taken[low].astype(np.float64) + taken[high]) / 2
    return found
