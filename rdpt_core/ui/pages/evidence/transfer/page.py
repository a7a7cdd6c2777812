"""The page Transfer: how far the teacher reaches in what it taught, and in what it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.evidence.controls import NO_TEACHER, Control, ControlKind
from rdpt_core.analysis.evidence.transfer.data import TransferData, ratio_rule, student_text, transfer_of
from rdpt_core.analysis.evidence.transfer.levels import Assignment
from rdpt_core.analysis.evidence.transfer.reach import ReachTable
from rdpt_core.analysis.evidence.transfer.rows import accuracy_table, copied_rows, reach_rows, spread_rows, step_rows
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    TREND_TEST,
    Method,
    cited,
)
from rdpt_core.records import Role
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.evidence.transfer import accuracy, choice, copied, figures, reach, scale, summary
from rdpt_core.ui.parts import control_words, drilldown, export_panel
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_PURPOSE = "How far does the teacher reach in groups that the training data had, half had, and never had?"
_METHODS = (SHARE_INTERVAL, DIFFERENCE_INTERVAL, TREND_TEST, EFFECTIVE_QUESTIONS, RESAMPLES)


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(page, "Transfer", _PURPOSE)
    if scope is None:
        return
    transfer, scheme = transfer_of(page.data), scheme_of(page.run.roles)
    controls = _controls(page)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = choice.choose_by(page, scope)
        said = transfer.assignments(page.rule, by)
        origin = choice.choose_origin(said)
        control = _choose_control(controls)
        slot = st.container(width="content")
    assignment = said[origin] if origin in said else choice.own_choice(page, scope, by, said)
    if assignment is None:
        return
    base = _student_text(page)
    tables = {
        one.key: transfer.table(page.rule, scope, assignment, page.controlled.data_of(one.key), base)
        for one in (controls[:1] if control is None else [controls[0], control])
    }
    table = tables[control.key] if control else transfer.table(page.rule, scope, assignment, None, base)
    if not table.groups:
        filters.explain_empty(scope)
        return
    summary.draw(tables.get(NO_TEACHER.key, table), scheme)
    name = "no control" if control is None else control.name
    figure = figures.reach_figure(table, scheme, name, context.mode())
    alt = "Reach of every level and group with intervals; the numbers are in the table below"
    clicked = chart(figure, "transfer_reach", alt)
    _caption(page, scope, table, control)
    _list_behind(page, transfer, scope, table, clicked)
    reach.numbers(table, scheme, name)
    reach.steps(table, scheme, name)
    _before(page, table, base)
    found = transfer.copied(page.rule, scope, assignment)
    drawn = {"transfer_reach": figure} | copied.draw(page, found)
    graded = transfer.accuracy(page.rule, scope, assignment, base)
    accuracy.draw(graded, has_student_text=base is not None)
    spreads = transfer.spreads(page.rule, scope, by)
    after = None
    if scale.draw(spreads, scheme):
        ratio = ratio_rule(page.rule)
        after = transfer.standardised(ratio, scope, assignment)
        scale.side_by_side(transfer.table(ratio, scope, assignment), after, page.rule, scheme)
    methods = _methods(page, scope, assignment, control)
    with slot:
        export_panel.offer(page, "transfer", reach_rows(table), drawn, methods)
    more = {"transfer_steps": step_rows(table), "transfer_accuracy": accuracy_table(graded)}
    if found is not None:
        more["transfer_copied"] = copied_rows(found)
    more["transfer_spread"] = spread_rows({str(space): one for space, one in spreads.items()})
    if after is not None:
        more["transfer_standardised"] = reach_rows(after)
    _further_tables(page, more, methods)


def _controls(page: PageContext) -> list[Control]:
    """Models that can stand in the teacher's place, no teacher first; under the student itself nothing is Teacher."""
    found = page.controlled.controls
    return [one for one in found if one.kind is ControlKind.IN_PLACE and one.key != Role.STUDENT]


def _choose_control(controls: Sequence[Control]) -> Control | None:
    if len(controls) < 2:
        return controls[0] if controls else None
    names = [words.plain(control.name) for control in controls]
    chosen = st.selectbox("In the teacher's place", names, key="transfer_control", bind="query-params", width=260)
    return controls[names.index(chosen)]


