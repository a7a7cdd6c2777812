"""The page Importance: how much the answer depends on each sentence, and whose the sentence is."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.evidence.importance.contrasts import contrast_rows
from rdpt_core.analysis.evidence.importance.data import ImportanceData, importance_of
from rdpt_core.analysis.evidence.importance.drops import Coverage
from rdpt_core.analysis.evidence.importance.sample import Sample
from rdpt_core.analysis.evidence.importance.summaries import summary_rows
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DROP_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    STANDARDISED_DIFFERENCE,
    Method,
)
from rdpt_core.ui.frame import notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.filters import choose_scope, explain_empty
from rdpt_core.ui.pages.evidence.importance import invitation, parts, summary, tables
from rdpt_core.ui.parts import export_panel, glossary

_PURPOSE = (
    "Take a sentence out of a trace, leave everything else, and ask the distilled model how likely the same answer is "
    "now. What ln p(answer) loses is the sentence's **importance**, in nats: 0.7 halves the probability of the answer, "
    "2.3 leaves a tenth of it."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("Does it matter?", anchor=False)
        glossary.explain("importance", "kind of sentence", "way to the answer", "label", "95% interval", "effective n")
    notices.run_notices(page, brief=True)
    importance = importance_of(page.data)
    if not importance.coverage():
        invitation.explain(page)
        return
    scope = choose_scope(page)
    st.markdown(_PURPOSE)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    covered = _choose_method(importance)
    sample = importance.sample(page.rule, scope, covered.method)
    if not len(sample.drop):
        explain_empty(scope, "labelled sentence with importance")
        st.caption(summary.coverage_caption(covered, sample, scope))
        return
    by_grade = importance.summaries(page.rule, scope, covered.method, "correctness")
    contrasts = importance.contrasts(page.rule, scope, covered.method)
    controls = parts.control_answers(page, importance, scope, covered.method)
    summary.draw(by_grade, contrasts, controls, scheme_of(page.run.roles))
    st.caption(summary.coverage_caption(covered, sample, scope))
    slot = st.container(width="content")
    figures = parts.distributions(page, importance, scope, covered.method)
    figures |= parts.groups(page, importance, scope, covered.method)
    methods = _methods(page, scope, covered, sample)
    figures |= parts.compared(page, contrasts)
    export_panel.offer(page, "importance_compared", contrast_rows(contrasts, covered.method), {}, methods)
    parts.controls(page, importance.under_control(page.data, page.rule, scope, covered.method), controls)
    tables.ranked(page, importance, scope, covered.method)
    with slot:
        table = partial(_numbers, page, importance, scope, covered.method)
        export_panel.offer(page, "importance", table, figures, methods)


def _methods(page: PageContext, scope: Scope, covered: Coverage, sample: Sample) -> str:
    extra = [DROP_INTERVAL, SHARE_INTERVAL, STANDARDISED_DIFFERENCE, EFFECTIVE_QUESTIONS, RESAMPLES]
    told: list[str | Method] = [*extra, _sentence(covered), summary.coverage_caption(covered, sample, scope)]
    return methods_paragraph(page.run, page.rule, scope.words(), told)


def _choose_method(importance: ImportanceData) -> Coverage:
    stored = {item.method: item for item in importance.coverage()}
    if len(stored) == 1:
        return next(iter(stored.values()))
    chosen = st.segmented_control(
        "A sentence is taken away by",
        list(stored),
        default=next(iter(stored)),
        key="taken_by",
        bind="query-params",
        required=True,
        help="**Deletion** puts nothing in its place. **Replacement** puts there what the distilled model writes "
        "after the same beginning, which leaves the text whole.",
    )
    return stored[chosen or next(iter(stored))]


def _sentence(covered: Coverage) -> str:
    return (
        "The importance of a sentence is by how much ln p of the answer under the distilled model falls when the "
        f"sentence {summary.TAKEN[covered.method]} ({covered.method})."
    )


def _numbers(page: PageContext, importance: ImportanceData, scope: Scope, method: str) -> pa.Table:
    """The summaries of every split, one below the other."""
    return pa.concat_tables(
        [summary_rows(importance.summaries(page.rule, scope, method, by), by, method) for by in importance.splits]
    )
