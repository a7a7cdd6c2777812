"""The suggested β: whether the data have two humps, and the way to choose on one half and read on the other."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.questions import HALVES
from rdpt_core.analysis.run.sensitivity.suggested_beta import MAX_DEPTH, SIGNIFICANT, SuggestedBeta
from rdpt_core.analysis.schemes import Scheme, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import BETA_INTERVAL, UNIMODALITY_TEST, cited
from rdpt_core.analysis.statistics.resampling import MIN_QUESTIONS
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.thresholds import figures
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words


def draw_suggestion(page: PageContext, scope: Scope, suggestion: SuggestedBeta) -> go.Figure:
    """What the data say about β, with its reason, or why they say nothing."""
    glossary.explained_heading(
        "A β that the data suggest", "suggested β", "antimode", "dip test", "β", key="explain_suggested"
    )
    scheme = scheme_of(page.run.roles)
    if suggestion.beta is None:
        st.info(
            f"**The data suggest no β here.** {_why_none(suggestion, scheme)} Keep the default, and look at how much "
            "depends on it.",
            icon=":material/horizontal_rule:",
        )
    else:
        st.markdown(
            f"**β = {suggestion.beta:.2g}**, where |d_{scheme.letters}| is rarest between the sentences on which "
            f"{words.both_models(scheme)} agree and those on which they do not: {words.percent(1 - suggestion.depth)} "
            f"below the later hump. Chance alone seldom makes such humps: {_p_in_words(suggestion)}. "
            f"{BETA_INTERVAL.name}: {suggestion.low:.2g} to {suggestion.high:.2g}; {_counted(suggestion)}."
        )
    _offer_halves(scope, suggestion)
    figure = figures.density_figure(suggestion, scheme, page.rule, context.mode())
    alt = f"Density of the gap between {words.both_models(scheme)}, with the suggested β"
    chart(figure, "density", alt, clickable=False)
    st.caption(
        "This rule is ours, not the paper's, which sets β = 0.1 by hand. Moving β a little turns exactly the sentences "
        "at β, so where they are rare the labels depend least on the choice. That makes a β robust, not right. "
        f"{cited(UNIMODALITY_TEST, *(() if suggestion.beta is None else (BETA_INTERVAL,)))}"
    )
    return figure


def _why_none(suggestion: SuggestedBeta, scheme: Scheme) -> str:
    test, size, both = suggestion.test, f"|d_{scheme.letters}|", words.both_models(scheme)
    if test.refused is not None:
        return (
            f"There are {words.questions(test.n_questions, test.n_effective)}, and it takes {MIN_QUESTIONS} to tell "
            f"two humps of {size} from chance."
        )
    if test.p_value > SIGNIFICANT:
        dent = " It has a dip, but chance makes such dips, too." if suggestion.depth <= MAX_DEPTH else ""
        return (
            f"{size} may well have one hump only ({_p_in_words(suggestion)}; {_counted(suggestion)}): sentences on "
            f"which {both} agree pass into those on which they do not without a gap.{dent}"
        )
    return (
        f"{size} has more than one hump ({_p_in_words(suggestion)}; {_counted(suggestion)}), but no clear valley "
        f"behind the hump of sentences on which {both} agree."
    )


def _p_in_words(suggestion: SuggestedBeta) -> str:
    p = words.p_value(suggestion.test.p_value)
    return f"{UNIMODALITY_TEST.name} of one hump, p {p if p.startswith('<') else f'= {p}'}"


def _counted(suggestion: SuggestedBeta) -> str:
    questions = words.questions(suggestion.n_questions, suggestion.n_effective)
    return f"{questions}, {words.count(suggestion.n_sentences, 'sentence')}"


def _offer_halves(scope: Scope, suggestion: SuggestedBeta) -> None:
    """Say what choosing β and reading intervals on the same data means, and offer a half for each."""
    first, second = HALVES
    if scope.half is None:
        text = (
            "**Choosing β here and reading intervals on the same traces is one analysis**: the intervals do not know "
            "that β was chosen, and come out too narrow. To keep the two apart, choose β on one half of the questions "
            "and read the results on the other."
        )
    elif scope.half == first:
        text = (
            f"**Half {first} of the questions**, drawn by a fixed rule from their texts. A β chosen here has not seen "
            f"half {second}, so intervals read there need not know of the choice."
        )
    else:
        text = (
            f"**Half {second} of the questions.** If β was chosen on half {first}, the numbers on every page now come "
            "from questions that had no part in the choice. Do not choose again here."
        )
    st.caption(text)
    with st.container(horizontal=True):
        if suggestion.beta is not None and scope.half != second:
            half = None if scope.half is None else second
            name = "Use it on all questions" if half is None else f"Use it, and read half {half}"
            st.button(name, on_click=_set, args=(half, round(suggestion.beta, 4)), key="use_suggested")
        if scope.half != first:
            st.button(f"Choose on half {first}", on_click=_set, args=(first,), key="choose_on_half")
        if scope.half is not None:
            st.button("Back to all questions", on_click=_set, args=(None,), key="leave_halves")


def _set(half: str | None, beta: float | None = None) -> None:
    st.session_state["half"] = half
    if beta is not None:
        st.session_state["beta"] = beta
