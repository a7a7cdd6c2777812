"""The sentences of a pattern as rows, with all columns of an export."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.behaviours.patterns.members import places_of
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.evidence.p_values.data import evidence_of
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Bools


def pattern_sentences(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> Iterator[pa.Table]:
    """The rows of `export_query` for the sentences of a pattern in scope, in order, in as many chunks; at least one.

    Raises:
        UsageError: see `places_of`.
    """
    is_own = _in_scope(data, rule, scope, pattern)
    n_before = 0
    with data.open_reader() as reader:
        for chunk in export_query(reader, data.run, "sentences", rule, scope, evidence_of(data)):
            # Marks of format are rows, but sentences of no pattern unless they count.
            counts = np.full(chunk.num_rows, True) if rule.marks else np.asarray(chunk.column("kind")) != "mark"
            n_counted = int(counts.sum())
            chosen = np.zeros(chunk.num_rows, bool)
            chosen[counts] = is_own[n_before : n_before + n_counted]
            n_before += n_counted
            yield chunk.filter(pa.array(chosen))


def _in_scope(data: RunData, rule: LabelRule, scope: Scope, pattern: Pattern) -> Bools:
    """(n_sentences in scope,), whether each is one of the pattern's, in order."""
    gaps, rows = data.gaps(rule), data.rows(rule, scope)
    is_own = np.zeros(int(gaps.start[-1]), bool)
    is_own[places_of(data, pattern, rule.marks)] = True
    is_in = np.zeros(len(gaps.trace_no), bool)
    is_in[rows] = True
    return is_own[np.repeat(is_in, gaps.length)]
