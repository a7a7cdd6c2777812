"""One kind, opened by a click: what was found of it, three of its sentences, and the ways on."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.families import TAG
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.run.drilldown import load_sentences
from rdpt_core.ui.frame import links
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import saving
from rdpt_core.ui.pages.sentences.behaviours import choices
from rdpt_core.ui.pages.sentences.behaviours.naming import between, nats, percent, points, standing, times
from rdpt_core.ui.pages.sentences.patterns import address
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column, training_column
from rdpt_core.ui.style import words


def draw(page: PageContext, found: Behaviours, below: str) -> None:
    """The kind that the address names, if it was opened from this part of the page.

    Args:
        below: the part: `figure`, `lenses` or `table`.
    """
    if not choices.is_asked() or choices.opened_by() != below:
        return
    row = choices.opened(found)
    with st.container(border=True, key="behaviour_opened"):
        if row is None:
            kind = words.no_markdown(st.query_params["kind"], 80)
            st.markdown(f"**“{kind}” was not tested for {found.label} here**: too few questions hold it, or none.")
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            title = f"**{words.capitalised(row.family)} “{words.no_markdown(row.kind, 200)}”**: {standing(row)}"
            st.markdown(title, width="content")
            _ways_on(page, pattern_of(row))
        saving.outcome()
        st.markdown(in_numbers(row, found.label))
        if row.verdict_because:
            st.caption(f"Why: {words.no_markdown(row.verdict_because, 300)}.")
        _examples(page, row, found.label)


def _ways_on(page: PageContext, pattern: Pattern) -> None:
    """A link to all sentences of the kind, and a button that keeps it by name."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.page_link(
            "pages/patterns.py",
            label="All its sentences",
            icon=":material/list:",
            query_params=links.within_database({"run": page.run.run_id, **address.of(pattern)}),
        )
        # Under one key, the name that was suggested for another kind would stay.
        version = hashlib.blake2b(repr(pattern).encode(), digest_size=4).hexdigest()
        saving.keep(page.database.path, pattern, f"behaviour_pattern_{version}")


def pattern_of(row: Behaviour) -> Pattern:
    """The pattern that finds the sentences of this kind; it has no name yet."""
    return Pattern("", "tag", row.kind) if row.family == TAG else Pattern("", "kind", row.kind, row.family)


def in_numbers(row: Behaviour, label: str) -> str:
    """What the figure and the table say of it, as sentences."""
    interval = f" (95% {text})" if (text := between(row.low, row.high)) else ""
    lift = f" (95% {text})" if (text := between(row.lift_low, row.lift_high, "times")) else ""
    parts = [
        f"{percent(row.share)}{interval} of its sentences carry {label}, of all others {percent(row.rest_share)}: "
        f"{times(row.lift)}{lift} as often."
    ]
    if row.no_teacher is not None:
        excess = f" (95% {text})" if (text := between(row.excess_low, row.excess_high, "points")) else ""
        parts.append(f"With no teacher {percent(row.no_teacher)}: excess {points(row.excess)}{excess}.")
    if row.place is not None:
        parts.append(f"It stands at {row.place:.0%} of the trace on average.")
    if row.correct is not None and row.correct_rest is not None:
        parts.append(
            f"{percent(row.correct)} of them are in correct traces, of all others {percent(row.correct_rest)}."
        )
    if row.importance is not None:
        parts.append(f"Median importance {nats(row.importance)}.")
    if row.training_copied is not None:
        parts.append(
            f"{percent(row.training_copied)} of them stand in the training texts word for word, "
            f"{percent(row.training_template)} with other numbers, names or formulas, {percent(row.training_new)} not."
        )
    n = f"{words.count(row.n_sentences, 'sentence')} of {words.count(row.n_questions, 'question')}"
    return f"{' '.join(parts)} {n}, of which {row.n_report:,} are counted here (effective {round(row.n_effective):,})."


def _examples(page: PageContext, row: Behaviour, label: str) -> None:
    if not row.examples:
        st.caption(f"None of its sentences carries {label}.")
        return
    traces, indices = zip(*row.examples, strict=True)
    table = page.data.ask(load_sentences, traces, indices)
    shown = pa.table(
        {
            "text": plain_column(table, "text", 300),
            **training_column(page.data, table),
            "correct": table.column("correct"),
            "benchmark": plain_column(table, "benchmark", 40),
            "trace": plain_column(table, "trace_id", 40),
            "sentence": table.column("sentence"),
            "context": link_column(page.run, table),
        }
    )
    config: dict[str, Any] = {
        "text": st.column_config.TextColumn(width="large"),
        "context": st.column_config.LinkColumn(display_text="open", help="The trace at this sentence, in a new tab"),
    }
    clicked = clickable_table(shown, "behaviour_examples", config, ("context",))
    if clicked is not None:
        one = table.slice(clicked, 1).to_pylist()[0]
        open_sentence(page.run, one["trace_id"], one["sentence"])
