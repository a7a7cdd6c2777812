"""What the thresholds page counts from the gaps in memory, kept as long as the file stays the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import suggested_beta, thresholds
from rdpt_core.analysis.run.exact_counts import Exact
from rdpt_core.analysis.run.gap_arrays import exact_gaps
from rdpt_core.analysis.run.suggested_beta import SuggestedBeta
from rdpt_core.analysis.run.thresholds import BetaCurve, ThresholdMap
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import Run
from rdpt_core.ui.data import cache
from rdpt_core.ui.data.cache import Identity, Source
from rdpt_core.ui.data.run_data import facts_of, gaps_of, rows_in


def _exact(path: str, identity: Identity, run: Run, rule: LabelRule) -> Exact:
    def exact(
        trace_nos: npt.NDArray[np.int32],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
        with cache.opened(path, identity) as reader:
            return exact_gaps(reader, run, rule.unit, rule.space, trace_nos)

    return exact


@st.cache_resource(max_entries=8, show_spinner=False)
def _map(
    path: str, identity: Identity, run_no: int, rule: LabelRule, scope: Scope, _source: Source, _run: Run
) -> ThresholdMap:
    found = gaps_of(_source, _run, rule)
    return thresholds.count_map(
        found, rows_in(found, facts_of(_source, _run, scope)), rule, _exact(path, identity, _run, rule)
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _margins(
    path: str, identity: Identity, run_no: int, rule: LabelRule, scope: Scope, _source: Source, _run: Run
) -> pa.Table:
    found = gaps_of(_source, _run, rule)
    rows = rows_in(found, facts_of(_source, _run, scope))
    return thresholds.count_margins(found, rows, rule, _exact(path, identity, _run, rule))


@st.cache_resource(max_entries=8, show_spinner=False)
def _curves(
    path: str, identity: Identity, run_no: int, rule: LabelRule, scope: Scope, _source: Source, _run: Run
) -> tuple[BetaCurve, ...]:
    found, facts = gaps_of(_source, _run, rule), facts_of(_source, _run, scope)
    return thresholds.beta_curves(found, rows_in(found, facts), facts, rule, _exact(path, identity, _run, rule))


@st.cache_resource(max_entries=8, show_spinner=False)
def _suggested(
    path: str, identity: Identity, run_no: int, rule: LabelRule, scope: Scope, _source: Source, _run: Run
) -> SuggestedBeta | None:
    found, facts = gaps_of(_source, _run, rule), facts_of(_source, _run, scope)
    return suggested_beta.find_beta(found, rows_in(found, facts), facts, _exact(path, identity, _run, rule))


def suggested_of(found: Source, run: Run, rule: LabelRule, scope: Scope) -> SuggestedBeta | None:
    """The β that the data suggest in a unit and space; the rule's thresholds play no part."""
    bare = LabelRule.make(unit=rule.unit, space=rule.space)
    return _suggested(str(found.path), found.identity, run.run_no, bare, scope, found, run)


def map_of(found: Source, run: Run, rule: LabelRule, scope: Scope) -> ThresholdMap:
    """Counts for every pair of thresholds."""
    return _map(str(found.path), found.identity, run.run_no, rule, scope, found, run)


def margins_of(found: Source, run: Run, rule: LabelRule, scope: Scope) -> pa.Table:
    """Sentences close to turning."""
    return _margins(str(found.path), found.identity, run.run_no, rule, scope, found, run)


def curves_of(found: Source, run: Run, rule: LabelRule, scope: Scope) -> tuple[BetaCurve, ...]:
    """Shares along β."""
    return _curves(str(found.path), found.identity, run.run_no, rule, scope, found, run)
