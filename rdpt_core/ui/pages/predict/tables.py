"""Tables of the predict page: odds ratios with their p-values, what labels add, and labels without first tokens."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.run.predict.aucs import ALL
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.run.predict.tables import P_VALUES, prediction_table
from rdpt_core.analysis.statistics.methods import FIRTH_ESTIMATE, HOLM
from rdpt_core.ui.pages.predict.sentences import auc_in_words, mean_in_words, odds_in_words
from rdpt_core.ui.style import words


def odds_table(prediction: Prediction) -> None:
    """One row an odds ratio."""
    rows = [
        {
            "label": row.predictor,
            "length": str(beside),
            "odds ratio (95%)": odds_in_words(fit),
            "p": words.p_value(float(fit.p_value[0])),
            HOLM.name: words.p_value(row.p_holm[beside]),
            "questions": words.questions(fit.n_questions, fit.n_effective),
            "traces": fit.n_traces,
            "estimate": "–" if fit.refused else FIRTH_ESTIMATE.name if fit.separation else "usual",
        }
        for row in prediction.fits
        for beside, fit in row.fits.items()
    ]
    st.dataframe(rows, hide_index=True, height="content")


def added_table(prediction: Prediction) -> None:
    """One row a set of predictors."""
    rows = [
        {
            "what is known": ", ".join(step.known),
            "log loss (95%)": mean_in_words(step.loss),
            "change by the last (95%)": "–" if step.added is None else mean_in_words(step.added, "+"),
            "questions": step.loss.n_questions,
        }
        for step in prediction.added
    ]
    st.dataframe(rows, hide_index=True, height="content")


def first_token_table(prediction: Prediction) -> None:
    """AUC of every label, with all tokens and without first tokens."""
    rows = [
        {
            "label": row.predictor,
            "AUC (95%), all tokens": auc_in_words(prediction.auc(row.predictor, ALL).auc),
            "AUC (95%), without first tokens": auc_in_words(row.auc),
        }
        for row in prediction.without_first
    ]
    st.dataframe(rows, hide_index=True, height="content")


def whole_table(prediction: Prediction) -> None:
    """All numbers of the page."""
    rows = [
        {k: words.plain(v) if isinstance(v, str) else v for k, v in row.items()}
        | {name: "–" if row[name] is None else words.p_value(row[name]) for name in P_VALUES}
        for row in prediction_table(prediction).to_pylist()
    ]
    three_decimals = {name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "low", "high")}
    whole = {"n_effective": st.column_config.NumberColumn(format="%.0f")}
    st.dataframe(rows, hide_index=True, column_config=three_decimals | whole, placeholder="–")
