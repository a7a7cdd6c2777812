"""One pattern: its labels against all others, by group, by place, its neighbours, and its sentences."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.listing import passages_of, places_in_scope
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, SavedPattern, described
from rdpt_core.analysis.behaviours.patterns.rows import view_rows
from rdpt_core.analysis.behaviours.patterns.shapes import Against, PatternView
from rdpt_core.analysis.behaviours.patterns.view import pattern_view
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import bars, passages, say
from rdpt_core.ui.pages.sentences.patterns import compared, figures, tables
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

RESULTS_KEY = "pattern_results"
_SIDES = ("these", "all others")
_CHOSEN = "label"
_MASKS = (
    "The wording of a kind is masked: **#** stands for any number, **@** for any name, and formulas are masked as "
    "well, so that sentences which differ in these alone are one kind."
)


def draw(page: PageContext, scope: Scope, pattern: Pattern, kept: tuple[SavedPattern, ...]) -> None:
    """All sections.

    Raises:
        UsageError: the pattern cannot be looked for, or the run knows no such kind or tag.
    """
    view = pattern_view(page.data, page.rule, scope, pattern)
    if pattern.how == "kind":
        st.caption(_MASKS)
    if not view.n_sentences:
        st.info(
            f"No sentence of this pattern fits ({filters.describe(scope)}). Filters on the left may keep it out, and "
            "marks of format are found only if the label rule counts them.",
            icon=":material/filter_alt_off:",
        )
        return
    shares = view.shares
    k = say.leading(shares.difference)
    st.markdown(_said(view, k))
    st.caption(_counted(view, scope))
    slot = st.container(width="content")
    drawn = _against(page, view)
    if shares.pattern.n_counted and shares.rest.n_counted:
        k = _choose_label(view, k)
        drawn |= _groups(view, k)
        drawn |= _places(view, k)
        drawn |= _neighbours(view)
    _sentences(page, scope, pattern, view)
    compared.draw(page, scope, pattern, kept)
    with slot:
        export_panel.offer(page, "pattern", partial(view_rows, view), drawn, _methods(page, scope, view))


def _said(view: PatternView, k: int) -> str:
    without = view.without_teacher
    if without is None:
        return say.headline(view.shares, view.labels, k, None)
    said = say.headline(view.shares, view.labels, k, without.shares.difference)
    is_compared = view.shares.pattern.n_counted and view.shares.rest.n_counted
    return f"{said} {say.excess_in_words(without, view.labels[k], k)}" if is_compared else said


def _counted(view: PatternView, scope: Scope) -> str:
    these, others = view.shares.pattern, view.shares.rest
    unlabelled = view.n_sentences - these.n_counted
    lacking = f" ({unlabelled:,} of them without a label)" if unlabelled else ""
    return (
        f"{words.capitalised(filters.describe(scope))}: {words.count(view.n_sentences, 'sentence')}{lacking} of "
        f"{view.n_all:,}, in {words.count(view.n_traces, 'trace')} of "
        f"{words.questions(these.n_questions, these.n_effective)}; all others, "
        f"{words.questions(others.n_questions, others.n_effective)}. The label named first is the one that differs "
        f"most of {len(view.labels)}, so that a large difference of few questions may be chance."
    )


def _methods(page: PageContext, scope: Scope, view: PatternView) -> str:
    extra: list[str | Method] = [
        SHARE_INTERVAL,
        DIFFERENCE_INTERVAL,
        EFFECTIVE_QUESTIONS,
        RESAMPLES,
        f"The pattern is {described(view.pattern)}: {view.n_sentences:,} of {view.n_all:,} sentences. It is compared "
        "with all other sentences of the same traces; both sides come from the same draws of questions.",
    ]
    return methods_paragraph(page.run, page.rule, scope.words(), extra)


def _against(page: PageContext, view: PatternView) -> dict[str, Any]:
    glossary.explained_heading("Against all other sentences", "no teacher", "excess", key="explain_against")
    sides = [(_SIDES[0], view.shares.pattern), (_SIDES[1], view.shares.rest)]
    if view.without_teacher is not None:
        control = view.without_teacher.shares
        sides += [("these, no teacher", control.pattern), ("all others, no teacher", control.rest)]
    shown = [bars.Bar(name, words.count(one.n_counted, "sentence"), one) for name, one in sides if one.n_counted]
    figure = bars.bars_figure(shown, view.labels, context.mode())
    alt = "Label shares of the sentences of the pattern and of all others; the numbers are in the table"
    chart(figure, "pattern_shares", alt, clickable=False)
    about = (
        "The lower bars are the same sentences with the distilled model in the teacher's place: what differs there, "
        "too, needs no teacher. "
        if view.without_teacher is not None
        else f"There is no control: {_why_no_control(page)}. "
    )
    st.caption(f"{about}{cited(SHARE_INTERVAL, DIFFERENCE_INTERVAL)}")
    tables.against_table(view)
    return {"pattern_shares": figure}


def _why_no_control(page: PageContext) -> str:
    return "the run has no teacher" if "teacher" not in page.run.roles else "the run has no distilled model"


def _choose_label(view: PatternView, k: int) -> int:
    label = st.segmented_control(
        "Label of the figures below",
        view.labels,
        key="pattern_label",
        default=view.labels[k],
        required=True,
        bind="query-params",
    )
    return view.labels.index(label) if label in view.labels else k


def _groups(view: PatternView, k: int) -> dict[str, Any]:
    st.subheader("By benchmark and correctness", anchor=False)
    label, groups = view.labels[k], [*view.by_benchmark, *view.by_correctness]
    pairs = [figures.Pair(one.group, one.pattern, one.rest) for one in groups]
    figure = figures.pairs_figure(pairs, _SIDES, label, k, context.mode())
    alt = f"Share of {label} among these sentences and all others in every group; the numbers are in the table"
    chart(figure, "pattern_groups", alt, clickable=False)
    st.caption(
        f"Share of {label} in each benchmark, and in correct and incorrect traces; groups without a sentence of the "
        f"pattern are not shown. {_often(view)}{_clear(groups, label, k)}"
    )
    tables.groups_table(view, k)
    return {"pattern_groups": figure}


def _often(view: PatternView) -> str:
    """Whether the pattern stands more often in correct traces."""
    if view.more_often_correct is None:
        return ""
    told = [
        f"{words.percent(float(one.share.share[0]))} of the sentences of {one.group} traces" for one in view.frequency
    ]
    found = view.more_often_correct
    clear = "" if say.excludes_zero(found, 0) else ", so that neither has clearly more"
    if found.refused is not None:
        return f"It makes up {words.listed(told)}, a difference of {say.difference(found, 0)}, without an interval. "
    return f"It makes up {words.listed(told)}: {say.with_ends(found, 0)} points ({DIFFERENCE_INTERVAL.name}){clear}. "


def _clear(groups: list[Against], label: str, k: int) -> str:
    known = [one for one in groups if one.difference.refused is None]
    if not known:
        return "No group has questions enough for an interval."
    clear = [one for one in known if say.excludes_zero(one.difference, k)]
    return (
        f"In {len(clear)} of {words.count(len(known), 'group')} with an interval the difference in {label} excludes 0; "
        "one of twenty does so by chance."
    )


def _places(view: PatternView, k: int) -> dict[str, Any]:
    st.subheader("Where in the trace", anchor=False)
    places, label = view.places, view.labels[k]
    figure = figures.places_figure(places, label, k, context.mode())
    alt = f"Where these sentences stand, and the share of {label} there, by tenth of the trace; numbers in the table"
    chart(figure, "pattern_places", alt, clickable=False)
    thin = sum(one.pattern.n_counted > 0 and one.pattern.refused is not None for one in places.labels)
    without = (
        f" In {words.count(thin, 'tenth')} too few questions have such a sentence for an interval." if thin else ""
    )
    st.caption(
        f"A tenth is a tenth of the sentences of a trace. On average these stand at {words.percent(places.mean)} of "
        f"their trace, all others at {words.percent(places.rest_mean)} (0% is the first sentence, 100% the last)."
        f"{without}"
    )
    tables.places_table(view, k)
    return {"pattern_places": figure}


def _neighbours(view: PatternView) -> dict[str, Any]:
    st.subheader("What comes before and after", anchor=False)
    sides = [("the sentence before", view.before), ("the sentence after", view.after)]
    known = [(name, one) for name, one in sides if one.labels.pattern.n_counted]
    if not known:
        st.info("No sentence of the pattern has a neighbour with a label.", icon=":material/text_select_start:")
        return {}
    differences = [(name, one.labels.difference) for name, one in known]
    figure = figures.differences_figure(differences, view.labels, "points", context.mode())
    alt = "Labels of the sentences before and after, against what is usual there; the numbers are in the tables"
    chart(figure, "pattern_neighbours", alt, clickable=False)
    counts = [f"{words.count(one.labels.pattern.n_counted, 'sentence')} {name[13:]}" for name, one in known]
    st.caption(
        "Shares minus those beside all other sentences: to the right of 0 a label is more frequent beside these. "
        f"{words.listed(counts)} are counted, which carry a label. Several labels are looked at at once: one of twenty "
        f"{SHARE_INTERVAL.name}s misses the truth by chance."
    )
    tables.neighbour_tables(known, view.labels)
    return {"pattern_neighbours": figure}


def _sentences(page: PageContext, scope: Scope, pattern: Pattern, view: PatternView) -> None:
    st.subheader("The sentences", anchor=False)
    places = places_in_scope(page.data, page.rule, scope, pattern)
    first, last = passages.shown(len(places))
    st.markdown(
        f"**{words.count(len(places), 'sentence')} in {words.count(view.n_traces, 'trace')}**, of which "
        f"{first + 1:,} to {last:,} are shown."
    )
    found = passages_of(page.data, page.rule, pattern, places[first:last])
    passages.draw("Sentences of the pattern", passages.items(found, with_run=False), first, RESULTS_KEY)
    passages.buttons(len(places))
