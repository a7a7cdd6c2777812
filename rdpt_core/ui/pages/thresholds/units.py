"""What a label hangs on beside the thresholds: first tokens, longer units of text, and other units and spaces."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from rdpt_core.analysis.labels import Space, label_order
from rdpt_core.analysis.run.sensitivity import thresholds
from rdpt_core.analysis.run.sensitivity.unit_effects import GapParts, UnitEffects, UnitShares
from rdpt_core.analysis.schemes import Scheme, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, GAP_INTERVAL, SHARE_INTERVAL, cited
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.style import words

_KEPT = "label kept without it"


def unit_effects(page: PageContext, scope: Scope) -> None:
    """Labels without first tokens and of joined sentences, counted when they are asked for."""
    glossary.explained_heading(
        "What a sentence's first token and its length decide",
        "first token",
        "choice and wording",
        "gap",
        key="explain_unit_effects",
    )
    title = "Label shares without first tokens, and for joined sentences"
    with st.expander(title, key="unit_effects", on_change="rerun", bind="query-params") as opened:
        if opened.open:
            effects = page.data.unit_effects(page.rule, scope)
            _shares_table(effects, scheme_of(page.run.roles))
            _parts_table(page, effects)


def _shares_table(effects: UnitEffects, scheme: Scheme) -> None:
    rows = [
        {"labelled as one": unit.name, "labelled": unit.shares.n_counted}
        | {str(label): _share(unit, k) for k, label in enumerate(effects.labels)}
        | {"questions": words.questions(unit.shares.n_questions, unit.shares.n_effective), "unscored": unit.n_unscored}
        for unit in effects.units
    ]
    counts = {name: st.column_config.NumberColumn(format="localized") for name in ("labelled", "unscored")}
    st.dataframe(rows, hide_index=True, column_config=counts)
    refused = effects.units[0].shares.refused
    moved = "labels move" if scheme.alike is None else f"fewer of them are {scheme.alike}"
    st.caption(
        f"The same rule and thresholds for every row. In brackets: {SHARE_INTERVAL.name}s"
        f"{'' if refused is None else f' (none here: {refused})'}. Longer units average over more tokens, so "
        f"{moved} whatever the models do: compare shares only between traces that are cut in the same way. "
        f"{cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)}"
    )


def _share(unit: UnitShares, k: int) -> str:
    share, low, high = (float(ends[k]) for ends in (unit.shares.share, unit.shares.low, unit.shares.high))
    if math.isnan(low):
        return words.percent(share)
    return f"{words.percent(share)} ({words.percent(low)} to {words.percent(high)})"


def _parts_table(page: PageContext, effects: UnitEffects) -> None:
    if effects.refused is not None:
        st.info(
            f"First tokens cannot be left out here: {effects.refused}. Choose another unit.", icon=":material/info:"
        )
        return
    scheme = scheme_of(page.run.roles)
    mean = f"mean d_{scheme.letters}"
    rows: list[dict[str, Any]] = [
        {
            "label": str(part.label),
            "sentences": part.n_sentences,
            mean: _number(part.mean),
            "choice: first token": _number(part.choice),
            "choice, 95%": _interval(part),
            "wording: the rest": _number(part.wording),
            _KEPT: 100 * part.n_kept / part.n_rest if part.n_rest else None,
            "questions": words.questions(part.n_questions, part.n_effective),
        }
        for part in effects.parts
    ]
    gap = st.column_config.NumberColumn(format="%+.3f")
    config: dict[str, Any] = {name: gap for name in (mean, "choice: first token", "wording: the rest")}
    config[_KEPT] = st.column_config.ProgressColumn(
        format="%.0f%%", min_value=0, max_value=100, help="Sentences with the same label without their first token"
    )
    config["sentences"] = st.column_config.NumberColumn(format="localized")
    st.dataframe(rows, hide_index=True, column_config=config, placeholder="–")
    measured = "in nats" if page.rule.space is Space.RATIO else "in probability"
    left_out = [
        f"{words.count(n, 'sentence has', 'sentences have')} {what}"
        for n, what in (
            (effects.n_lacking, "no stored logprob of a first token and stay out of this table"),
            (effects.n_single, "a single token under some model and no label without it"),
        )
        if n
    ]
    st.caption(
        f"Mean gap between {words.both_models(scheme)} ({measured}) of the sentences with each label, in two parts "
        "that add up: what the first token makes, which chooses the kind of sentence that comes next, and what all "
        f"other tokens make. {'; '.join(left_out) + '. ' if left_out else ''}{cited(GAP_INTERVAL)}"
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(part: GapParts) -> str:
    return "–" if part.refused is not None else f"{part.low:+.3f} to {part.high:+.3f}"


def alternatives(page: PageContext, scope: Scope) -> None:
    """The other units and spaces beside the present one, counted when they are asked for."""
    glossary.explained_heading("Other units and spaces", "unit", "space", "flip", key="explain_units")
    title = "Label shares in every unit and space, and how many labels change"
    with st.expander(title, key="units", on_change="rerun", bind="query-params") as units:
        if units.open:
            _alternatives_table(page, scope)


def _alternatives_table(page: PageContext, scope: Scope) -> None:
    labels = label_order(page.run.roles)
    rows: list[dict[str, Any]] = []
    for item in page.data.ask(thresholds.load_alternatives, page.rule, scope):
        total = sum(item.counts)
        rows.append(
            {
                "unit": words.UNITS[item.rule.unit],
                "space": words.SPACES[item.rule.space],
                "α": item.rule.alpha,
                "β": item.rule.beta,
                "labels that change": 100 * item.n_changed / item.n_both if item.n_both else None,
            }
            | {str(label): 100 * n / total if total else None for label, n in zip(labels, item.counts, strict=True)}
        )
    percents = {name: st.column_config.NumberColumn(format="%.1f%%") for name in map(str, labels)}
    changed = st.column_config.ProgressColumn(
        format="%.1f%%", min_value=0, max_value=100, help="Among the sentences that both rules label"
    )
    st.dataframe(rows, hide_index=True, column_config={**percents, "labels that change": changed}, placeholder="–")
    st.caption(
        "The first row is the present rule; the others have the default thresholds of theirs. "
        + (
            "All models have one tokenizer, so own and common tokens agree."
            if page.run.one_tokenizer
            else "The models have different tokenizers, so own tokens favour the finer one."
        )
    )
