"""The positions page: which labels stand where in the traces, and how correct and incorrect ones differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run import drilldown, positions
from rdpt_core.analysis.run.positions import MAX_POINTS, MIN_AT_POSITION, N_RESAMPLES, Panel, positions_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.resampling import SEED
from rdpt_core.ui.data import run_data
from rdpt_core.ui.data.run_data import PositionView
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import Frame
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.positions.figures import compare_figure, curves_figure, place_in_words
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import Behind, show
from rdpt_core.ui.style import words

TRACES = ("all", "correct against incorrect")
SCALES = ("sentence number", "part of the trace")
PANELS = ("each benchmark", "all together")
_MAX_PANELS = 12

_METHOD = (
    f"Bands hold a whole curve with 95% confidence: max-|t| over its positions, from {N_RESAMPLES:,} resamples of "
    f"questions (seed {SEED}). Curves end where fewer than {MIN_AT_POSITION} questions are left."
)


def draw(page: Frame) -> None:
    """The whole page."""
    chosen = begin(
        page,
        "Positions",
        "Where in a trace each kind of sentence stands. At position k the shares are those among the k-th sentences of "
        "all traces that have one, so the traces behind a curve get fewer along it: their number is drawn, too.",
    )
    if chosen is None:
        return
    view = _choose(page, chosen)
    table, panels = run_data.panels_of(page.source, page.run, page.rule, view)
    if not any(curve.n_shown for panel in panels for curve in panel.curves):
        _explain_few(view, panels)
        return
    _figure(page, view, table, panels)


def _choose(page: Frame, chosen: Scope) -> PositionView:
    facts = run_data.facts_of(page.source, page.run, chosen)
    graded = bool((facts.correct == 1).any() and (facts.correct == 0).any())
    several = len(facts.names["benchmark"]) > 1
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
    compare = graded and traces == TRACES[1]
    if not graded:
        st.caption("These traces are not graded as correct and as incorrect, so the two cannot be compared.")
    longest = int(facts_length(page, chosen).max(initial=1))
    return PositionView(chosen, compare, scale == SCALES[1], several and together == PANELS[0], min(int(last), longest))


def _one_of(label: str, options: tuple[str, ...], key: str, *, disabled: bool = False) -> str:
    """A control whose first option is the default; its value lives in the address."""
    found: str = st.segmented_control(
        label,
        options,
        key=key,
        default=options[0],
        required=True,
        bind="query-params",
        disabled=disabled,
        width="content",
    )
    return found


def facts_length(page: Frame, chosen: Scope) -> np.ndarray:
    """Sentences of each trace in scope."""
    gaps = run_data.gaps_of(page.source, page.run, page.rule)
    return gaps.length[run_data.rows_in(gaps, run_data.facts_of(page.source, page.run, chosen))]


def _explain_few(view: PositionView, panels: tuple[Panel, ...]) -> None:
    most = max((int(curve.n_questions.max(initial=0)) for panel in panels for curve in panel.curves), default=0)
    ways = ["widen the filters"] if view.scope != Scope() else []
    ways += ["take the benchmarks together"] if view.by_benchmark else []
    ways.append("read the traces themselves")
    advice = f"{', '.join(ways[:-1])}{' or ' if len(ways) > 1 else ''}{ways[-1]}"
    st.info(
        f"**Too few questions for a curve.** A position is shown if at least {MIN_AT_POSITION} questions have a scored "
        f"sentence there; here at most {words.count(most, 'question has', 'questions have')} one. "
        f"{advice[0].upper()}{advice[1:]}.",
        icon=":material/filter_alt_off:",
    )


def _figure(page: Frame, view: PositionView, table: positions.PositionTable, panels: tuple[Panel, ...]) -> None:
    kinds = [str(label) for label in label_order(page.run.roles)]
    shown = panels
    if len(panels) > _MAX_PANELS:
        shown = tuple(sorted(panels, key=lambda p: -p.n_questions)[:_MAX_PANELS])
        st.caption(f"Of {len(panels):,} benchmarks the {_MAX_PANELS} with most questions are shown.")
    build = compare_figure if view.compare else curves_figure
    figure = build(shown, table, kinds, context.mode())
    clicked = chart(figure, "positions", "Label shares along the traces; the same numbers are in the table below")
    st.caption(
        f"{filters.describe(view.scope).capitalize()}. Counted in sentences, labels at α = {page.rule.alpha:g}, β = "
        f"{page.rule.beta:g}. Bands hold each whole curve with 95% confidence and resample questions. {_cuts(shown)}"
        "Click a point to read its sentences."
    )
    export = positions_table(panels, table, kinds)
    with st.container(horizontal=True):
        methods = methods_paragraph(page.run, page.rule, view.scope.words(), [_METHOD])
        export_panel.offer(page, "positions", export, {"positions": figure}, methods)
        glossary.explain("position curve", "position", "simultaneous band", "n", "signed area", "permutation p-value")
    if clicked:
        _behind(page, view, table, shown[int(clicked[0])], *(int(value) for value in clicked[1:]))
    if view.compare:
        _areas(panels, kinds)
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
    return f"Cut where fewer than {MIN_AT_POSITION} questions are left: {names}. "


def _behind(
    page: Frame, view: PositionView, table: positions.PositionTable, panel: Panel, k: int, line: int, point: int
) -> None:
    """The sentences with this label at this position."""
    facts = run_data.facts_of(page.source, page.run, view.scope)
    gaps = run_data.gaps_of(page.source, page.run, page.rule)
    curve, label = panel.curves[line], label_order(page.run.roles)[k]
    wanted = {"all": (-1, 0, 1), "correct": (1,), "incorrect": (0,)}[curve.line]
    traces = panel.traces[np.isin(facts.correct[panel.traces], wanted)]
    rows = run_data.rows_in(gaps, facts)[traces]
    part = replace(table, amount=table.amount[traces], reaches=table.reaches[traces])
    codes = run_data.codes_of(page.source, page.run, page.rule)
    n, place, index = positions.sentences_at(gaps, codes, rows, part, point, k, drilldown.LIMIT)
    whose = "" if curve.line == "all" else f", {curve.line} traces"
    title = f"{label} at {place_in_words(table, point)}, {words.no_markdown(panel.name, 40)}{whose}"
    numbers = facts.trace_no[traces[place]].tolist()
    show(page, page.run, Behind(title, n, "trace", numbers, index.tolist(), {}), "point")


def _areas(panels: tuple[Panel, ...], kinds: list[str]) -> None:
    st.subheader("Do correct and incorrect traces differ?", anchor=False)
    rows = []
    for panel in panels:
        if panel.area is None:
            continue
        area, test = panel.area, panel.area.test
        for k, kind in enumerate(kinds):
            rows.append(
                {
                    "group": words.plain(panel.name),
                    "label": kind,
                    "signed area": 100 * float(area.value[k]),
                    "from": 100 * float(area.low[k]),
                    "to": 100 * float(area.high[k]),
                    "positions": area.n_points,
                    "within questions": None if np.isnan(test.value[k]) else 100 * float(test.value[k]),
                    "p-value": None if test.refused else float(test.p_value[k]),
                    "informative questions": test.n_informative,
                    "no p-value because": test.refused,
                }
            )
    if not rows:
        st.info("No group has enough correct and incorrect traces to compare.")
        return
    points = st.column_config.NumberColumn(format="%+.1f")
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        column_config={name: points for name in ("signed area", "from", "to", "within questions")}
        | {"p-value": st.column_config.NumberColumn(format="%.4f")},
    )
    untested = sorted({str(panel.name) for panel in panels if panel.area is None})
    left_out = (
        f" Not compared, for want of questions: {', '.join(map(words.no_markdown, untested))}." if untested else ""
    )
    st.caption(
        "**Signed area**: by how many percentage points the curve of correct traces lies above that of incorrect ones, "
        "on average over their common positions, with its 95% interval from resampling questions. It still holds the "
        "difference between easy and hard questions. **Within questions** compares only traces of the same question; "
        "its p-value shuffles correctness among them, so only questions with both kinds of traces are informative. "
        f"{words.count(len(rows), 'comparison')}: one of twenty falls below 0.05 by chance.{left_out}"
    )
