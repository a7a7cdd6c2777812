"""The parts of the thresholds page: what α, β, unit and space decide, and how much."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import default_thresholds, label_order
from rdpt_core.analysis.run.sensitivity.suggested_beta import SuggestedBeta
from rdpt_core.analysis.run.sensitivity.thresholds import MARGINS, BetaCurve, ThresholdMap, curves_table, margin_column
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    BETA_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    UNIMODALITY_TEST,
    Method,
    cited,
)
from rdpt_core.ui.frame import context, notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.filters import choose_scope, describe, explain_empty
from rdpt_core.ui.pages.thresholds import figures, units
from rdpt_core.ui.pages.thresholds.figures import FLIPS
from rdpt_core.ui.pages.thresholds.suggestion import draw_suggestion
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart, clicked
from rdpt_core.ui.style import words

MAX_PANELS = 6
"""Groups that the curves show; the filters lead to the others."""


def draw_map(
    page: PageContext, scope: Scope, threshold_map: ThresholdMap, suggestion: SuggestedBeta | None
) -> go.Figure:
    """The (α, β) plane; a click on it sets both."""
    scheme = scheme_of(page.run.roles)
    triple, size = scheme.is_triple, f"|d_{scheme.letters}|"
    st.subheader("Every pair of thresholds" if triple else "Every threshold", anchor=False)
    names = [FLIPS, *map(str, threshold_map.labels)]
    shown = st.segmented_control(
        "Show the share of", names, default=FLIPS, key="show", bind="query-params", required=True
    )
    figure = figures.map_figure(
        threshold_map,
        shown or FLIPS,
        page.rule,
        default_thresholds(page.rule.unit, page.rule.space),
        suggestion.beta if suggestion else None,
        context.mode(),
    )

    def set_thresholds() -> None:
        point = clicked("map")
        if point:
            st.session_state["alpha"] = float(point[0]) if triple else page.rule.alpha
            st.session_state["beta"] = float(point[1])

    chart(
        figure,
        "map",
        "Share of a label, or of labels that turn, at every pair of thresholds; shares along β are below",
        on_click=set_thresholds,
    )
    st.caption(
        f"{words.count(threshold_map.n_sentences, 'sentence')} ({describe(scope)}). "
        + (
            "Every cell is exact: a sentence turns at two thresholds of its own, its largest gap and its "
            f"{size}, so one histogram of the two holds all pairs. Click a cell to set α and β to it, on every page."
            if triple
            else f"A sentence turns where β passes its {size}. Click a cell to set β to it, on every page. With two "
            "models α plays no part."
        )
    )
    return figure


def draw_curves(page: PageContext, curves: tuple[BetaCurve, ...]) -> go.Figure:
    """How every headline number depends on β."""
    st.subheader("What β does to the shares", anchor=False)
    _, default = default_thresholds(page.rule.unit, page.rule.space)
    figure = figures.curves_figure(curves[:MAX_PANELS], page.rule, default, context.mode())
    chart(figure, "curves", "Label shares for several β, of all and of each benchmark", clickable=False)
    alpha = f" and α stays at {page.rule.alpha:g}" if scheme_of(page.run.roles).is_triple else ""
    text = (
        f"Label shares as β changes{alpha}. The line marks the present β; bands are "
        f"{SHARE_INTERVAL.name}s at each β. {cited(SHARE_INTERVAL)}"
    )
    if len(curves) > MAX_PANELS:
        text += f" The first {MAX_PANELS} of {len(curves)} groups are shown; the filters lead to the others."
    refused = [curve.group for curve in curves if curve.intervals[0].refused is not None]
    if refused:
        text += f" {words.count(len(refused), 'group has', 'groups have')} too few questions for a band."
    st.caption(text)
    return figure


def margins(page: PageContext, scope: Scope) -> None:
    """How many labels are close to turning."""
    glossary.explained_heading("How sure the labels are", "margin", "uncertain", key="explain_margin")
    table = page.data.margins(page.rule, scope)
    rows = table.to_pylist()
    total = sum(row["n"] for row in rows)
    within = sum(row[margin_column(0.1)] for row in rows)
    st.markdown(
        f"**{words.percent(within / total)}** of the labels ({within:,} of {total:,}) would turn if a threshold moved "
        f"by {0.1 * page.rule.beta:.3g}, a tenth of β. The reader marks these with a **?**."
    )
    shown = [
        {"label": row["label"], "sentences": row["n"]}
        | {
            f"within {fraction * page.rule.beta:.3g}": 100 * row[margin_column(fraction)] / row["n"]
            if row["n"]
            else None
            for fraction in MARGINS
        }
        for row in rows
    ]
    fraction_columns = {
        f"within {fraction * page.rule.beta:.3g}": st.column_config.ProgressColumn(
            format="%.1f%%", min_value=0, max_value=100
        )
        for fraction in MARGINS
    }
    st.dataframe(shown, hide_index=True, column_config=fraction_columns, placeholder="–")


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = choose_scope(page)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("How much depends on α and β?", anchor=False)
        glossary.explain("α", "β", "flip", "gap", *map(str, label_order(page.run.roles)))
    st.markdown(
        "A label is a decision at two thresholds that nobody measured. This page shows what other choices would say, "
        "so that a claim can be made only where it holds for all sensible ones."
    )
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    notices.questions_notice(page, scope)
    threshold_map = page.data.threshold_map(page.rule, scope)
    if not threshold_map.n_sentences:
        explain_empty(scope)
        return
    suggestion = page.data.suggested_beta(page.rule, scope)
    drawn = {"map": draw_map(page, scope, threshold_map, suggestion)}
    slot = st.container(width="content")
    curves = page.data.beta_curves(page.rule, scope)
    drawn["curves"] = draw_curves(page, curves)
    margins(page, scope)
    if suggestion is not None:
        drawn["density"] = draw_suggestion(page, scope, suggestion)
    units.unit_effects(page, scope)
    units.alternatives(page, scope)
    with slot:
        labelled = f"{words.count(threshold_map.n_sentences, 'sentence')} were labelled."
        extra: list[str | Method] = [SHARE_INTERVAL, EFFECTIVE_QUESTIONS, RESAMPLES, labelled]
        if suggestion is not None and suggestion.test.refused is None:
            extra.append(UNIMODALITY_TEST)
        if suggestion is not None and suggestion.beta is not None:
            extra += [BETA_INTERVAL, f"Suggested β: {suggestion.beta:.3g}."]
        methods = methods_paragraph(page.run, page.rule, scope.words(), extra)
        export_panel.offer(page, "thresholds", curves_table(curves, page.rule.alpha), drawn, methods)
