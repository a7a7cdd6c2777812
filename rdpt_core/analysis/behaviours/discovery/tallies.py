"""What every question adds to every kind under a label: counts, and what its traces lead one to expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.behaviours.discovery.pairs import Chunk, Grid
from rdpt_core.analysis.statistics.clustered import shuffled_moments
from rdpt_core.arrays import Bools, Codes, Doubles, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The sentences of a run under one label.

    Attributes:
        is_known: (n_sentences,), whether it has any label.
        has: (n_sentences,), whether it has this one.
        under_none: (n_sentences,), 1 if it has this label with the distilled model in the teacher's place, 0 if it has
            another, 2 if it has none; None where there is no such control.
        n_decoys: (n_sentences,), under how many decoys it has this label, of `most_decoys`; None with too few of them.
        floor: (n_sentences,), p under the model that is not credited; None where a label credits no model.
        drop: (n_sentences,), nats, NaN where not known; None without importance.
        training: (n_sentences,), codes of `overlap.classes`; None for a run that was not looked up in training texts.
    """

    is_known: Bools
    has: Bools
    under_none: Codes | None = None
    n_decoys: Codes | None = None
    most_decoys: int = 0
    floor: Floats | None = None
    drop: Floats | None = None
    training: Codes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Counts over everything in scope.

    Attributes:
        known, has: (n_traces,), labelled sentences of each trace, and those with the label.
        by_question: (2, n_questions), the same by question.
    """

    known: Doubles
    has: Doubles
    by_question: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What each pair of a kind and a question adds. All arrays are (n_pairs,).

    Attributes:
        n: labelled sentences.
        n_has: those with the label.
        excess: `n_has` minus what the shares of the label in their traces lead one to expect.
        variance, third: moments of `n_has`, were labels shuffled within traces.
        n_both: sentences with a label, and with one under no teacher; `has_both` those of them with the label, and
            `none_both` those with it under no teacher. None where there is no such control.
    """

    n: Doubles
    n_has: Doubles
    excess: Doubles
    variance: Doubles
    third: Doubles
    n_both: Doubles | None
    has_both: Doubles | None
    none_both: Doubles | None


def totals(grid: Grid, labelled: Labelled) -> Totals:
    """Count the traces in scope; others count nothing."""
    in_scope = grid.question >= 0
    known, has = (np.where(in_scope, by_trace(grid.start, flags), 0.0) for flags in (labelled.is_known, labelled.has))
    question = np.maximum(grid.question, 0)
    summed = [np.bincount(question, counts, max(grid.n_questions, 1)) for counts in (known, has)]
    return Totals(known, has, np.stack(summed))


def by_trace(start: Ints, flags: Bools) -> Doubles:
    """(n_traces,), how many sentences of each trace are flagged."""
    summed = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    return np.diff(summed[start]).astype(np.float64)


def tally(chunk: Chunk, labelled: Labelled, counted: Totals) -> Tally:
    """Add up the pairs of a chunk."""

    def of_parts(flags: Bools | Codes) -> Doubles:
        taken = flags[chunk.members].view(np.uint8)
        return np.add.reduceat(taken, chunk.trace_cut, dtype=np.int32).astype(np.float64)

    def of_pairs(parts: Doubles) -> Doubles:
        summed: Doubles = np.add.reduceat(parts, chunk.pair_cut)
        return summed

    m, has = of_parts(labelled.is_known), of_parts(labelled.has)
    mean, variance, third = shuffled_moments(m, counted.has[chunk.trace], counted.known[chunk.trace])
    both: list[Doubles | None] = [None, None, None]
    if labelled.under_none is not None:
        both = list(_both(chunk, labelled, labelled.under_none))
    return Tally(of_pairs(m), of_pairs(has), of_pairs(has - mean), of_pairs(variance), of_pairs(third), *both)


def _both(chunk: Chunk, labelled: Labelled, under_none: Codes) -> tuple[Doubles, Doubles, Doubles]:
    """(n_pairs,) each: sentences with both labels known, with the label, and with it under no teacher."""
    cut = chunk.trace_cut[chunk.pair_cut]
    none = under_none[chunk.members]
    known = labelled.is_known[chunk.members] & (none != 2)
    has = labelled.has[chunk.members] & known
    counts = [np.add.reduceat(flags.view(np.uint8), cut, dtype=np.int32) for flags in (known, has, known & (none == 1))]
    n_both, has_both, none_both = (count.astype(np.float64) for count in counts)
    return n_both, has_both, none_both
