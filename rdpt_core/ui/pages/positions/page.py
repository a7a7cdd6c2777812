"""The positions page: which labels stand where in the traces, and how correct and incorrect ones differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run.drilldown import CurvePoint, sentences_at_point
from rdpt_core.analysis.run.positions.curves import LINES, MIN_AT_POSITION, Panel, PositionView, positions_table
from rdpt_core.analysis.run.positions.tables import MAX_POINTS, PositionTable
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.holm import holm
from rdpt_core.analysis.statistics.methods import (
    AREA_INTERVAL,
    CURVE_BAND,
    EFFECTIVE_QUESTIONS,
    HOLM,
    PERMUTATION_TEST,
    RESAMPLES,
    cited,
)
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.positions.figures import compare_figure, curves_figure, position_in_words
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words

TRACES = ("all", "correct against incorrect")
_AREA_COLUMNS = (
    "group",
    "label",
    "signed area",
    "from",
    "to",
    "positions",
    "questions, effective",
    "within questions",
    "p-value",
    HOLM.name,
    "informative questions",
    "no p-value because",
)
SCALES = ("sentence number", "part of the trace")
PANELS = ("each benchmark", "all together")
_MAX_PANELS = 12


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(
        page,
        "Positions",
        "Where in a trace each kind of sentence stands. At position k the shares are those among the k-th sentences of "
        "all traces that have one, so the traces behind a curve get fewer along it: their number is drawn, too.",
    )
    if scope is None:
        return
    view = _choose(page, scope)
    table, panels = page.data.positions(page.rule, scope, view)
    if not any(curve.n_shown for panel in panels for curve in panel.curves):
        _explain_few(scope, view, panels)
        return
    _figure(page, scope, view, table, panels)


def _choose(page: PageContext, scope: Scope) -> PositionView:
    trace_table = page.data.trace_table(scope)
    graded = trace_table.is_graded_both_ways
    several = len(trace_table.names["benchmark"]) > 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        traces = _one_of("Traces", TRACES, "traces", disabled=not graded)
        scale = _one_of("Position by", SCALES, "scale")
        together = _one_of("Show", PANELS, "panels", disabled=not several)
        last = st.number_input(
            "Up to sentence",
            5,
            5000,
            60,
            step=5,
            key="upto",
            bind="query-params",
            disabled=scale != SCALES[0],
            help=f"Above {MAX_POINTS}, neighbouring positions are taken together.",
            width=150,
        )
    if not graded:
        st.caption("These traces are not graded as correct and as incorrect, so the two cannot be compared.")
    view = PositionView(traces == TRACES[1], scale == SCALES[1], together == PANELS[0], int(last))
    return page.data.fit_view(page.rule, scope, view)


def _one_of(label: str, options: tuple[str, ...], key: str, *, disabled: bool = False) -> str:
    """A control whose first option is the default; its value lives in the address."""
    option: str = st.segmented_control(
        label,
        options,
        key=key,
        default=options[0],
        required=True,
        bind="query-params",
        disabled=disabled,
        width="content",
    )
    return option


def _explain_few(scope: Scope, view: PositionView, panels: tuple[Panel, ...]) -> None:
    most = max((round(curve.n_effective.max(initial=0)) for panel in panels for curve in panel.curves), default=0)
    ways = ["widen the filters"] if scope != Scope() else []
    ways += ["take the benchmarks together"] if view.by_benchmark else []
    ways.append("read the traces themselves")
    advice = f"{', '.join(ways[:-1])}{' or ' if len(ways) > 1 else ''}{ways[-1]}"
    st.info(
        f"**Too few questions for a curve.** A position is shown if at least {MIN_AT_POSITION} effective questions "
        f"have a scored sentence there; here at most {words.count(most, 'question has', 'questions have')} one. "
        f"{words.capitalised(advice)}.",
        icon=":material/filter_alt_off:",
    )


def _figure(
    page: PageContext, scope: Scope, view: PositionView, table: PositionTable, panels: tuple[Panel, ...]
) -> None:
    labels = [str(label) for label in label_order(page.run.roles)]
    shown = panels
    if len(panels) > _MAX_PANELS:
        shown = tuple(sorted(panels, key=lambda p: -p.n_questions)[:_MAX_PANELS])
        st.caption(f"Of {len(panels):,} benchmarks the {_MAX_PANELS} with most questions are shown.")
    build = compare_figure if view.compare else curves_figure
    figure = build(shown, table, labels, context.mode())
    clicked = chart(figure, "positions", "Label shares along the traces; the same numbers are in the table below")
    st.caption(
        f"{words.capitalised(filters.describe(scope))}. Counted in sentences, labels at "
        f"{words.thresholds(page.run.roles, page.rule)}. Click a point to read its sentences. "
        f"{_cuts(shown)}{cited(CURVE_BAND)}"
    )
    same = _same_traces(shown)
    if same:
        st.caption(same)
    export = positions_table(panels, table, labels)
    with st.container(horizontal=True):
        made = [CURVE_BAND, *((AREA_INTERVAL, PERMUTATION_TEST, HOLM) if view.compare else ())]
        made += [EFFECTIVE_QUESTIONS, RESAMPLES]
        extra = [*made, f"Curves end where fewer than {MIN_AT_POSITION} effective questions are left.", same]
        methods = methods_paragraph(page.run, page.rule, scope.words(), [item for item in extra if item])
        export_panel.offer(page, "positions", export, {"positions": figure}, methods)
        terms = ("position curve", "position", "same traces", "simultaneous band", "n", "effective n", "signed area")
        glossary.explain(*terms, PERMUTATION_TEST.name)
    if clicked:
        shown_no, label_no, line_no, point_no = (int(value) for value in clicked)
        point = CurvePoint(panels.index(shown[shown_no]), label_no, line_no, point_no)
        _drilldown(page, scope, view, panels, point)
    if view.compare:
        _areas(panels, labels)
    with st.expander("The numbers as a table", icon=":material/table:"):
        percent = {name: st.column_config.NumberColumn(format="percent") for name in ("share", "low", "high")}
        st.dataframe(export, hide_index=True, column_config=percent, placeholder="–")


def _cuts(panels: tuple[Panel, ...]) -> str:
    """Which curves end early."""
    cut = [
        f"{words.no_markdown(panel.name, 24)}{'' if curve.line == 'all' else ', ' + curve.line}"
        for panel in panels
        for curve in panel.curves
        if curve.n_shown < len(curve.n_questions)
    ]
    if not cut:
        return ""
    names = "; ".join(cut[:6]) + (f" and {len(cut) - 6} more" if len(cut) > 6 else "")
    return f"Cut where fewer than {MIN_AT_POSITION} effective questions are left: {names}. "


def _same_traces(panels: tuple[Panel, ...]) -> str:
    """What the dotted curves are of; empty where there are none."""
    followed = [
        f"{words.no_markdown(panel.name, 24)} {curve.same.at_least:,} or more "
        f"({words.count(curve.same.n_traces, 'trace')})"
        for panel in panels
        for curve in panel.curves
        if curve.same is not None and curve.line == LINES[0]
    ]
    if not followed:
        return ""
    return (
        "Dotted: the same traces all along, the longer half of them. What the dotted curve does happens within traces; "
        "whatever else the solid one does comes from shorter traces ending. Sentences of these traces: "
        f"{'; '.join(followed)}."
    )


def _drilldown(
    page: PageContext, scope: Scope, view: PositionView, panels: tuple[Panel, ...], point: CurvePoint
) -> None:
    """The sentences behind a point."""
    panel, label = panels[point.panel_no], page.data.labels[point.label_no]
    line, (table, _) = panel.curves[point.line_no].line, page.data.positions(page.rule, scope, view)
    whose = "" if line == "all" else f", {line} traces"
    title = f"{label} at {position_in_words(table, point.point_no)}, {words.no_markdown(panel.name, 40)}{whose}"
    show(page, title, sentences_at_point(page.data, page.rule, scope, view, point), "point")


def _areas(panels: tuple[Panel, ...], labels: list[str]) -> None:
    st.subheader("Do correct and incorrect traces differ?", anchor=False)
    rows: list[dict[str, Any]] = []
    for panel in panels:
        if panel.area is None:
            continue
        area, test = panel.area, panel.area.test
        for k, label in enumerate(labels):
            rows.append(
                {
                    "group": words.plain(panel.name),
                    "label": label,
                    "signed area": 100 * float(area.value[k]),
                    "from": 100 * float(area.low[k]),
                    "to": 100 * float(area.high[k]),
                    "positions": area.n_points,
                    "questions, effective": "{:.0f} and {:.0f}".format(*area.n_effective),
                    "within questions": None if np.isnan(test.value[k]) else 100 * float(test.value[k]),
                    "p-value": float(test.p_value[k]),
                    "informative questions": test.n_informative,
                    "no p-value because": test.refused,
                }
            )
    if not rows:
        st.info("No group has enough correct and incorrect traces to compare.")
        return
    for row, adjusted in zip(rows, holm(np.array([row["p-value"] for row in rows])), strict=True):
        row |= {"p-value": words.p_value(row["p-value"]), HOLM.name: words.p_value(float(adjusted))}
    points = st.column_config.NumberColumn(format="%+.1f")
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        column_order=_AREA_COLUMNS,
        column_config={name: points for name in ("signed area", "from", "to", "within questions")},
    )
    untested = sorted({str(panel.name) for panel in panels if panel.area is None})
    left_out = (
        f" Not compared, for want of questions: {', '.join(map(words.no_markdown, untested))}." if untested else ""
    )
    st.caption(
        f"In percentage points. {cited(AREA_INTERVAL)} It still holds the difference between easy and hard questions. "
        "**Within questions** compares only traces of the same question, so only questions with both kinds of traces "
        f"are informative. {cited(PERMUTATION_TEST)} "
        f"**{HOLM.name}** allows for all p-values of this table at once: by chance alone, at most one such table of "
        f"twenty has any below 0.05 ({HOLM.source}).{left_out}"
    )
