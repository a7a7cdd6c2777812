"""A run's gaps in memory, as functions over whole runs take them."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.gaps.gap_arrays import exact_gaps, load_gaps
from rdpt_core.analysis.run.sensitivity import suggested_beta, thresholds
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Reader, Run


class Counted:
    """What the functions over gaps in memory take: the traces of a run that are in scope."""

    def __init__(self, reader: Reader, run: Run, rule: LabelRule, scope: Scope | None = None) -> None:
        self.traces = load_trace_table(reader, run, scope or Scope())
        self.gaps = load_gaps(reader, run, rule.unit, rule.space)
        self.rows = np.searchsorted(self.gaps.trace_no, self.traces.trace_no)
        self.rule, self.asked = rule, 0
        self._reader, self._run = reader, run

    def exact(self, trace_nos: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        self.asked += 1
        return exact_gaps(self._reader, self._run, self.rule.unit, self.rule.space, trace_nos)

    def map(self) -> thresholds.ThresholdMap:
        return thresholds.count_map(self.gaps, self.rows, self.rule, self.exact)

    def margins(self) -> list[dict[str, int]]:
        rows: list[dict[str, int]] = thresholds.count_margins(self.gaps, self.rows, self.rule, self.exact).to_pylist()
        return rows

    def beta(self) -> suggested_beta.SuggestedBeta | None:
        return suggested_beta.find_beta(self.gaps, self.rows, self.traces, self.exact)

    def curves(self) -> tuple[thresholds.BetaCurve, ...]:
        return thresholds.beta_curves(self.gaps, self.rows, self.traces, self.rule, self.exact)
