"""How sure each sentence is: the teacher against references, which are the run's controls."""

from __future__ import annotations

import shlex

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.evidence.controls import NO_TEACHER
from rdpt_core.analysis.evidence.p_values.data import EvidenceData, evidence_of
from rdpt_core.analysis.evidence.p_values.methods import MEANING, evidence_sentence
from rdpt_core.analysis.evidence.p_values.references import FEWEST, RANKED, References
from rdpt_core.analysis.evidence.p_values.tables import Found, FoundRow, found_table
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import (
    EFFECTIVE_QUESTIONS,
    FALSE_DISCOVERIES,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.records import Role
from rdpt_core.ui.frame import context, filters, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.controls.p_values_figure import histogram_figure
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words


def draw(page: PageContext, scope: Scope) -> None:
    """The part of the page."""
    glossary.explained_heading("How sure each sentence is", "reference", "p-value", "q-value", "discovery")
    own = evidence_of(page.data)
    if Role.TEACHER not in page.run.roles:
        st.caption("This run has no teacher, so there is nothing to test.")
        return
    if not own.references.have_p:
        _invite(page, own.references)
        return
    found = own.found(page.rule, scope)
    if not found.total.n_tested:
        st.caption("No sentence in scope has a number under the teacher and under every reference.")
        return
    st.markdown(f"{_headline(own, found)} {_without_teacher(page, scope, found)}".strip())
    _table(own, found, scope)
    _placed(page, own, scope)
    figure = histogram_figure(found, page.data.labels, context.mode())
    alt = "How often each p-value occurs, among all sentences and among Teacher sentences; the export has the counts"
    chart(figure, "p_values", alt, clickable=False)
    ranks = (
        f" With {len(own.references)} references, p-values are ranks among them."
        if own.references.are_ranked
        else f" From {RANKED} references on, p-values are ranks among them and assume nothing else."
    )
    st.caption(
        "If no sentence were likelier under the teacher than under the references, all bars would end at the line, up "
        "to chance. What stands out at the left is evidence that teacher and references differ there; a slope "
        f"elsewhere shows that they differ in general.{ranks}"
    )
    extra: list[str | Method] = [
        evidence_sentence(own.references),
        MEANING,
        SHARE_INTERVAL,
        EFFECTIVE_QUESTIONS,
        RESAMPLES,
    ]
    methods = methods_paragraph(page.run, page.rule, scope.words(), extra)
    export_panel.offer(page, "evidence", found_table(found), {"p_values": figure}, methods)


def _invite(page: PageContext, references: References) -> None:
    """How many references are missing, and how to add them."""
    names = words.listed([words.no_markdown(name, 40) for name in references.names]) if len(references) else ""
    has = f"only {words.count(len(references), 'reference')} ({names})" if names else "no reference"
    st.info(
        f"**This run has {has}; {references.n_missing} more and each sentence gets a p-value.** A reference is a model "
        "that taught nothing here and is like the teacher in size, family and training. "
        f"{FEWEST} are the fewest; more are better."
        + (" Until then a sentence's card on the page Trace says how many find it as likely." if names else ""),
        icon=":material/experiment:",
    )
    database = shlex.quote(settings.shown(page.database.path))
    st.code(
        f"rdpt score --add --run {page.run.run_id[:8]} --db {database} --control NAME=MODEL",
        language=None,
        wrap_lines=True,
    )


def _headline(own: EvidenceData, found: Found) -> str:
    total = found.total
    share = f"{words.percent(float(total.intervals.share[0]))}, {_interval(total.intervals)}"
    return (
        f"**{total.n_found:,} of {words.count(total.n_tested, 'sentence')} ({share}) are likelier under the teacher "
        f"than chance under {words.count(len(own.references), 'reference')} explains**, at a rate of false discoveries "
        f"of {found.rate:.0%}."
    )


def _without_teacher(page: PageContext, scope: Scope, found: Found) -> str:
    """The same with the distilled model in the teacher's place; empty for a run that has none."""
    if NO_TEACHER not in page.controlled.controls:
        return ""
    without = evidence_of(page.controlled.data_of(NO_TEACHER.key)).found(page.rule, scope).total
    if not without.n_tested:
        return ""
    share, true = float(without.intervals.share[0]), float(found.total.intervals.share[0])
    said = f"**With no teacher at all, {words.percent(share)}** ({_interval(without.intervals)}) would be found"
    if share >= true:
        return f"{said}: being found says that training on such text was at work, and not that the teacher was needed."
    return f"{said}: only what exceeds this speaks for the teacher."


def _interval(intervals: ShareIntervals) -> str:
    if intervals.refused is not None:
        return f"no interval: {intervals.refused}"
    low, high = (words.percent(float(ends[0])) for ends in (intervals.low, intervals.high))
    return f"{SHARE_INTERVAL.name} {low} to {high}"


def _table(own: EvidenceData, found: Found, scope: Scope) -> None:
    """Discoveries by label."""
    whole = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        [_row(row) for row in found.rows if row.n_tested],
        hide_index=True,
        column_config={name: whole for name in ("sentences", "found", "found, any dependence")},
    )
    total = found.total.intervals
    names = words.listed([words.no_markdown(name, 40) for name in own.references.names])
    st.caption(
        f"{words.capitalised(filters.describe(scope))}, {words.questions(total.n_questions, total.n_effective)}; "
        f"references: {names}. {MEANING} {cited(FALSE_DISCOVERIES, SHARE_INTERVAL)} The interval takes the threshold "
        "of discoveries as it is."
    )


def _row(row: FoundRow) -> dict[str, object]:
    ends = row.intervals
    return {
        "label": words.label(row.label) if row.label != "all" else "all labels",
        "sentences": row.n_tested,
        "found": row.n_found,
        "share": words.percent(float(ends.share[0])),
        SHARE_INTERVAL.name: "–"
        if ends.refused
        else f"{words.percent(float(ends.low[0]))} to {words.percent(float(ends.high[0]))}",
        "found, any dependence": row.n_strict,
    }


def _placed(page: PageContext, own: EvidenceData, scope: Scope) -> None:
    """The same with each reference in the teacher's place."""
    if not own.can_place:
        st.caption(
            f"With {FEWEST + 1} references, each could be held against the others here: what would be found with a "
            "model that is no teacher."
        )
        return
    placed = own.placed(page.rule, scope)
    st.markdown("**With a reference in the place of the teacher**, held against the others:")
    st.dataframe(_placed_rows(placed), hide_index=True, width="content")
    st.caption(
        "None of these taught anything. Where one of them is found likelier in many sentences, references differ in "
        "more than chance between sentences, by their training or size, and so may the teacher: no more than what "
        "exceeds these shares can speak for it. References made from one another, such as checkpoints of one training, "
        "count as hardly more than one."
    )


def _placed_rows(placed: pa.Table) -> list[dict[str, object]]:
    return [
        {
            "in the teacher's place": words.plain(row["control"]),
            "found": "–" if row["share_found"] is None else words.percent(row["share_found"]),
            SHARE_INTERVAL.name: "–"
            if row["low"] is None
            else f"{words.percent(row['low'])} to {words.percent(row['high'])}",
        }
        for row in placed.to_pylist()
    ]
