"""The page Behaviours: which kinds of sentences carry a label more often than the traces that they stand in."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from rdpt_core.analysis.behaviours.discovery.data import behaviours_of
from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.discovery.rows import behaviour_rows
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import Method, cited
from rdpt_core.records import Label
from rdpt_core.ui.frame import context, notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.filters import choose_scope, explain_empty
from rdpt_core.ui.pages.sentences.behaviours import choices, figures, lenses, opened, summary, tables
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart, clicked
from rdpt_core.ui.style import words

_N_DRAWN = 15
_SUMMARY_PX, _LENSES_PX = 440, 390
_FIGURE = "behaviour_kinds"


def draw(page: PageContext) -> None:
    """The whole page."""
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    notices.run_notices(page, brief=True)
    scope = choose_scope(page)
    label = choices.choose_label(page)
    with head:
        st.header(_title(label), anchor=False, width="content")
        glossary.explain(
            "behaviour", "masked wording", "lens", "found", "replicated", "lift", "excess", "label", "95% interval"
        )
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    if not len(page.data.rows(page.rule, scope)):
        explain_empty(scope)
        return
    found = behaviours_of(page.data).table(page.rule, scope, label)
    if found.refused is not None:
        _explain_refused(found, scope)
        return
    # Side by side where both fit, else one below the other.
    with st.container(horizontal=True, gap="small"):
        with st.container(width=_SUMMARY_PX):
            summary.draw(found, scope)
        with st.container(width=_LENSES_PX):
            lenses.draw(found)
    opened.draw(page, found, "lenses")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("Kinds of sentences", anchor=False, width="content")
        slot = st.container(width="content")
    drawn = _kinds(page, found)
    with slot:
        export_panel.offer(page, "behaviours", partial(behaviour_rows, found), drawn, _methods(page, found, scope))


def _title(label: str) -> str:
    if label in (Label.TEACHER, Label.STUDENT):
        return f"What does the {label.lower()} say that others do not?"
    return f"Which kinds of sentences are {label}?"


def _explain_refused(found: Behaviours, scope: Scope) -> None:
    st.info(f"**No kind can be tested here:** {found.refused}.", icon=":material/hourglass_empty:")
    st.caption(summary.coverage(found, scope))


def _kinds(page: PageContext, found: Behaviours) -> dict[str, Any]:
    """The figure of the first kinds that fit, and the table of all that do."""
    shown = choices.choose_rows(found)
    if not shown:
        st.info(
            f"None of the {words.count(found.n_tested, 'tested kind')} fits these choices.",
            icon=":material/filter_alt_off:",
        )
        return {}
    rows = shown[:_N_DRAWN]
    figure = figures.kinds_figure(rows, found.label, context.mode())
    alt = f"Kinds of sentences by their share of {found.label}, with intervals; the numbers are in the table"
    chart(figure, _FIGURE, alt, on_click=partial(_point_clicked, rows))
    n = len(shown)
    first = f"The first {len(rows)} of {words.count(n, 'kind')}; the table has all. " if n > len(rows) else ""
    st.caption(
        f"{first}In a kind, # stands for a number, @ for a name and ∑ for a formula. Click a point or a row for three "
        "sentences."
    )
    opened.draw(page, found, "figure")
    tables.kinds_table(shown, found.label)
    opened.draw(page, found, "table")
    with st.expander("How this was made"):
        st.markdown(cited(*found.methods))
    return {_FIGURE: figure}


def _point_clicked(rows: tuple[Behaviour, ...]) -> None:
    data = clicked(_FIGURE)
    choices.open_kind("figure", rows[int(data[0])] if data else None)


def _methods(page: PageContext, found: Behaviours, scope: Scope) -> str:
    extra: list[str | Method] = [*found.methods, summary.how_found(found), summary.coverage(found, scope)]
    return methods_paragraph(page.run, page.rule, scope.words(), extra)
