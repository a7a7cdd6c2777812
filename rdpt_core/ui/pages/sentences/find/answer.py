"""Above the hits: how their labels differ from those of all other sentences, and the means to take or keep them."""

from __future__ import annotations

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.behaviours.patterns.control import without_teacher
from rdpt_core.analysis.behaviours.patterns.listing import bars_by_group
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, described
from rdpt_core.analysis.behaviours.patterns.shapes import Against
from rdpt_core.analysis.behaviours.patterns.view import share_bar
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.export.patterns import sentence_rows
from rdpt_core.analysis.run.search import Query
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS, SHARE_INTERVAL, Method
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.links import within_database
from rdpt_core.ui.pages.sentences import bars, saving, say
from rdpt_core.ui.pages.sentences.patterns import address, tables
from rdpt_core.ui.parts import export_panel
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_FIGURE = "find_shares"


def draw(page: PageContext, query: Query, scope: Scope, *, has_others: bool) -> None:
    """All of it, for the run of the sidebar.

    Args:
        has_others: whether hits of other runs stand in the list below.
    """
    pattern = Pattern("", "expression" if query.regex else "text", query.text, "", query.match_case)
    shares = share_bar(page.data, page.rule, scope, pattern)
    if not shares.pattern.n_counted:
        return
    labels, k = page.data.labels, say.leading(shares.difference)
    control = without_teacher(page.data)
    without = None if control is None else share_bar(control, page.rule, scope, pattern).difference
    st.markdown(say.headline(shares, labels, k, without))
    figure = _figure(shares, labels)
    alt = "Label shares of the sentences found and of all others; the same numbers are said above and in the export"
    chart(figure, _FIGURE, alt, clickable=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rows = partial(sentence_rows, page.data, page.rule, scope, pattern)
        export_panel.offer(page, "find", rows, {_FIGURE: figure}, _methods(page, scope, pattern))
        saving.keep(page.database.path, pattern, "save_pattern")
        st.page_link(
            "pages/patterns.py",
            label="Open as a pattern",
            icon=":material/open_in_full:",
            query_params=within_database({"run": page.run.run_id, **address.of(pattern)}),
            help="By benchmark, correctness and place; what comes before and after; beside another pattern",
        )
    st.caption(_caption(query, shares, has_others=has_others))
    groups = bars_by_group(page.data, page.rule, scope, pattern)
    if len(groups) > 1:
        tables.shares_table(groups, labels, k)


def _figure(shares: Against, labels: tuple[str, ...]) -> go.Figure:
    sides = [("these", shares.pattern), ("all others", shares.rest)]
    shown = [bars.Bar(name, words.count(one.n_counted, "sentence"), one) for name, one in sides if one.n_counted]
    return bars.bars_figure(shown, labels, context.mode())


def _caption(query: Query, shares: Against, *, has_others: bool) -> str:
    these, others = shares.pattern, shares.rest
    whose = "Of this run alone. " if has_others else ""
    narrowed = [f"labelled {query.label}"] if query.label else []
    narrowed += [f"that are {query.training}"] if query.training else []
    chosen = f"All hits count, not only those {words.listed(narrowed)}. " if narrowed else ""
    return (
        f"{whose}{chosen}{words.count(these.n_counted, 'sentence')} with a label in "
        f"{words.questions(these.n_questions, these.n_effective)}, against {others.n_counted:,} others. The label that "
        "is named is the one that differs most. Export says how the intervals are made."
    )


def _methods(page: PageContext, scope: Scope, pattern: Pattern) -> str:
    told = (
        f"The rows are the sentences of {described(pattern)}; the figure compares their labels with those of all other "
        "sentences of the same traces."
    )
    extra: list[str | Method] = [SHARE_INTERVAL, DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS, told]
    return methods_paragraph(page.run, page.rule, scope.words(), extra)
