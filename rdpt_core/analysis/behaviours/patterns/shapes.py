"""What there is to know about a pattern, as values. All label arrays are in the order of `RunData.labels`."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.analysis.run.group_shares import Difference
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.store.beside.patterns import Pattern


@dataclass(frozen=True, slots=True, eq=False)
class Against:
    """Sentences of a pattern against all other sentences of the same group.

    `n_counted` of either side are its sentences that carry a label; intervals and differences are over questions.

    Attributes:
        group: what the sentences have in common, such as a benchmark; empty for all in scope.
        pattern, rest: label shares of the pattern's sentences and of all others; NaN where there are none.
        difference: pattern minus rest, in the same resamples of questions.
    """

    group: str
    pattern: ShareIntervals
    rest: ShareIntervals
    difference: Difference


@dataclass(frozen=True, slots=True, eq=False)
class WithoutTeacher:
    """The same sentences with the distilled model in the teacher's place; those that are scored both ways.

    Attributes:
        shares: under the control.
        excess: the difference with the teacher minus the difference under the control. Its questions are those of the
            pattern, and of the rest.
    """

    shares: Against
    excess: Difference


@dataclass(frozen=True, slots=True, eq=False)
class Frequency:
    """How often the pattern occurs in some traces. Shares are of two: its sentences, and all others.

    Attributes:
        group: such as `correct`.
    """

    group: str
    share: ShareIntervals
    n_sentences: int
    n_all: int


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourKind:
    """A kind of sentence beside those of the pattern.

    Attributes:
        family, kind: the kind; hostile text.
        n: neighbours of the pattern of this kind.
        share: their part of all neighbours of the pattern.
        rest_share: the same part of the neighbours of all other sentences.
        lift: `share / rest_share`; infinite where no other sentence has such a neighbour.
        difference, low, high: `share - rest_share` with its interval; ends NaN where refused.
    """

    family: str
    kind: str
    n: int
    share: float
    rest_share: float
    lift: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The sentences right after, or right before, those of a pattern.

    Attributes:
        side: `after` or `before`.
        labels: their labels, against the labels of the neighbours of all other sentences on that side.
        openings: how they begin most often, and `lenses`: what they do; most frequent first.
    """

    side: str
    labels: Against
    openings: tuple[NeighbourKind, ...]
    lenses: tuple[NeighbourKind, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where in its trace the pattern stands, by tenths.

    Attributes:
        pattern, rest: (10,) shares of the pattern's sentences, and of all others, in each tenth; scored or not.
        difference: pattern minus rest.
        labels: the labels of each tenth.
        mean, rest_mean: mean relative place from 0 (first sentence) to 1 (last); NaN where there is none.
    """

    pattern: ShareIntervals
    rest: ShareIntervals
    difference: Difference
    labels: tuple[Against, ...]
    mean: float
    rest_mean: float


@dataclass(frozen=True, slots=True, eq=False)
class PatternView:
    """Everything about a pattern in a scope.

    Attributes:
        n_sentences: sentences of the pattern in scope, unscored ones included; `n_all`: all sentences there.
        n_traces, n_questions: that have such a sentence.
        shares: the pattern against the rest.
        without_teacher: the same under the no-teacher control; None for two roles.
        by_benchmark, by_correctness: shares in each group.
        frequency: how often it occurs in correct and in incorrect traces; empty unless some are graded as each.
        more_often_correct: its part of the sentences of correct traces minus that of incorrect ones, one value; None
            unless some are graded as each.
    """

    pattern: Pattern
    labels: tuple[str, ...]
    n_sentences: int
    n_all: int
    n_traces: int
    n_questions: int
    shares: Against
    without_teacher: WithoutTeacher | None
    by_benchmark: tuple[Against, ...]
    by_correctness: tuple[Against, ...]
    frequency: tuple[Frequency, ...]
    more_often_correct: Difference | None
    places: Places
    before: Neighbours
    after: Neighbours


@dataclass(frozen=True, slots=True, eq=False)
class PatternContrast:
    """Two patterns in one scope.

    Attributes:
        n: sentences in scope of the first, the second, and of both; sentences of both count on either side.
        shares: labels of the first, of the second, and of all sentences that belong to neither.
        difference: first minus second, in the same resamples of questions.
        without_teacher: the same difference under the no-teacher control, and `excess` the first minus this one; None
            for two roles. Both are of sentences that are scored both ways.
    """

    first: Pattern
    second: Pattern
    labels: tuple[str, ...]
    n: tuple[int, int, int]
    shares: tuple[ShareIntervals, ShareIntervals, ShareIntervals]
    difference: Difference
    without_teacher: Difference | None
    excess: Difference | None

    @property
    def jaccard(self) -> float:
        """Sentences of both by sentences of either; NaN where there are none."""
        either = self.n[0] + self.n[1] - self.n[2]
        return self.n[2] / either if either else float("nan")