def _student_text(page: PageContext) -> RunData | None:
    run = student_text(page.database.own_runs(), page.run)
    return None if run is None else page.database.data(run)


def _caption(page: PageContext, scope: Scope, table: ReachTable, control: Control | None) -> None:
    scheme = scheme_of(page.run.roles)
    parts = [
        f"{words.capitalised(filters.describe(scope))}: {summary.counted(table.groups)}. Labels at "
        f"{words.thresholds(page.run.roles, page.rule)}. The fuller a point, the more the training data had of its "
        "group. Click a point to list its sentences."
    ]
    if scheme.is_triple:
        parts.append(
            f"Where {scheme.rest} points up, teacher and student agree within β: it is what distillation raised, and "
            "no evidence for a teacher."
        )
    if control is not None:
        parts.append(
            f"A control can only be set beside {scheme.above} alone, on the right: "
            + (
                "with the distilled model in the teacher's place nothing lies above both others, and "
                f"{scheme.above} is all that distillation raised by more than β."
                if control.key == NO_TEACHER.key
                else f"there {control_words.name(control)} stands in the teacher's place."
            )
        )
    parts.append(f"Bars are {SHARE_INTERVAL.name}s; the end of the page says how they are made.")
    st.caption(" ".join(parts))


def _list_behind(
    page: PageContext, transfer: TransferData, scope: Scope, table: ReachTable, clicked: list[Any] | None
) -> None:
    """The reached sentences behind the point that was clicked, one a trace."""
    if not clicked or len(clicked) < 2:
        return
    rows = table.levels if int(clicked[0]) else table.groups
    if int(clicked[1]) < len(rows):
        row = rows[int(clicked[1])]
        title = f"Reached sentences, {words.no_markdown(row.name, 40)}"
        drilldown.show(page, title, transfer.behind(page.rule, scope, row), "transfer")


def _before(page: PageContext, table: ReachTable, base: RunData | None) -> None:
    """Reach beyond that on the student's own text, or how to get such text."""
    st.subheader("Beyond the student's own text", anchor=False)
    if base is None:
        st.markdown(
            "Reach has no base line here: the file holds no text that the student wrote itself. "
            "`rdpt calibrate` adds some, scored as this run was; on it, every Teacher label is one that no teacher "
            "earned."
        )
        return
    rows = [row for row in table.levels if row.gain is not None]
    if not rows:
        st.markdown("The student's own text shares no question with the traces in scope.")
        return
    said = words.listed([f"{summary.points(row.gain)} in {row.name} groups" for row in rows if row.gain is not None])
    shares = words.listed([words.percent(float(row.base.share[0])) for row in rows if row.base is not None])
    st.markdown(
        f"On text that the student wrote itself, reach is {shares} in {words.listed([row.name for row in rows])} "
        f"groups: the base line. On the {table.n_shared} questions that both have, the run exceeds it by {said}."
    )
    st.caption(
        f"{words.count(base.run.n_traces, 'response')} of the student's own, scored by the same models. A label there "
        "owes nothing to distillation: it is what the rule finds anyway. The two texts differ in more than their "
        "writer, as each writer went its own way."
    )


def _methods(page: PageContext, scope: Scope, assignment: Assignment, control: Control | None) -> str:
    told: list[str | Method] = [
        f"Reach is the share of sentences that are {summary.reach_name(scheme_of(page.run.roles))}. Traces were "
        f"grouped by {assignment.by}. {choice.TOLD[assignment.origin]}",
        *([] if control is None else [f"Control: {control.name}; it takes away {control.takes_away}."]),
        *_METHODS,
    ]
    return methods_paragraph(page.run, page.rule, scope.words(), told)


def _further_tables(page: PageContext, tables: Mapping[str, pa.Table], methods: str) -> None:
    """One choice and one button for all parts below the first, and how the numbers of all parts were made."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {words.capitalised(name.removeprefix("transfer_")): name for name in tables}
        title = st.selectbox("Further tables", list(titles), key="transfer_further", width=200)
        name = titles.get(title, next(iter(tables)))
        export_panel.offer(page, name, tables[name], {}, methods)
    with st.expander("How this was made"):
        st.markdown(cited(*_METHODS))
