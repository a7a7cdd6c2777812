"""Every tested kind as a table, on the page and for export."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.behaviours.discovery.results import Behaviour
from rdpt_core.analysis.evidence.overlap.classes import TOLD
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.pages.sentences.behaviours import choices
from rdpt_core.ui.pages.sentences.behaviours.naming import between, standing
from rdpt_core.ui.style import words

_KIND_CHARS = 120
_MOST_ROWS_PX = 560


def kinds_table(rows: Sequence[Behaviour], label: str) -> None:
    """One row a kind; a click opens it."""
    shown = pa.table(_columns(rows, label))
    # A table that keeps its key while its rows change no longer reports clicks.
    version = hashlib.blake2b(repr([(row.family, row.kind) for row in rows]).encode(), digest_size=4).hexdigest()
    key = f"behaviour_table_{version}"
    with st.container(key="behaviour_table"):
        st.dataframe(
            shown,
            hide_index=True,
            key=key,
            height=min(_MOST_ROWS_PX, 38 + 35 * len(rows)),
            on_select=partial(_clicked, key, tuple(rows)),
            selection_mode="single-cell",
            placeholder="–",
            column_config=_config(label),
        )


def _clicked(key: str, rows: Sequence[Behaviour]) -> None:
    cells = st.session_state[key].selection.cells
    choices.open_kind("table", rows[cells[0][0]] if cells else None)


def _columns(rows: Sequence[Behaviour], label: str) -> dict[str, pa.Array]:
    """Name → values; columns of which nothing is known are left out."""

    def numbers(value: Callable[[Behaviour], float | None]) -> pa.Array:
        found = [value(row) for row in rows]
        return pa.array([None if one is None else round(one, 3) for one in found], pa.float64())

    def texts(value: Callable[[Behaviour], str | None]) -> pa.Array:
        return pa.array([value(row) for row in rows], pa.string())

    def whole(value: Callable[[Behaviour], int]) -> pa.Array:
        return pa.array([value(row) for row in rows], pa.int64())

    found: dict[str, pa.Array] = {
        "kind": texts(lambda row: words.plain(row.kind, _KIND_CHARS)),
        "family": texts(lambda row: row.family),
        "verdict": texts(standing),
        "sentences": whole(lambda row: row.n_sentences),
        "questions": whole(lambda row: row.n_questions),
        "effective": whole(lambda row: round(row.n_effective)),
        f"{label}": numbers(lambda row: row.share),
        SHARE_INTERVAL.name: texts(lambda row: between(row.low, row.high)),
        "all others": numbers(lambda row: row.rest_share),
        "lift": numbers(lambda row: row.lift),
        "lift, 95%": texts(lambda row: between(row.lift_low, row.lift_high, "times")),
        "no teacher": numbers(lambda row: row.no_teacher),
        "excess": numbers(lambda row: row.excess),
        "excess, 95%": texts(lambda row: between(row.excess_low, row.excess_high, "points")),
        "place": numbers(lambda row: row.place),
        "in correct": numbers(lambda row: row.correct),
        "others in correct": numbers(lambda row: row.correct_rest),
        "importance": numbers(lambda row: row.importance),
        "copied": numbers(lambda row: row.training_copied),
        "template": numbers(lambda row: row.training_template),
        "new": numbers(lambda row: row.training_new),
        "q": texts(lambda row: words.p_value(row.q)),
        "family-wise p": texts(lambda row: words.p_value(row.p_family)),
        "why": texts(lambda row: row.verdict_because or row.refused),
    }
    return {name: column for name, column in found.items() if column.null_count < len(column)}


def _config(label: str) -> dict[str, Any]:
    def share(help: str) -> Any:
        return st.column_config.NumberColumn(format="percent", help=help)

    return {
        "kind": st.column_config.TextColumn(width="medium"),
        "verdict": st.column_config.TextColumn(
            help="What was found on one half of the questions, and again on the other"
        ),
        "sentences": st.column_config.NumberColumn(format="localized", help="Labelled sentences, in both halves"),
        "questions": st.column_config.NumberColumn(format="localized", help="Questions that hold them, in both halves"),
        "effective": st.column_config.NumberColumn(
            format="localized", help="How many equally heavy questions those of the report half are worth"
        ),
        label: share(f"Of its sentences, how many carry {label}; in the report half"),
        "all others": share(f"Of all other sentences, how many carry {label}"),
        "lift": st.column_config.NumberColumn(format="%.2f ×", help="The share over that of all other sentences"),
        "no teacher": share("The share with the distilled model in the teacher's place"),
        "excess": share("The share minus that with no teacher, over sentences scored both ways"),
        "place": share("Mean place in the trace: 0% is the first sentence, 100% the last"),
        "in correct": share("Of its sentences in graded traces, how many stand in correct ones"),
        "others in correct": share("The same of all other sentences"),
        "importance": st.column_config.NumberColumn(
            "importance (nats)", format="%.2f", help="Median drop of ln p(answer)"
        ),
        **{name: share(f"Of its sentences, how many are {name}: {told}") for name, told in TOLD.items()},
        "q": st.column_config.TextColumn(
            help="The rate of false discoveries at which it is found (Benjamini and Hochberg)"
        ),
        "family-wise p": st.column_config.TextColumn(
            help="How often the surest of all kinds would look as sure by chance alone"
        ),
    }
