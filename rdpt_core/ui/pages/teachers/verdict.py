"""What all sentences of a run together say about its teachers, in words, with what they do not say."""

from __future__ import annotations

import math

import streamlit as st

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.relatives import LEAST_FLOOR
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.verdict import LITTLE, Verdict
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import HOLM, SHARE_INTERVAL, cited
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

_STATES = {"in": "✓ shown", "not in": "✗ not shown", "open": "? open"}

_DOES_NOT_SAY = (
    "It compares the models of this run and no others. It does not say that a teacher was used, only that sentences "
    "look like its own and not like those of the others: a close relative of the true teacher looks the same. And it "
    "does not say that anything learned from it is right."
)


def draw(page: PageContext, rule: AttributionRule, scope: Scope) -> None:
    """The verdict, what it rests on, and its warnings."""
    verdict = attribution_of(page.data).verdict(page.rule, rule, scope)
    with st.container(border=True, key="verdict"):
        st.markdown(f"#### {words.no_markdown(verdict.sentence, 600)}")
        st.caption(f"Over {words.questions(verdict.n_questions, verdict.n_effective)}. {_DOES_NOT_SAY}")
        with st.expander("What it rests on"):
            _sources(verdict)
    for text in verdict.warnings:
        st.caption(f":material/warning: {words.no_markdown(text, 600)}")


def _sources(verdict: Verdict) -> None:
    st.dataframe(
        [
            {
                "teacher": words.plain(source.name),
                "verdict": _STATES[source.state],
                "judged with": words.plain(", ".join(name for name in source.group if name != source.name) or "–"),
                "share of its own": words.percent(source.share),
                SHARE_INTERVAL.name: ends_in_words(source.low, source.high),
                HOLM.name: words.p_value(source.p_holm),
            }
            for source in verdict.sources
        ],
        hide_index=True,
    )
    none, low, high = verdict.none
    st.caption(
        f"A teacher is shown if surely more than {words.percent(verdict.floor)} of the sentences name it and nobody "
        f"else: what a control is credited with at the most, and {words.percent(LEAST_FLOOR)} at least. It is not "
        f"shown if surely less than {words.percent(max(LITTLE, verdict.floor))} could come from it and from neither "
        "the student nor a teacher that is shown; else it stays open. Teachers that cannot be told apart are judged "
        f"together. None of these has {words.percent(none)} ({ends_in_words(low, high)}). {cited(HOLM)}"
    )


def ends_in_words(low: float, high: float) -> str:
    """`31% to 42%`; a dash where there is no interval."""
    return "–" if math.isnan(low) else f"{words.percent(low)} to {words.percent(high)}"
