"""Shares corrected by text whose writer is known."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from rdpt_core.analysis.evidence.corrected import (
    ALL,
    WRITERS,
    WRITTEN_BY,
    CorrectedRow,
    can_be_corrected,
    contradiction,
    corrected_shares,
    corrected_table,
    known_texts,
)
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import CORRECTED_SHARE, EFFECTIVE_QUESTIONS, Method, cited
from rdpt_core.analysis.statistics.rogan_gladen import CorrectedShare
from rdpt_core.records import Label
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import context, filters, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words
from rdpt_core.ui.style.figure_style import base_layout, error_bars, row_axis
from rdpt_core.ui.style.theme import MUTED, RULE, Mode, label_key, tone

_HEADING = "Shares corrected by text whose writer is known"
_LEAD = (
    "How often is a label wrong? The student answered questions of this run by itself, and so did the teacher. A "
    "Teacher label on the student's text is an error, and a sentence of the teacher's text without one is missed. A "
    "share corrected for both is the part of this run's sentences that are *like* the teacher's."
)


def draw(page: PageContext, scope: Scope) -> None:
    """The part of the page."""
    glossary.explained_heading(_HEADING, "corrected share", "95% interval", "effective n")
    if not can_be_corrected(page.run):
        st.caption(_not_here(page.run))
        return
    found = known_texts(page.database.own_runs(), page.run)
    if len(found) < len(WRITTEN_BY):
        _invite(page, found)
        return
    texts = {role: page.database.data(run) for role, run in found.items()}
    rows = corrected_shares(page.data, texts, page.rule, scope)
    st.markdown(_LEAD)
    for row in rows:
        if row.benchmark == ALL:
            st.markdown(in_words(row))
    st.markdown(_sum_in_words(rows))
    figure = corrected_figure(rows, context.mode())
    chart(
        figure,
        "corrected",
        "Observed and corrected share of Teacher and Student; the numbers are in the table below",
        clickable=False,
    )
    _table(rows)
    st.caption(_caption(rows, found, scope))
    extra: list[str | Method] = [CORRECTED_SHARE, EFFECTIVE_QUESTIONS, *map(_drawn, found.values())]
    methods = methods_paragraph(page.own_run, page.rule, scope.words(), extra)
    export_panel.offer(page, "corrected", corrected_table(rows), {"corrected": figure}, methods)


def _not_here(run: Run) -> str:
    if run.known_writer is not None:
        return f"All responses of this run were written by the {run.known_writer.role}: it corrects those of another."
    if run.seen_as:
        return (
            "Corrections are for the run's own teacher: another model would have to write text of its own, too. Choose "
            "the run's own teacher to see them."
        )
    return "Only a run with a teacher and a student has shares that text of these two corrects."


def _invite(page: PageContext, found: dict[str, Run]) -> None:
    """What would be seen here, and the command that makes it."""
    missing = words.listed([f"the {role}'s" for role in WRITTEN_BY if role not in found])
    st.info(
        f"**No text is known as {missing}.** With such text, this part shows how often each label is "
        "wrong, and the shares of Teacher and Student corrected for that, with intervals. Both models answer some of "
        "the run's questions, and all three models read these responses: for 200 questions, about as long as 400 "
        "traces take.",
        icon=":material/balance:",
    )
    database = shlex.quote(settings.shown(page.database.path))
    st.code(f"rdpt calibrate --run {page.run.run_id[:8]} --db {database}", language=None, wrap_lines=True)
    st.caption("Text that you have already goes in by `--student-traces FILE` and `--teacher-traces FILE`.")


def in_words(row: CorrectedRow) -> str:
    """One label, before and after."""
    shares, (wrong, right) = row.shares, WRITERS[row.label]
    errs = (
        f"The label is on {words.percent(shares.false_rate)} of the {wrong}'s own text and on "
        f"{words.percent(shares.sensitivity)} of the {right}'s."
    )
    if shares.refused is not None:
        return (
            f"**{row.label}: {words.percent(shares.observed)} as labelled, and no corrected share**: "
            f"{shares.refused}. {errs}"
        )
    return (
        f"**{row.label}: {words.percent(shares.observed)} as labelled, {words.percent(shares.share)} corrected** "
        f"({_ends(shares)}). {errs}"
    )


def _sum_in_words(rows: Sequence[CorrectedRow]) -> str:
    """Whether the two corrected shares say the same."""
    found = {row.label: row.shares for row in rows if row.benchmark == ALL}
    teacher, student = found[str(Label.TEACHER)], found[str(Label.STUDENT)]
    if teacher.refused or student.refused:
        return ""
    both = f"{words.percent(teacher.share)} + {words.percent(student.share)} = {teacher.share + student.share:.0%}"
    if contradiction(rows) is None:
        return (
            f"If every sentence is like the one's or like the other's, both corrected shares add up to 100%. They add "
            f"up to {both}, which their intervals allow."
        )
    return (
        f"**The two corrected shares do not add up to 100%** ({both}), beyond what their intervals allow. So these "
        "sentences are no mixture of such as the teacher writes and such as the student writes: some are like neither, "
        "or the label errs more, or less, after what the distilled model wrote before them. Take neither number as "
        "exact."
    )


def _ends(shares: CorrectedShare) -> str:
    return f"{words.percent(shares.low)} to {words.percent(shares.high)}"


def _table(rows: Sequence[CorrectedRow]) -> None:
    some_refused = any(row.shares.refused for row in rows)
    st.dataframe(
        [
            {
                "benchmark": words.plain(row.benchmark, 40),
                "label": row.label,
                "as labelled": words.percent(row.shares.observed),
                "in the other's text": words.percent(row.shares.false_rate),
                "in its own text": words.percent(row.shares.sensitivity),
                "corrected": words.percent(row.shares.share),
                "95% interval": "–" if row.shares.refused else _ends(row.shares),
                **({"no interval because": row.shares.refused} if some_refused else {}),
                "questions": " / ".join(f"{n:,}" for n in row.shares.n_questions),
                "effective": " / ".join(f"{n:,.0f}" for n in row.shares.n_effective),
                "sentences": " / ".join(f"{n:,}" for n in row.shares.n_counted),
            }
            for row in rows
        ],
        hide_index=True,
        placeholder="",
    )


def _caption(rows: Sequence[CorrectedRow], found: dict[str, Run], scope: Scope) -> str:
    is_split = any(row.benchmark != ALL for row in rows)
    return (
        f"{words.capitalised(filters.describe(scope))}. Counts are those of this run / the other's text / its own "
        "text: for Teacher, the other is the student; for Student, the teacher. "
        f"{' '.join(_drawn(run) for run in found.values())} "
        f"{cited(CORRECTED_SHARE, EFFECTIVE_QUESTIONS)} It assumes that a sentence of this run is labelled as often as "
        "one that its writer wrote in a response of its own. "
        + ("Benchmarks with too few questions in any of the three texts are left out. " if is_split else "")
        + "Not shown: whether the teacher taught these sentences. A model that learned them elsewhere would be "
        "corrected alike."
    )


def _drawn(run: Run) -> str:
    """How a known text came about."""
    known = run.known_writer
    if known is None:
        return ""
    if known.settings.get("source") != "drawn":
        return f"The {known.role}'s text was given as known: {words.count(run.n_traces, 'response')}."
    n_cut, limit = known.settings.get("n_cut", 0), known.settings.get("max_new_tokens")
    cut = f", {n_cut:,} of them cut at {limit:,} tokens" if n_cut else ""
    return (
        f"The {known.role}'s text: {words.count(run.n_traces, 'response')} drawn at temperature "
        f"{known.settings.get('temperature')}{cut}."
    )


def corrected_figure(rows: Sequence[CorrectedRow], mode: Mode) -> go.Figure:
    """A column a label, a line a group: a hollow point as labelled, a filled one with its interval as corrected."""
    groups = list(dict.fromkeys(row.benchmark for row in rows))
    figure = make_subplots(
        rows=1,
        cols=len(WRITERS),
        shared_yaxes=True,
        column_titles=[f"<b>{label}</b>" for label in WRITERS],
        horizontal_spacing=0.04,
    )
    for column, label in enumerate(WRITERS, 1):
        own = [row for row in rows if row.label == label]
        ink = tone(label_key(label), mode).ink
        places = [groups.index(row.benchmark) for row in own]
        hover = {"hovertext": [_hover(row) for row in own], "hoverinfo": "text"}
        figure.add_trace(
            go.Scatter(
                x=[row.shares.observed for row in own],
                y=[place - 0.16 for place in places],
                mode="markers",
                name="as labelled",
                marker={"symbol": "circle-open", "size": 9, "color": MUTED[mode], "line": {"width": 2}},
                showlegend=column == 1,
                **hover,
            ),
            row=1,
            col=column,
        )
        figure.add_trace(
            go.Scatter(
                x=[None if row.shares.refused else row.shares.share for row in own],
                y=[place + 0.16 for place in places],
                error_x=error_bars(
                    [None if row.shares.refused else row.shares.high - row.shares.share for row in own],
                    [None if row.shares.refused else row.shares.share - row.shares.low for row in own],
                    ink,
                ),
                mode="markers",
                name=f"corrected, {label}",
                marker={"symbol": "diamond", "size": 10, "color": ink},
                **hover,
            ),
            row=1,
            col=column,
        )
    figure.update_xaxes(
        range=[-0.02, 1.02],
        tickvals=[0, 0.25, 0.5, 0.75],
        tickformat=".0%",
        showgrid=True,
        gridcolor=RULE[mode],
        zeroline=False,
        fixedrange=True,
    )
    names = [f"<b>{name}</b>" if name == ALL else words.no_markup(name, 24) for name in groups]
    figure.update_yaxes(**row_axis(names))
    figure.update_layout(
        base_layout(mode),
        height=130 + 38 * len(groups),
        margin={"l": 8, "r": 12, "t": 70, "b": 30},
        hovermode="closest",
    )
    figure.update_layout(legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    return figure


def _hover(row: CorrectedRow) -> str:
    shares = row.shares
    corrected = shares.refused or f"corrected {words.percent(shares.share)} ({_ends(shares)})"
    return (
        f"<b>{words.no_markup(row.benchmark, 40)}, {row.label}</b><br>as labelled {words.percent(shares.observed)}<br>"
        f"{corrected}<br>{words.questions(shares.n_questions[0], shares.n_effective[0])}"
    )
