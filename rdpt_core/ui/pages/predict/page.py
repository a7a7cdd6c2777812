"""The predict page: whether a label goes with correct answers, or only with long ones."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.evidence.control_auc import auc_under
from rdpt_core.analysis.evidence.controls import NO_TEACHER
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import Unit
from rdpt_core.analysis.run.drilldown import graded_traces
from rdpt_core.analysis.run.predict.graded import MEASURES
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.run.predict.tables import prediction_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    ADDED_VALUE,
    AUC_SAME_LENGTH,
    AUC_WITHIN_BENCHMARKS,
    AUC_WITHIN_QUESTIONS,
    EFFECTIVE_QUESTIONS,
    FIRTH_ESTIMATE,
    HOLM,
    LENGTH_CURVE,
    LENGTH_LINE,
    ODDS_RATIO,
    ODDS_RATIO_WITHIN_QUESTIONS,
    Method,
    cited,
)
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.predict import sentences, tables
from rdpt_core.ui.pages.predict.figures import GROUP_WORDS, auc_figure, odds_figure
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words

_LOG_COUNTS = (
    "In odds ratios and losses a count enters as log(1 + count), so that one very long trace cannot decide; an AUC "
    "depends on the order of the counts alone."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(
        page,
        "Does it predict?",
        "Do traces with more of a label answer correctly more often, or are they only longer? Longer traces hold more "
        "of every label, so each is also looked at with length held constant.",
    )
    if scope is None:
        return
    measure = st.segmented_control(
        "Measure of a label",
        MEASURES,
        key="measure",
        default=MEASURES[0],
        required=True,
        bind="query-params",
        help="**share**: its part of the trace's sentences. **count**: how many sentences carry it, as the paper uses "
        f"to choose traces; longer traces have more of everything. {_LOG_COUNTS}",
    )
    if not _comparable(page.data.trace_table(scope).correct, scope):
        return
    leaves_out_first = _leaves_out_first(page)
    prediction = page.data.prediction(page.rule, scope, measure, without_first=leaves_out_first)
    if not prediction.n_graded:
        st.info("None of the graded traces has a scored sentence, so there is nothing to label.")
        return
    st.markdown(sentences.adjustment(prediction))
    st.markdown("- " + "\n- ".join(sentences.findings(prediction)))
    if NO_TEACHER in page.controlled.controls:
        under = auc_under(page.controlled, NO_TEACHER, page.rule, scope, measure)
        st.markdown(sentences.without_teacher(under, measure))
    figure = _aucs(page, scope, prediction)
    odds = _odds(prediction)
    _added(prediction)
    _confounds(page, prediction)
    with st.container(horizontal=True):
        used: list[str | Method] = [*_methods(prediction), f"Measure of a label: {measure}."]
        used += [_LOG_COUNTS] if measure == "count" else []
        methods = methods_paragraph(page.run, page.rule, scope.words(), used)
        figures = {"auc": figure, "odds_ratios": odds}
        export_panel.offer(page, "predict", prediction_table(prediction), figures, methods)
        terms = ("AUC", "odds ratio", "length", "log loss", "first-token effect", "clustering", "effective n", "n")
        glossary.explain(*terms)
    with st.expander("The numbers as a table", icon=":material/table:"):
        tables.whole_table(prediction)


def _methods(prediction: Prediction) -> list[Method]:
    """What the numbers of the page were made with."""
    fits = [prediction.length.line, *(fit for row in prediction.fits for fit in row.fits.values())]
    found = [AUC_WITHIN_BENCHMARKS, AUC_SAME_LENGTH, AUC_WITHIN_QUESTIONS, ODDS_RATIO, LENGTH_CURVE, LENGTH_LINE]
    found += [ODDS_RATIO_WITHIN_QUESTIONS]
    found += [FIRTH_ESTIMATE] if any(fit.separation for fit in fits) else []
    found += [ADDED_VALUE] if prediction.added else []
    return [*found, HOLM, EFFECTIVE_QUESTIONS]


_MANY = 3_000_000
"""Above this many sentences a second reading of the run takes seconds, and is made only when asked for."""


def _leaves_out_first(page: PageContext) -> bool:
    """Whether labels are counted without first tokens, too."""
    if not page.data.can_leave_out_first(page.rule):
        return False
    gaps = page.data.gaps(page.rule)
    return len(gaps.gap) <= _MANY or bool(st.session_state.get("first_tokens"))


def _comparable(correct: np.ndarray, scope: Scope) -> bool:
    """Whether there are both kinds of traces; if not, the page says what is missing."""
    n_good, n_bad = int((correct == 1).sum()), int((correct == 0).sum())
    if n_good and n_bad:
        return True
    if not n_good and not n_bad:
        st.info(
            "**None of these traces is graded.** `correct` is unknown for all of them. Give it in the traces file, or "
            "a gold answer: `rdpt import` grades against it.",
            icon=":material/help:",
        )
    else:
        st.info(
            f"**All graded traces here are {'correct' if n_good else 'incorrect'}**, so nothing can be compared. "
            + (
                "Widen the filters on the left."
                if scope != Scope()
                else "This page needs traces of both kinds: score also those that were left out."
            ),
            icon=":material/filter_alt_off:" if scope != Scope() else ":material/help:",
        )
    return False


def _aucs(page: PageContext, scope: Scope, prediction: Prediction) -> go.Figure:
    figure = auc_figure(prediction, context.mode())
    clicked = chart(figure, "auc", "AUC of every label and of length; the same numbers are in the table below")
    ungraded = (
        f" {words.count(prediction.n_ungraded, 'trace is', 'traces are')} not graded and left out."
        if prediction.n_ungraded
        else ""
    )
    st.caption(
        f"{words.capitalised(filters.describe(scope))}; "
        f"{words.questions(prediction.n_questions, prediction.n_effective)}, "
        f"{words.count(prediction.n_graded, 'graded trace')}.{ungraded} Labels at "
        f"{words.thresholds(page.run.roles, page.rule)}. At 0.5 a number says nothing about correctness; below 0.5 it "
        "goes with incorrect answers. Click a point to read such traces."
    )
    st.caption(cited(AUC_WITHIN_BENCHMARKS, AUC_SAME_LENGTH, AUC_WITHIN_QUESTIONS))
    if clicked:
        _drilldown(page, scope, str(clicked[0]), str(clicked[1]), prediction.measure)
    return figure


def _odds(prediction: Prediction) -> go.Figure:
    st.subheader("More of the label, or just longer?", anchor=False)
    figure = odds_figure(prediction, context.mode())
    chart(figure, "odds_ratios", "Odds ratios of each label, alone and with length held constant", clickable=False)
    for said in sentences.separations(prediction):
        st.info(said, icon=":material/call_split:")
    fits = [(beside, row.fits[beside]) for row in prediction.fits for beside in Beside]
    refused = {f"{beside}: {fit.refused}" for beside, fit in fits if fit.refused}
    if refused:
        st.info(f"No odds ratio for some: {'; '.join(sorted(refused))}.", icon=":material/info:")
    tables.odds_table(prediction)
    correlations = ", ".join(f"{fit.predictor} {fit.correlation:+.2f}" for fit in prediction.fits)
    st.caption(
        f"If a label was only standing in for length, its filled points are at 1. Correlation with the logarithm of "
        f"length: {correlations}. **{HOLM.name}** allows for all labels in the same way to hold length constant. "
        f"{_LOG_COUNTS + ' ' if prediction.measure == 'count' else ''}"
        + cited(ODDS_RATIO, LENGTH_CURVE, LENGTH_LINE, ODDS_RATIO_WITHIN_QUESTIONS)
    )
    return figure


def _added(prediction: Prediction) -> None:
    st.subheader("Do labels say more than what they are made of?", anchor=False)
    if not prediction.added:
        st.info("Too few questions to leave some out and foretell them.")
        return
    st.markdown("- " + "\n- ".join(sentences.added_lines(prediction)))
    tables.added_table(prediction)
    st.caption(f"In nats; lower is better, and a coin that is tossed has 0.693. {cited(ADDED_VALUE)}")


def _confounds(page: PageContext, prediction: Prediction) -> None:
    st.subheader("Is it only first tokens?", anchor=False)
    if page.rule.unit is Unit.BYTE:
        st.info(
            "The unit is bytes, and how many bytes a first token has is not known, so it cannot be left out. Choose "
            "another unit to see this."
        )
        return
    st.markdown(
        "The first token of a sentence is hard to predict, so short sentences look less likely under every model. Here "
        "labels are counted once more, from means that leave out each sentence's first token."
    )
    if not prediction.without_first:
        st.toggle("Count labels without first tokens", key="first_tokens", help="Reads the whole run once more.")
        return
    tables.first_token_table(prediction)
    st.caption("Pairs within benchmarks. Sentences of a single token have no label without it and are not counted.")


def _drilldown(page: PageContext, scope: Scope, predictor: str, group: str, measure: str) -> None:
    """Graded traces of the group, those with most of the predictor first."""
    listed = graded_traces(page.data, page.rule, scope, measure, predictor, group)
    where = GROUP_WORDS.get(group) or words.no_markdown(group, 40)
    show(page, f"{where}: traces by {', '.join(listed.numbers)}, largest first", listed, "auc")
