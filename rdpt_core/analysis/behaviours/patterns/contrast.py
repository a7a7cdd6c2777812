"""Two patterns in one scope: their labels, how far these differ, and how many sentences belong to both."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.patterns.control import without_teacher
from rdpt_core.analysis.behaviours.patterns.members import pattern_key, places_of
from rdpt_core.analysis.behaviours.patterns.shapes import PatternContrast
from rdpt_core.analysis.behaviours.patterns.sums import both_ways, sentences_in
from rdpt_core.analysis.behaviours.patterns.tables import excess, tabulate
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.group_shares import difference
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.beside.patterns import Pattern

_CONTRASTS = Family("pattern_contrast", 16, message="Comparing two patterns …")


def compare(data: RunData, rule: LabelRule, scope: Scope, first: Pattern, second: Pattern) -> PatternContrast:
    """The first pattern against the second.

    Raises:
        UsageError: see `places_of`.
    """

    def contrast() -> PatternContrast:
        sides = [sentences_in(data, rule, scope, places_of(data, one, rule.marks)) for one in (first, second)]
        either = sentences_in(data, rule, scope, np.union1d(sides[0].places, sides[1].places))
        n_both = len(sides[0].places) + len(sides[1].places) - len(either.places)
        table = tabulate([sides[0].sums(), sides[1].sums(), either.pair()[1]], data.labels)
        control = without_teacher(data)
        without = beyond = None
        if control is not None:
            codes = control.codes(rule)
            groups = [
                one for seen in (sides[0].codes, codes) for side in sides for one in [both_ways(side, seen, codes)]
            ]
            controlled = tabulate(groups, data.labels)
            without, beyond = difference(controlled, 2, 3), excess(controlled, (0, 2), (1, 3))
        return PatternContrast(
            first,
            second,
            data.labels,
            (len(sides[0].places), len(sides[1].places), n_both),
            (table.cells[0].intervals, table.cells[1].intervals, table.cells[2].intervals),
            difference(table, 0, 1),
            without,
            beyond,
        )

    keys = [(*pattern_key(data, one), one.name) for one in (first, second)]
    found: PatternContrast = data.keep(_CONTRASTS, (*data.key, *keys, rule, scope), contrast)
    return found
