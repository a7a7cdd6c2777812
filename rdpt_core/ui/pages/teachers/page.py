"""The page Teachers: which of several teachers sentences come from, or the student, or none of these."""

from __future__ import annotations

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.attribution.behind import sentences_behind, sentences_of_sets
from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.methods import attribution_sentence
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import answer_names, can_attribute
from rdpt_core.analysis.attribution.tables import ROUTED, set_rows, table_rows
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run.drilldown import Drilldown
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    EFFECTIVE_QUESTIONS,
    MIXTURE_WEIGHTS,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.teachers import controls, figures, invitation, tables, verdict
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words
from rdpt_core.ui.style.sources import ANSWERS, N_OTHERS, AnswerLooks

_PURPOSE = (
    "Which of several teachers does each sentence come from? Or is it the student's own, or from **none of these**? "
    "A sentence gets one name only where that is sure, and several where it is not."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    if not can_attribute(page.run):
        st.header("Teachers", anchor=False)
        st.markdown(_PURPOSE)
        invitation.explain(page)
        return
    scope = begin(page, "Teachers", _PURPOSE)
    if scope is None:
        return
    if page.run.seen_as:
        st.caption("This page sets all sources of the run side by side, whichever of them is chosen as Teacher.")
    above = st.container()
    rule = controls.choose_rule()
    groups = attribution_of(page.data).columns(page.rule, rule, scope).groups
    looks = AnswerLooks(answer_names(page.run)[:-N_OTHERS], tuple((g.answer, g.teachers[0]) for g in groups))
    with above:
        verdict.draw(page, rule, scope)
    _matrix(page, rule, scope, looks)
    _sets(page, rule, scope)
    _groups(page, rule, scope, looks)
    _weights(page, rule, scope, looks)
    tables.control_credit(page, rule, scope)
    tables.scales(page, rule, scope)


def _matrix(page: PageContext, rule: AttributionRule, scope: Scope, looks: AnswerLooks) -> None:
    """Groups of traces against answers; a click on a cell lists its sentences."""
    glossary.explained_heading("Which sentences are whose", "attribution", "routed teacher", "several", "none of these")
    rows = controls.choose_rows(page, scope)
    table = attribution_of(page.data).table(page.rule, rule, scope, rows)
    shown = controls.shown_rows(table)
    figure = figures.matrix_figure(shown, table.answers, looks, context.mode(), framed=rows == ROUTED)
    alt = "Share of every answer in every group; the same numbers are in the export's table"
    clicked = chart(figure, "matrix", alt)
    is_framed = rows == ROUTED and any(cell.row in looks.teachers for cell in shown)
    framed = " A frame marks where routed and attributed teacher are the same." if is_framed else ""
    joint = " ".join(
        f"**{words.no_markdown(group.answer, 80)}**: sentences that name two or more of these and nobody else; which "
        "one it is cannot be told."
        for group in table.groups
    )
    st.caption(
        f"{words.capitalised(filters.describe(scope))}. A cell holds its share of the row, the {SHARE_INTERVAL.name} "
        f"and the number of sentences.{framed} {joint} Click a cell to list its sentences. "
        f"{cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)}"
    )
    _export(page, rule, scope, "teachers", table_rows(table), {"matrix": figure})
    if clicked:
        cell, answer = shown[int(clicked[0])], table.answers[int(clicked[1])]
        row = None if cell is table.total else cell.row
        listed = sentences_behind(page.data, page.rule, rule, scope, rows, row, answer)
        _show(page, cell.row, answer, listed, "cell")


def _sets(page: PageContext, rule: AttributionRule, scope: Scope) -> None:
    """What the sentences may come from that no single source accounts for; a click on a row lists them."""
    glossary.explained_heading("Where several are possible", "several")
    table = attribution_of(page.data).set_table(page.rule, rule, scope)
    if not table.names:
        st.caption("No sentence names more than one source.")
        return
    place = tables.choose_set(table)
    st.caption(
        "Which sources these sentences name, of all traces in scope, most frequent sets first; shares are of all "
        "scored sentences. A set of all sources is what everybody writes. Click a row to list its sentences. "
        f"{cited(SHARE_INTERVAL)}"
    )
    _export(page, rule, scope, "teachers_sets", set_rows(table), {})
    if place is not None:
        name = table.names[place]
        listed = sentences_of_sets(page.data, page.rule, rule, scope, table.members[place], name)
        _show(page, "all traces", name, listed, "set")


def _show(page: PageContext, row: str, answer: str, listed: Drilldown, key: str) -> None:
    show(page, f"{words.no_markdown(row, 40)}: {words.no_markdown(ANSWERS.get(answer, answer))}", listed, key)


def _groups(page: PageContext, rule: AttributionRule, scope: Scope, looks: AnswerLooks) -> None:
    """Shares of every benchmark, whatever the rows of the matrix are."""
    table = attribution_of(page.data).table(page.rule, rule, scope, "benchmark")
    st.subheader("By benchmark", anchor=False)
    figure = figures.shares_of_groups(table, looks, context.mode())
    clicked = chart(figure, "by_benchmark", "Share of every answer in every benchmark, with intervals")
    st.caption(f"Share of the sentences of each benchmark. {cited(SHARE_INTERVAL)} Click a segment to list them.")
    _export(page, rule, scope, "teachers_by_benchmark", table_rows(table), {"by_benchmark": figure})
    if clicked:
        cell, answer = table.cells[int(clicked[0])], table.answers[int(clicked[1])]
        listed = sentences_behind(page.data, page.rule, rule, scope, "benchmark", cell.row, answer)
        _show(page, cell.row, answer, listed, "segment")


def _weights(page: PageContext, rule: AttributionRule, scope: Scope, looks: AnswerLooks) -> None:
    """The mixture that explains all sentences best."""
    weights = attribution_of(page.data).weights(page.rule, rule, scope)
    glossary.explained_heading("The mixture", "mixture weight", "none of these")
    figure = figures.weights_figure(weights, looks, context.mode())
    alt = "Weight of every source in the mixture; the numbers are in the text below"
    chart(figure, "weights", alt, clickable=False)
    found = (words.no_markdown(figures.weight_in_words(weights, place), 200) for place in range(len(weights.names)))
    st.markdown(f"{'; '.join(found)}.")
    st.caption(
        "The weights under which the answers above are likeliest together. A sentence that several sources may have "
        "written is divided among them as the sentences are that name one of them alone. The band reaches from "
        "the share that names a source alone to the share that names it at all: where it is long, the weight rests on "
        f"how the rest is divided. {words.questions(weights.n_questions, weights.n_effective)}."
    )
    _export(page, rule, scope, "teachers_mixture", tables.weights_table(weights), {"weights": figure}, MIXTURE_WEIGHTS)


def _export(
    page: PageContext,
    rule: AttributionRule,
    scope: Scope,
    name: str,
    table: pa.Table,
    shown: dict[str, go.Figure],
    method: Method = SHARE_INTERVAL,
) -> None:
    extra: list[str | Method] = [attribution_sentence(page.own_run, rule), method, EFFECTIVE_QUESTIONS, RESAMPLES]
    export_panel.offer(page, name, table, shown, methods_paragraph(page.own_run, page.rule, scope.words(), extra))
