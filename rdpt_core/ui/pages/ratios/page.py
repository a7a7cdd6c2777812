"""The parts of the ratios page: the plane of gaps, the most extreme sentences, and traces as strips."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order
from rdpt_core.analysis.run import ranking
from rdpt_core.analysis.run.gaps import gap_plane
from rdpt_core.analysis.run.gaps.gap_plane import PlaneCell
from rdpt_core.analysis.run.ranking import STRIP_COLUMNS, STRIP_ROWS, Order
from rdpt_core.analysis.schemes import BEFORE_TRAINING, TRIPLE, WITHOUT_TEACHER, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame import context, links, notices
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.controls import SPACE_BY_NAME
from rdpt_core.ui.frame.filters import choose_scope, describe, explain_empty
from rdpt_core.ui.pages.ratios.plane_figure import Axes, plane_figure
from rdpt_core.ui.pages.ratios.strip_figure import strip_figure
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column, training_column
from rdpt_core.ui.style import words

_PURPOSES = {
    TRIPLE: "Each sentence is placed by two gaps: how much likelier the **teacher** finds it than the student, and how "
    "much likelier the **distilled** model does. Far right is what the teacher finds likelier, far left what the "
    "student does; high up in the middle is what distillation alone made likelier. Whatever stands high up would "
    "also stand far right with the distilled model in the teacher's place.",
    BEFORE_TRAINING: "Each sentence is placed by how much likelier the **teacher** finds it than the student, and by "
    "how likely it is for the student. Far right is what the teacher finds much likelier.",
    WITHOUT_TEACHER: "Each sentence is placed by how much likelier the **distilled** model finds it than the student "
    "it started from, and by how likely it is for the student. Far right is what training brought, far left what it "
    "took away.",
}
_ORDERS = {
    Order.TEACHER: "sorted by how far the teacher's value exceeds the student's",
    Order.STUDENT: "sorted by how far the student's value exceeds the teacher's",
    Order.GAINED: "sorted by how far the distilled model's value exceeds the student's",
    Order.LOST: "sorted by how far the student's value exceeds the distilled model's",
    Order.BOOSTED: "Boosted-up sentences, sorted by how far the distilled model's value exceeds both others",
    Order.LOWERED: "Boosted-down sentences, sorted by how far the distilled model's value falls below both others",
}


def _choose_space(rule: LabelRule) -> Space:
    """The space of the axes: the rule's own, unless another one is chosen."""
    if rule.unit is Unit.BYTE:
        return Space.RATIO
    own = next(name for name, space in SPACE_BY_NAME.items() if space is rule.space)
    chosen = st.segmented_control(
        "Axes",
        list(SPACE_BY_NAME),
        default=own,
        key="axes",
        bind="query-params",
        required=True,
        help=glossary.short("space"),
    )
    return SPACE_BY_NAME[chosen or own]


