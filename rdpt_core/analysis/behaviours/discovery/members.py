"""What is reported of a kind's sentences one by one, whichever question they are from: means and medians over members.

Kinds have many members, ten million sentences five each: flags of sentences are made once, for all kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.behaviours.discovery.tallies import Labelled, Totals
from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.arrays import Bools, Codes, Doubles, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """What members are summed up by. All arrays are (n_sentences,).

    Attributes:
        place: relative position: 0 for a trace's first sentence, 1 for its last; the middle of a trace of one.
        right, graded: labelled, in a correct trace; labelled, in a graded one.
        n_right, n_graded: how many there are in scope.
        decoys: under how many decoys a labelled sentence has the label; None with too few of them.
        classes: labelled, and of each class of the training texts; empty without training texts.
        drop, floor: see `Labelled`.
    """

    place: Floats
    right: Bools
    graded: Bools
    n_right: float
    n_graded: float
    decoys: Codes | None
    most_decoys: int
    classes: tuple[Bools, ...]
    drop: Floats | None
    floor: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class OfMembers:
    """Means and medians, (n_kinds,) each, NaN where unknown.

    Attributes:
        place: mean relative position.
        correct, correct_rest: parts of graded sentences in correct traces: of the kind, and of all others.
        importance: median drop, nats.
        training_copied, training_template, training_new: parts of the sentences whose class is known.
        decoy_share: mean share of the label among decoys in the teacher's place.
        floor: median p under the model that is not credited.
    """

    place: Doubles
    correct: Doubles
    correct_rest: Doubles
    importance: Doubles
    training_copied: Doubles
    training_template: Doubles
    training_new: Doubles
    decoy_share: Doubles
    floor: Doubles


def sentences(grid: Grid, labelled: Labelled, counted: Totals) -> Sentences:
    """Everything of a run that members are summed up by."""
    length = np.diff(grid.start)
    within = np.arange(grid.start[-1]) - np.repeat(grid.start[:-1], length)
    whole = np.repeat(np.maximum(length - 1, 1).astype(np.float32), length)
    place = (within / whole).astype(np.float32)
    place[grid.start[:-1][length == 1]] = 0.5
    right, graded = (labelled.is_known & flags[grid.trace_of] for flags in (grid.correct == 1, grid.correct >= 0))
    n_right, n_graded = (float(counted.known[flags].sum()) for flags in (grid.correct == 1, grid.correct >= 0))
    decoys = None if labelled.n_decoys is None else labelled.n_decoys * labelled.is_known
    training = labelled.training
    numbers = range(1, len(CLASSES) + 1) if training is not None else ()
    classes = tuple(labelled.is_known & (training == number) for number in numbers)
    given = (decoys, labelled.most_decoys, classes, labelled.drop, labelled.floor)
    return Sentences(place, right, graded, n_right, n_graded, *given)


def of_members(chunk: Chunk, found: Sentences, n: Doubles) -> OfMembers:
    """Sum up the members of every kind of a chunk.

    Args:
        n: (n_kinds,), labelled sentences of each.
    """
    missing = np.full(chunk.n_kinds, np.nan)
    right, graded = by_kind(chunk, found.right), by_kind(chunk, found.graded)
    classes = np.stack([by_kind(chunk, flags) for flags in found.classes] or [missing] * len(CLASSES))
    with np.errstate(invalid="ignore", divide="ignore"):
        correct, correct_rest = right / graded, (found.n_right - right) / (found.n_graded - graded)
        copied, template, new = classes / classes.sum(axis=0)
    decoys = missing
    if found.decoys is not None:
        decoys = by_kind(chunk, found.decoys) / np.maximum(n, 1) / found.most_decoys
    return OfMembers(
        by_kind(chunk, found.place) / np.diff(chunk.begin),
        correct,
        correct_rest,
        medians(chunk, found.drop),
        copied,
        template,
        new,
        decoys,
        medians(chunk, found.floor),
    )


def by_kind(chunk: Chunk, values: npt.NDArray[np.generic]) -> Doubles:
    """(n_kinds,), the sum of the values of each kind's members.

    Args:
        values: (n_sentences,).
    """
    taken = values.take(chunk.members)
    summed: Doubles = np.add.reduceat(taken, chunk.begin[:-1], dtype=np.float64)
    return summed


def medians(chunk: Chunk, values: Floats | None) -> Doubles:
    """(n_kinds,), the median of the known values of each kind's members; NaN without any.

    Args:
        values: (n_sentences,).
    """
    found = np.full(chunk.n_kinds, np.nan)
    if values is None:
        return found
    taken = values.take(chunk.members)
    for kind, (first, end) in enumerate(pairwise(chunk.begin.tolist())):
        known = taken[first:end]
        known = known[~np.isnan(known)]
        if len(known):
            # Partly sorted, up to the middle: in a fifth of the time that sorting takes.
            middle = (len(known) - 1) // 2, len(known) // 2
            known.partition(middle)
            found[kind] = known[list(middle)].astype(np.float64).mean()
    return found
