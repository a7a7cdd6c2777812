"""Everything about one pattern in a scope, and the bar of shares that stands above hits of a search."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.behaviours.patterns.beside import AFTER, BEFORE, neighbours
from rdpt_core.analysis.behaviours.patterns.control import without_teacher
from rdpt_core.analysis.behaviours.patterns.members import pattern_key, places_of
from rdpt_core.analysis.behaviours.patterns.places import places_in_trace
from rdpt_core.analysis.behaviours.patterns.shapes import Against, Frequency, PatternView, WithoutTeacher
from rdpt_core.analysis.behaviours.patterns.sums import Sentences, both_ways, of_traces, sentences_in
from rdpt_core.analysis.behaviours.patterns.tables import Sums, excess, pairs, strata_of, tabulate
from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.evidence.control_shares import ControlledRun
from rdpt_core.analysis.evidence.controls import NO_TEACHER
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import Difference, difference
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.beside.patterns import Pattern

_VIEWS = Family("pattern_view", 16, message="Looking at the sentences of this pattern …")
_BARS = Family("pattern_bar", 64)
_FITS = ("pattern", "rest")


def pattern_view(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> PatternView:
    """Everything about a pattern.

    Raises:
        UsageError: see `places_of`.
    """

    def look() -> PatternView:
        own = sentences_in(data, rule, scope, places_of(data, pattern, rule.marks))
        families = kinds_of(data, rule.marks)
        frequency, more_often = _frequency(own)
        return PatternView(
            pattern=pattern,
            labels=data.labels,
            n_sentences=len(own.places),
            n_all=int(own.counts.sum()),
            n_traces=len(np.unique(own.trace)),
            n_questions=len(np.unique(own.traces.question[own.trace])),
            shares=_shares(own),
            without_teacher=_without_teacher(data, rule, own),
            by_benchmark=_by(own, "benchmark"),
            by_correctness=_by(own, "correctness"),
            frequency=frequency,
            more_often_correct=more_often,
            places=places_in_trace(own),
            before=neighbours(own, families, BEFORE),
            after=neighbours(own, families, AFTER),
        )

    key = (*data.key, *pattern_key(data, pattern), pattern.name, rule, scope)
    view: PatternView = data.keep(_VIEWS, key, look)
    return view


def share_bar(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> Against:
    """The labels of all sentences of a pattern in scope against those of all others: `PatternView.shares` alone.

    Raises:
        UsageError: see `places_of`.
    """

    def count() -> Against:
        return _shares(sentences_in(data, rule, scope, places_of(data, pattern, rule.marks)))

    key = (*data.key, *pattern_key(data, pattern), rule, scope)
    bar: Against = data.keep(_BARS, key, count)
    return bar


def _shares(own: Sentences) -> Against:
    (against,) = pairs(tabulate(own.pair(), own.labels), ("",))
    return against


def _by(own: Sentences, dimension: str) -> tuple[Against, ...]:
    """Each group of a dimension that has a labelled sentence of the pattern."""
    names = own.traces.names[dimension]
    if not names:
        return ()
    stratum = None if dimension == "correctness" else strata_of(own.traces, dimension)
    found = pairs(tabulate(own.pairs(dimension), own.labels, stratum), names)
    return tuple(one for one in found if one.pattern.n_counted)


def _without_teacher(data: RunData, rule: LabelRule, own: Sentences) -> WithoutTeacher | None:
    """Shares of what is scored with the teacher and without; the excess is of the same sentences."""
    control = without_teacher(data)
    if control is None:
        return None
    joint = ControlledRun(data, lambda _: control).joint(NO_TEACHER, rule)[own.rows]
    groups = []
    for seen, axis in ((own.codes, 2), (control.codes(rule), 1)):
        inside = both_ways(own, seen, control.codes(rule))
        groups += [inside, Sums(of_traces(own.traces, joint.sum(axis=axis)).amount - inside.amount, len(own.rows))]
    table = tabulate(groups, own.labels)
    (shares,) = pairs(table, ("",), first=2)
    return WithoutTeacher(shares, excess(table, (0, 2), (1, 3)))


def _frequency(own: Sentences) -> tuple[tuple[Frequency, ...], Difference | None]:
    """How often the pattern occurs in correct and in incorrect traces, and how far the two differ."""
    traces = own.traces
    if not traces.is_graded_both_ways:
        return (), None
    groups = []
    n_here = np.bincount(own.trace, minlength=len(own.counts))
    n_all = own.counts.sum(axis=1)
    for grade in (1, 0):
        is_graded = traces.correct == grade
        columns = (n_here * is_graded, (n_all - n_here) * is_graded)
        amount = np.stack([np.bincount(traces.question, column, traces.n_questions) for column in columns], axis=1)
        groups.append(Sums(amount, int(is_graded.sum())))
    table = tabulate(groups, _FITS)
    frequency = tuple(
        Frequency(GRADES[number], table.cells[number].intervals, int(groups[number].amount[:, 0].sum()), n)
        for number, n in enumerate(cell.n_sentences for cell in table.cells)
    )
    return frequency, difference(table, 0, 1)