def draw_plane(page: PageContext, scope: Scope) -> tuple[dict[str, Any], gap_plane.PlaneRange] | None:
    """The scatter; None if there is nothing to show. A click on a point opens it, a click on a cell lists it below."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        space = _choose_space(page.rule)
        near = st.toggle(
            "Only near the thresholds",
            key="near",
            bind="query-params",
            help="Shows the middle of the plane, to six times β, where a small change turns labels.",
        )
    whole = page.data.ask(gap_plane.load_range, page.rule.without_thresholds(), space, scope)
    if whole is None:
        return None
    shown = whole
    if near:
        shown = gap_plane.near_thresholds(whole, page.rule, is_triple=scheme_of(page.run.roles).is_triple)
    cells = page.data.ask(gap_plane.load_cells, page.rule, space, scope, shown)
    points = None if shown.is_dense else page.data.ask(gap_plane.load_points, page.rule, space, scope)
    figure = plane_figure(Axes(space, page.run.roles, shown), cells, points, page.rule, context.mode())
    clicked = chart(
        figure,
        "plane",
        "Every sentence by how far the models are apart; the most extreme ones are in the table below",
        zoom=True,
    )
    st.caption(_caption(page, scope, whole, cells, space))
    _follow(page, shown, space, clicked)
    return {"plane": figure}, whole


def _caption(page: PageContext, scope: Scope, whole: gap_plane.PlaneRange, cells: pa.Table, space: Space) -> str:
    inside = [
        0 <= x < gap_plane.N_CELLS and 0 <= y < gap_plane.N_CELLS for x, y in zip(*_cell_indices(cells), strict=True)
    ]
    outside = sum(n for n, is_inside in zip(cells.column("n").to_pylist(), inside, strict=True) if not is_inside)
    text = f"{_counts(whole)} ({describe(scope)})."
    if outside:
        text += f" {words.count(outside, 'of them lies', 'of them lie')} outside the frame."
    if whole.n_unscored:
        text += f" {words.count(whole.n_unscored, 'unscored sentence has', 'unscored sentences have')} no place here."
    if space is page.rule.space:
        text += f" Tinted areas are the label regions at {words.thresholds(page.run.roles, page.rule)}."
    else:
        text += (
            f" Labels follow from {_SPACE_WORDS[page.rule.space]}, so no region can be drawn on these axes: two "
            "sentences at the same place can have different labels."
        )
    what = "Click a cell to list its sentences below" if whole.is_dense else "Click a point to read the sentence"
    return f"{text} {what}; drag to zoom, double-click to return. Histograms count every label along either axis."


def _counts(plane_range: gap_plane.PlaneRange) -> str:
    return (
        f"{words.count(plane_range.n_sentences, 'sentence')} of {words.count(plane_range.n_traces, 'trace')} of "
        f"{words.count(plane_range.n_questions, 'question')}"
    )


_SPACE_WORDS = {Space.DIFFERENCE: "differences of probabilities", Space.RATIO: "log-ratios"}


def _cell_indices(cells: pa.Table) -> tuple[list[int], list[int]]:
    return cells.column("ix").to_pylist(), cells.column("iy").to_pylist()


def _follow(page: PageContext, shown: gap_plane.PlaneRange, space: Space, clicked: list[int] | None) -> None:
    """Act on a click, once: the chart keeps reporting it."""
    seen, st.session_state["plane_seen"] = st.session_state.get("plane_seen"), clicked
    if not clicked or clicked == seen:
        return
    if clicked[0] < 0:
        cell = gap_plane.cell_at(shown, space, int(clicked[1]), int(clicked[2]))
        links.publish("cell", ",".join([str(cell.space), *(f"{end:.6g}" for end in cell.ends)]))
        return
    trace_id = page.data.ask(ranking.trace_id_of, int(clicked[0]))
    open_sentence(page.run, trace_id, int(clicked[1]) + 1)


def ranked_table(page: PageContext, scope: Scope) -> pa.Table:
    """The most extreme sentences; a click on a row opens its sentence."""
    st.subheader("The most extreme sentences", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [str(order) for order in ranking.orders(page.run)]
        chosen = st.segmented_control(
            "Begin with the most", names, default=names[0], key="most", bind="query-params", required=True
        )
        min_tokens = st.number_input(
            "At least … tokens",
            1,
            1000,
            1,
            key="min_tokens",
            bind="query-params",
            width=140,
            help="Very short sentences reach extremes most easily, because their mean has few terms.",
        )
    order = Order(chosen or names[0])
    cell = _chosen_cell()
    table = page.data.ask(ranking.load_ranked, page.rule, scope, order, int(min_tokens), cell)
    note = f"{_ORDERS[order]}, in {_SPACE_WORDS[page.rule.space]}"
    if not table.num_rows:
        st.info("No sentence fits: try fewer tokens or another ranking.", icon=":material/filter_alt_off:")
        return table
    first = "The first " if table.num_rows == ranking.N_RANKED else ""
    st.caption(f"{first}{words.count(table.num_rows, 'sentence')}, {note}. Click one to read it in its trace.")
    clicked = clickable_table(_shown(page, table), "ranked", _columns(page), ("context",))
    if clicked is not None:
        row = table.slice(clicked, 1).to_pylist()[0]
        open_sentence(page.run, row["trace_id"], row["sentence"])
    return table


def _chosen_cell() -> PlaneCell | None:
    """The cell that the address names, with a way out of it."""
    text = st.query_params.get("cell")
    if text is None:
        return None
    cell = _parse_cell(text)
    with st.container(horizontal=True, vertical_alignment="center"):
        if cell is None:
            st.warning("The address names a cell of the plane that cannot be read.", icon=":material/link_off:")
        else:
            st.markdown(
                f"Only the chosen cell: x from {cell.x_low:.3g} to {cell.x_high:.3g}, "
                f"y from {cell.y_low:.3g} to {cell.y_high:.3g}."
            )
        if st.button("Show all", icon=":material/close:", key="leave_cell"):
            links.publish("cell", None)
            st.rerun()
    return cell


def _parse_cell(text: str) -> PlaneCell | None:
    name, *ends = text.split(",")
    try:
        numbers = [float(end) for end in ends]
    except ValueError:
        return None
    if name not in list(Space) or len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        return None
    return PlaneCell(Space(name), *numbers)


def _shown(page: PageContext, table: pa.Table) -> pa.Table:
    """The columns of the page: texts without invisible characters, and a link to the context of each sentence."""
    names = ["by", "label", "direction", *(f"p_{role}" for role in page.run.roles), "margin", "n_tokens"]
    return pa.table(
        {
            "text": plain_column(table, "text"),
            **{name: table.column(name) for name in names},
            **training_column(page.data, table),
            **{name: plain_column(table, name, 60) for name in ("benchmark", "question_id", "trace_id")},
            "sentence": table.column("sentence"),
            "context": link_column(page.run, table),
        }
    )


def _columns(page: PageContext) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    config: dict[str, Any] = {f"p_{role}": number(format="%.3g") for role in page.run.roles}
    return config | {
        "text": st.column_config.TextColumn(width="large"),
        "by": number("gap", format="%.3g", help="What the table is sorted by"),
        "margin": number(format="%.3g", help=glossary.short("margin")),
        "n_tokens": number("tokens", help="Tokens of the model that wrote the trace"),
        "context": st.column_config.LinkColumn(display_text="open", help="The trace at this sentence, in a new tab"),
    }


def strips(page: PageContext, scope: Scope) -> dict[str, Any]:
    """One row a trace: the gap of each of its sentences. A click opens the sentence."""
    scheme = scheme_of(page.run.roles)
    upper, lower = words.NOUNS[scheme.upper], words.NOUNS[scheme.lower]
    st.subheader("Trace by trace", anchor=False)
    traces = page.data.ask(ranking.load_trace_order, page.rule.without_thresholds(), scope)
    n = traces.num_rows
    first = 0
    if n > STRIP_ROWS:
        first_order, last_order, *_ = ranking.orders(page.run)
        first = (
            st.slider(
                f"{STRIP_ROWS} of {n:,} traces, from the most {first_order} to the most {last_order}, starting at",
                1,
                n - STRIP_ROWS + 1,
                key="strip",
                bind="query-params",
            )
            - 1
        )
    shown = traces.slice(first, STRIP_ROWS)
    numbers = tuple(shown.column("trace_no").to_pylist())
    values = page.data.ask(ranking.load_strip, page.rule.without_thresholds(), numbers)
    figure = strip_figure(shown, values, first, scheme, page.rule.space, context.mode())
    clicked = chart(figure, "strips", f"Gap between {words.both_models(scheme)} for each sentence, one row a trace")
    st.caption(
        f"One row a trace, one square a sentence: in the colour of {scheme.above} where the {upper} finds it likelier "
        f"than the {lower}, in that of {scheme.below} where the {lower} does, grey where they agree. Rows are sorted "
        "by their mean gap. "
        f"At most {STRIP_COLUMNS} sentences of a trace are shown. Click a square to read the sentence."
    )
    if clicked:
        trace = shown.slice(int(clicked[0]), 1).to_pylist()[0]
        open_sentence(page.run, trace["trace_id"], int(clicked[1]) + 1)
    return {"strips": figure}


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = choose_scope(page)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("How far apart are the models?", anchor=False)
        terms = ["gap", "log-ratio", "p", "space", "margin", *map(str, label_order(page.run.roles))]
        glossary.explain(*terms)
    st.markdown(_PURPOSES[scheme_of(page.run.roles)])
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    drawn = draw_plane(page, scope)
    if drawn is None:
        explain_empty(scope)
        return
    figures, whole = drawn
    with st.container(horizontal=True):
        slot = st.container(width="content")
    table = ranked_table(page, scope)
    figures |= strips(page, scope)
    with slot:
        methods = methods_paragraph(page.run, page.rule, scope.words(), [f"{_counts(whole)}."])
        export_panel.offer(page, "ratios", table, figures, methods)
