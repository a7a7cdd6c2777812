"""The predict page: whether a label goes with correct answers, or only with long ones."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import Unit
from rdpt_core.analysis.run.drilldown import graded_traces
from rdpt_core.analysis.run.predict import ALL, LENGTH, MEASURES, Prediction, prediction_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.predict.figures import GROUP_WORDS, auc_figure, auc_in_words, odds_figure, odds_in_words
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words

_METHOD = (
    "AUC is the chance that a correct trace has the larger value, ties counting half, over pairs of the same benchmark "
    "or the same question; its interval uses Obuchowski's variance for data clustered by question, on the logit scale. "
    "Odds ratios come from logistic regression with an intercept for each benchmark, per standard deviation within "
    "benchmarks, length being the logarithm of the number of sentences; standard errors are clustered by question."
)


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(
        page,
        "Does it predict?",
        "Do traces with more of a label answer correctly more often, or are they only longer? Every label stands here "
        "beside the plainest predictor of all, the number of sentences.",
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
        "to choose traces; longer traces have more of everything.",
    )
    if not _comparable(page.data.trace_table(scope).correct, scope):
        return
    leaves_out_first = _leaves_out_first(page)
    prediction = page.data.prediction(page.rule, scope, measure, without_first=leaves_out_first)
    if not prediction.n_graded:
        st.info("None of the graded traces has a scored sentence, so there is nothing to label.")
        return
    _verdict(prediction)
    figure = _aucs(page, scope, prediction)
    st.subheader("More of the label, or just longer?", anchor=False)
    odds = odds_figure(prediction, context.mode())
    chart(odds, "odds_ratios", "Odds ratios of each label, alone and beside length", clickable=False)
    _odds_notes(prediction)
    _confounds(page, prediction)
    with st.container(horizontal=True):
        methods = methods_paragraph(page.run, page.rule, scope.words(), [_METHOD, f"Measure of a label: {measure}."])
        figures = {"auc": figure, "odds_ratios": odds}
        export_panel.offer(page, "predict", prediction_table(prediction), figures, methods)
        glossary.explain("AUC", "odds ratio", "length", "first-token effect", "clustering", "n")
    with st.expander("The numbers as a table", icon=":material/table:"):
        rows = [
            {k: words.plain(v) if isinstance(v, str) else v for k, v in row.items()}
            for row in prediction_table(prediction).to_pylist()
        ]
        three_decimals = {name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "low", "high")}
        st.dataframe(rows, hide_index=True, column_config=three_decimals, placeholder="–")


_MANY = 3_000_000
"""Above this many sentences a second reading of the run takes seconds, and is made only when asked for."""


def _leaves_out_first(page: PageContext) -> bool:
    """Whether labels are counted without first tokens, too."""
    if not page.data.can_leave_out_first(page.rule):
        return False
    gaps = page.data.gaps(page.rule)
    return len(gaps.d_ts) <= _MANY or bool(st.session_state.get("first_tokens"))


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


def _verdict(prediction: Prediction) -> None:
    """The result in words, weak ones as weak."""
    pooled = {row.predictor: row.auc for row in prediction.aucs if row.group == ALL}
    length = pooled.pop(LENGTH)
    at_equal_length = {fit.predictor: fit.beside_length for fit in prediction.fits}
    lines = []
    for label, auc in pooled.items():
        if np.isnan(auc.value):
            continue
        line = f"**{label} {prediction.measure}** {_strength(auc.value, auc.low, auc.high)}: AUC {auc_in_words(auc)}"
        equal = (
            "" if at_equal_length[label].refused else f"; at equal length, odds {odds_in_words(at_equal_length[label])}"
        )
        lines.append(line + equal)
    best = max((abs(auc.value - 0.5) for auc in pooled.values() if not np.isnan(auc.value)), default=0.0)
    st.markdown("- " + "\n- ".join([*lines, f"**Number of sentences**, for comparison: AUC {auc_in_words(length)}"]))
    if not np.isnan(length.value) and abs(length.value - 0.5) >= best - 0.02:
        st.warning(
            "**Length alone predicts correctness about as well as the best label.** Read the labels' numbers with that "
            "in mind; below, length is held constant.",
            icon=":material/straighten:",
        )


def _strength(value: float, low: float, high: float) -> str:
    """In words. The steps are Cohen's: 0.64 and 0.71 are the AUCs of standardised differences of 0.5 and 0.8."""
    if np.isnan(low):
        return "cannot be judged"
    if low <= 0.5 <= high:
        return "shows no clear relation to correctness"
    size = "weakly" if abs(value - 0.5) < 0.14 else "moderately" if abs(value - 0.5) < 0.21 else "strongly"
    return f"goes {size} with {'correct' if value > 0.5 else 'incorrect'} answers"


def _aucs(page: PageContext, scope: Scope, prediction: Prediction) -> go.Figure:
    figure = auc_figure(prediction, context.mode())
    clicked = chart(figure, "auc", "AUC of every label and of length; the same numbers are in the table below")
    ungraded = (
        f" {words.count(prediction.n_ungraded, 'trace is', 'traces are')} not graded and left out."
        if prediction.n_ungraded
        else ""
    )
    st.caption(
        f"{filters.describe(scope).capitalize()}; {words.count(prediction.n_graded, 'graded trace')}.{ungraded} "
        "AUC: the chance that a correct trace has more of it than an incorrect one; at 0.5 it says nothing, below 0.5 "
        "it goes with incorrect ones. **Within questions** compares only traces of the same question, so that hard "
        f"questions play no part. 95% intervals count questions. Labels at α = {page.rule.alpha:g}, "
        f"β = {page.rule.beta:g}. Click a point to read such traces."
    )
    if clicked:
        _drilldown(page, scope, str(clicked[0]), str(clicked[1]), prediction.measure)
    return figure


def _odds_notes(prediction: Prediction) -> None:
    refused = {fit.beside_length.refused or fit.alone.refused for fit in prediction.fits} | {
        prediction.length_alone.refused
    }
    for why in sorted(filter(None, refused)):
        st.info(f"No odds ratio for some: {why}.", icon=":material/info:")
    lines = []
    for fit in prediction.fits:
        if fit.alone.refused or fit.beside_length.refused:
            continue
        lines.append(
            f"**{fit.predictor}** {odds_in_words(fit.alone)} alone, {odds_in_words(fit.beside_length)} beside length "
            f"(correlation with length {fit.correlation:+.2f})"
        )
    if lines:
        st.markdown("- " + "\n- ".join(lines))
    st.caption(
        "Logistic regression with an intercept for each benchmark. Hollow: the label alone. Filled: the label at equal "
        "length. If the filled point moves to 1, the label was only standing in for length."
    )


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
    pooled = {row.predictor: row.auc for row in prediction.aucs if row.group == ALL}
    st.dataframe(
        [
            {
                "label": row.predictor,
                "AUC (95%), all tokens": auc_in_words(pooled[row.predictor]),
                "AUC (95%), without first tokens": auc_in_words(row.auc),
            }
            for row in prediction.without_first
        ],
        hide_index=True,
    )
    st.caption("Pairs within benchmarks. Sentences of a single token have no label without it and are not counted.")


def _drilldown(page: PageContext, scope: Scope, predictor: str, group: str, measure: str) -> None:
    """Graded traces of the group, those with most of the predictor first."""
    listed = graded_traces(page.data, page.rule, scope, measure, predictor, group)
    where = GROUP_WORDS.get(group) or words.no_markdown(group, 40)
    show(page, f"{where}: traces by {', '.join(listed.numbers)}, largest first", listed, "auc")
