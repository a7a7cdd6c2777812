"""The training page: label shares checkpoint by checkpoint, when sentences turned, and which changed most."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import Space
from rdpt_core.analysis.run.drilldown import LIMIT, Drilldown
from rdpt_core.analysis.run.trace_table import NONE
from rdpt_core.analysis.run.training.changed import Behind, load_behind
from rdpt_core.analysis.run.training.curves import SPLITS, ShareCurves, curves_table
from rdpt_core.analysis.run.training.points import MAX_POINTS, Point, can_space_truly, n_left_out, points_of, schemes_of
from rdpt_core.analysis.run.training.turns import Turns, turns_table
from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER, Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    EFFECTIVE_QUESTIONS,
    GAP_INTERVAL,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.training.changed import draw_changed
from rdpt_core.ui.pages.training.explain import checkpoints_at_work, explain_missing
from rdpt_core.ui.pages.training.figures import means_figure, point_in_words, shares_figure, turns_figure
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words

_PURPOSE = (
    "What training did, and when. The traces are read by the model as it was at every checkpoint, and each sentence is "
    "labelled anew, as if the training had ended there."
)
_SCHEMES: dict[str, Scheme] = {"the student": WITHOUT_TEACHER, "the teacher": TRIPLE}
_SCHEME_HELP = (
    "**the student**: did training make the sentence likelier than the student it started from finds it (Gained), less "
    "likely (Lost), or neither (Kept)? **the teacher**: the label rule of all other pages, with the checkpoint in the "
    "place of the distilled model."
)
_TEACHER_NOTE = (
    "Whether a sentence is Teacher or Student follows from those two models alone, and they do not train: a checkpoint "
    "moves these shares only through Shared, when all three models come to agree. What training does shows better "
    "against the student."
)
_SPACINGS = ("as in training", "evenly")
_NO_SPLIT = "nothing"
_MAX_PANELS = 6


def draw(page: PageContext) -> None:
    """The whole page."""
    points = points_of(page.run)
    if not points:
        st.header("Training", anchor=False)
        st.markdown(_PURPOSE)
        explain_missing(page)
        return
    scope = begin(page, "Training", _PURPOSE)
    if scope is None:
        return
    _tell_what_is_missing(page)
    scheme, truly, split = _choose(page, scope, points)
    curves = page.data.training_shares(page.rule, scope, scheme, split)
    if not any(shares.n_counted for curve in curves for shares in curve.intervals):
        st.info("None of these sentences is scored at any checkpoint.", icon=":material/filter_alt_off:")
        return
    turns = page.data.training_turns(page.rule, scope, scheme)
    figures = {"shares_by_step": _shares(page, scope, scheme, curves, truly, split)}
    slot = st.container(horizontal=True)
    figures["turns"] = _turns(page, scope, scheme, turns)
    figures["means_by_step"] = _means(page, scope, scheme, points, truly)
    draw_changed(page, scope, points)
    with slot:
        _offer(page, scope, scheme, split, curves, turns, figures)


def _tell_what_is_missing(page: PageContext) -> None:
    waiting, n_out = checkpoints_at_work(page.run), n_left_out(page.run)
    if waiting:
        names = words.listed([words.no_markdown(name) for name in waiting])
        st.info(f"Being scored, and not shown yet: {names}.", icon=":material/hourglass_top:")
    if n_out:
        st.caption(f"{words.count(n_out, 'checkpoint')} left out, evenly: the page shows at most {MAX_POINTS} times.")


def _choose(page: PageContext, scope: Scope, points: tuple[Point, ...]) -> tuple[Scheme, bool, str | None]:
    known, traces = schemes_of(page.run), page.data.trace_table(scope)
    names = [name for name, scheme in _SCHEMES.items() if scheme in known]
    splits = [_NO_SPLIT, *(name for name in SPLITS if len(traces.names[name]) > 1)]
    can_be_true = can_space_truly(points)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = st.segmented_control(
            "Compare with",
            names,
            default=names[0],
            key="against",
            bind="query-params",
            required=True,
            help=_SCHEME_HELP,
            width="content",
            disabled=len(names) == 1,
        )
        spacing = st.segmented_control(
            "Steps",
            _SPACINGS,
            default=_SPACINGS[0] if can_be_true else _SPACINGS[1],
            key="spacing",
            bind="query-params",
            required=True,
            width="content",
            disabled=not can_be_true,
            help="Names that state no step, such as `early`, stand evenly.",
        )
        split = st.selectbox("Split by", splits, key="split", bind="query-params", width=180)
    return (
        _SCHEMES[against or names[0]],
        can_be_true and spacing == _SPACINGS[0],
        None if split == _NO_SPLIT else split,
    )


def _shares(
    page: PageContext,
    scope: Scope,
    scheme: Scheme,
    curves: tuple[ShareCurves, ...],
    truly: bool,
    split: str | None,
) -> go.Figure:
    shown = curves
    if len(curves) > _MAX_PANELS:
        shown = tuple(sorted(curves, key=lambda curve: -curve.intervals[-1].n_questions)[:_MAX_PANELS])
        st.caption(f"Of {len(curves):,} groups the {_MAX_PANELS} with most questions are shown; the table has all.")
    figure = shares_figure(shown, truly, context.mode())
    alt = "Label shares at every checkpoint; the same numbers are in the export"
    clicked = chart(figure, "shares_by_step", alt, has_teacher=scheme.is_triple)
    note = f"{_TEACHER_NOTE} " if scheme is TRIPLE else ""
    st.caption(
        f"{words.capitalised(filters.describe(scope))}. Share of the sentences that are scored at a time, labels at "
        f"{words.thresholds(scheme.roles, page.rule)}. {note}{_start_in_words(scheme)}{_end_in_words(curves, truly)} "
        f"Click a point to read some. {cited(SHARE_INTERVAL)}"
    )
    if clicked:
        number, k, j = (int(value) for value in clicked)
        group, point = shown[number], shown[number].points[j]
        whose = f", {words.no_markdown(group.group, 40)}" if group.group else ""
        title = f"{group.labels[k]} {_plain_words(point)}{whose}"
        narrowed = _narrowed(scope, group, split)
        if narrowed is None:
            st.caption("The traces of this group say nothing that a filter could find them by.")
        else:
            _drilldown(page, narrowed, scheme, title, Behind(k + 1, j, has_kept=False), "share")
    return figure


def _start_in_words(scheme: Scheme) -> str:
    if scheme is WITHOUT_TEACHER:
        return "At the start every sentence is Kept, for the model still is the student."
    return "At the start the student stands in the place of the distilled model."


def _end_in_words(curves: tuple[ShareCurves, ...], truly: bool) -> str:
    *_, last = curves[0].points
    if truly and last.is_final and last.step is None:
        return " At which step the distilled model was taken is not known; it stands one usual distance after the last."
    return ""


def _narrowed(scope: Scope, group: ShareCurves, split: str | None) -> Scope | None:
    """The scope of one group, by the filter of the same name; None for traces without a value, which none finds."""
    if split is None or group.group == NONE:
        return scope if split is None else None
    return replace(scope, **{"grade" if split == "correctness" else split: group.group})


def _turns(page: PageContext, scope: Scope, scheme: Scheme, turns: Turns) -> go.Figure:
    st.subheader("When did sentences turn?", anchor=False)
    figure = turns_figure(turns, context.mode())
    if not turns.n_followed:
        st.info("No sentence has a label at every checkpoint, so none can be followed.")
        return figure
    once, more = int(turns.n_flips[1]), int(turns.n_flips[2:].sum())
    st.markdown(
        f"Of {words.count(turns.n_followed, 'sentence')}, **{words.percent(turns.n_flips[0] / turns.n_followed)}** "
        f"never changed their label, **{words.percent(once / turns.n_followed)}** changed it once, and "
        f"**{words.percent(more / turns.n_followed)}** more often."
    )
    alt = "When sentences came to the label that they kept; the numbers are in the export"
    clicked = chart(figure, "turns", alt, has_teacher=scheme.is_triple)
    left_out = (
        f" {words.count(turns.n_left_out, 'sentence')} without a label at some time "
        f"{'is' if turns.n_left_out == 1 else 'are'} not followed."
        if turns.n_left_out
        else ""
    )
    st.caption(
        "A row is the label at the end, a column the checkpoint since which sentences have had it without a break; all "
        f"cells together are 100%.{left_out} Click a cell to read its sentences."
    )
    if clicked:
        k, j = (int(value) for value in clicked)
        when = "all along" if j == 0 else f"to the end, {_plain_words(turns.points[j])} for the first time"
        _drilldown(page, scope, scheme, f"{turns.labels[k]} {when}", Behind(k + 1, j, has_kept=True), "turn")
    return figure


def _plain_words(point: Point) -> str:
    """As `point_in_words`, for Markdown: names of checkpoints have letters, digits, dots and dashes only."""
    return words.no_markdown(point_in_words(point))


def _drilldown(page: PageContext, scope: Scope, scheme: Scheme, title: str, behind: Behind, key: str) -> None:
    asked = page.rule, scope, scheme, points_of(page.run), behind, LIMIT
    n, n_traces, trace_nos, indices = page.data.ask(load_behind, *asked)
    named = f"{title}: {words.count(n, 'sentence')}, the first of each trace"
    show(page, named, Drilldown(page.run, n_traces, trace_nos, indices), key)


def _means(page: PageContext, scope: Scope, scheme: Scheme, points: tuple[Point, ...], truly: bool) -> go.Figure:
    what = "p" if page.rule.space is Space.DIFFERENCE else "logprob"
    st.subheader(f"Mean {what} of what became which label", anchor=False)
    curves = page.data.training_means(page.rule, scope, scheme)
    figure = means_figure(curves, points, page.rule.space, truly, context.mode())
    alt = "Mean value at every checkpoint by the label at the end"
    chart(figure, "means_by_step", alt, clickable=False, has_teacher=scheme.is_triple)
    st.caption(
        "Sentences are sorted by their label at the end, so that a curve follows the same sentences all along. Beware: "
        "sentences that end Gained were chosen for having risen, so that they rise here says nothing; when and how "
        f"fast they did, does. {cited(GAP_INTERVAL)}"
    )
    return figure


def _offer(
    page: PageContext,
    scope: Scope,
    scheme: Scheme,
    split: str | None,
    curves: tuple[ShareCurves, ...],
    turns: Turns,
    figures: dict[str, go.Figure],
) -> None:
    against = "student alone" if scheme is WITHOUT_TEACHER else "teacher and the student"
    extra: list[str | Method] = [
        SHARE_INTERVAL,
        GAP_INTERVAL,
        EFFECTIVE_QUESTIONS,
        RESAMPLES,
        f"At each of {len(curves[0].points)} times of the training ({', '.join(p.name for p in curves[0].points)}) "
        f"sentences were labelled {words.listed([str(label) for label in scheme.labels])} by comparing the model of "
        f"that time with the {against} (beta = {page.rule.beta:g}).",
        f"{turns.n_followed:,} sentences had a label at every time.",
    ]
    methods = methods_paragraph(page.run, page.rule, scope.words(), extra, scheme=scheme)
    export_panel.offer(page, "training", curves_table(curves, split), figures, methods)
    terms = ["checkpoint", "turn", "share", "95% interval", "n", "effective n"]
    glossary.explain(*terms, *(str(label) for label in scheme.labels))
    with st.popover("Turns as a table", icon=":material/table:", type="tertiary"):
        percent = {name: st.column_config.NumberColumn(format="percent") for name in ("share", "low", "high")}
        st.dataframe(turns_table(turns), hide_index=True, column_config=percent, placeholder="–")
