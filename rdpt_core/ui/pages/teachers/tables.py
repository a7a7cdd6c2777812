"""Tables of the page Teachers: sets of sources, what goes to controls, the scale of models, what is taken away."""

from __future__ import annotations

import math

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.tables import SetTable
from rdpt_core.analysis.attribution.weights import Weights
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import none_if_nan
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.style import words


def weights_table(weights: Weights) -> pa.Table:
    """One row a source: its weight with its interval, NULL where refused."""
    rows = [
        {
            "source": name,
            "weight": none_if_nan(weights.weight[place]),
            "low": none_if_nan(weights.low[place]),
            "high": none_if_nan(weights.high[place]),
            "named_alone": none_if_nan(weights.least[place]),
            "named_at_all": none_if_nan(weights.most[place]),
            "n_questions": weights.n_questions,
            "n_effective": weights.n_effective,
            "n_sentences": weights.n_sentences,
            "no_interval_because": weights.refused,
        }
        for place, name in enumerate(weights.names)
    ]
    floats = [(name, pa.float64()) for name in ("weight", "low", "high", "named_alone", "named_at_all")]
    counts = [("n_questions", pa.int64()), ("n_effective", pa.float64()), ("n_sentences", pa.int64())]
    schema = pa.schema([("source", pa.string()), *floats, *counts, ("no_interval_because", pa.string())])
    return pa.Table.from_pylist(rows, schema)


def choose_set(table: SetTable) -> int | None:
    """Draw the sets of sources that sentences name; returns the row that is chosen."""
    ends = table.intervals
    event = st.dataframe(
        [
            {
                "may come from": words.plain(name, 120),
                "counted above as": words.plain(table.answers[k] or "–"),
                "share": words.percent(float(ends.share[k])),
                SHARE_INTERVAL.name: "–"
                if ends.refused
                else _ends(none_if_nan(ends.low[k]), none_if_nan(ends.high[k])),
                "sentences": int(table.n_sentences[k]),
            }
            for k, name in enumerate(table.names)
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="sets",
        column_config={
            "may come from": st.column_config.TextColumn(width="large"),
            "sentences": st.column_config.NumberColumn(format="localized"),
        },
    )
    return next(iter(event.selection.rows), None)


def control_credit(page: PageContext, rule: AttributionRule, scope: Scope) -> None:
    """How much a model that taught nothing would be credited with."""
    glossary.explained_heading("What a control would get", "control")
    table = attribution_of(page.data).control_credit(page.rule, rule, scope)
    if not table.num_rows:
        st.info(
            "This run has no control. With one, a model that surely taught nothing here, this page shows how many "
            "sentences such a model is credited with, and so how many of the names above may be chance.",
            icon=":material/experiment:",
        )
        return
    st.dataframe(
        [
            {
                "control": words.plain(row["control"]),
                "credited with": words.percent(math.nan if row["share"] is None else row["share"]),
                SHARE_INTERVAL.name: _ends(row["low"], row["high"]),
            }
            for row in table.to_pylist()
        ],
        hide_index=True,
        width="content",
    )
    st.caption(
        "The share of sentences that would be attributed to the control if it stood in the place of all teachers. It "
        "taught nothing, so this is the rate of false names: believe no teacher whose share is of this size."
    )


def scales(page: PageContext, rule: AttributionRule, scope: Scope) -> None:
    """How the models' logprobs lie and spread, beside those of the student."""
    glossary.explained_heading("The scale of each model", "log-ratio")
    table = attribution_of(page.data).scales(page.rule, rule, scope)
    rows = table.to_pylist()
    three = st.column_config.NumberColumn(format="%.3f")
    whole = st.column_config.NumberColumn(format="localized")
    config = {"mean": three, "sd": three, "temperature": three, "sentences": whole, "tokens": whole}
    shown = [
        {
            "model": words.plain(row["model"]),
            "kind": row["kind"],
            "domain": words.plain(row["domain"]),
            "mean": row["mean"],
            "sd": row["sd"],
            **({"temperature": row["temperature"]} if rule.calibrated else {}),
            "sentences": row["n_sentences"],
            "tokens": row["n_tokens"],
        }
        for row in rows
    ]
    st.dataframe(shown, hide_index=True, column_config=config, placeholder="–")
    st.caption(
        "Mean and standard deviation, over sentences, of ln p of the model minus ln p of the student, in nats per "
        "token of the distilled model. Where the standard deviations of two teachers differ much, or change from "
        "domain to domain, the one with the larger wins by its scale alone: compare with **One scale for all**."
    )


def _ends(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{words.percent(low)} to {words.percent(high)}"
