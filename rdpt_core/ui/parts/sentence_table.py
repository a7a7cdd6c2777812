"""Sentences outside the reader: in tables that lead to it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.evidence.overlap.class_shares import TRAINING
from rdpt_core.analysis.evidence.overlap.classes import TOLD
from rdpt_core.analysis.evidence.overlap.columns import load_classes
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.run.data import RunData
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame.links import within_database
from rdpt_core.ui.style import words

_TEXT_CHARS = 200
_TRAINING = st.column_config.TextColumn(help="; ".join(f"{name}: {told}" for name, told in TOLD.items()))


def address(run: Run, trace_id: str, sentence: int) -> dict[str, str]:
    """The parameters of the trace page for a sentence, counted from 1."""
    return within_database({"run": run.run_id, "trace": trace_id, "sentence": str(sentence)})


def open_sentence(run: Run, trace_id: str, sentence: int) -> None:
    """Go to a sentence in the reader; `sentence` counts from 1."""
    st.switch_page("pages/trace.py", query_params=address(run, trace_id, sentence))


def link_column(run: Run, table: pa.Table, sentence: str = "sentence") -> pa.Array:
    """A link to the reader for each row, relative to the page."""
    rows = table.select(["trace_id", sentence]).to_pylist()
    return pa.array(["trace?" + urlencode(address(run, row["trace_id"], row[sentence])) for row in rows], pa.string())


def plain_column(table: pa.Table, name: str, limit: int = _TEXT_CHARS) -> pa.Array:
    """A column of foreign texts as short visible lines."""
    return pa.array([None if v is None else words.plain(v, limit) for v in table.column(name).to_pylist()], pa.string())


def training_column(data: RunData, table: pa.Table, sentence: str = "sentence") -> dict[str, pa.Array]:
    """`training`: whether each sentence is copied, template or new; no column for a run without training texts."""
    if overlap_of(data) is None:
        return {}
    trace_ids, sentences = (tuple(table.column(name).to_pylist()) for name in ("trace_id", sentence))
    return {TRAINING: data.ask(load_classes, trace_ids, sentences)}


def clickable_table(shown: pa.Table, key: str, config: dict[str, Any], links: tuple[str, ...]) -> int | None:
    """Draw a table; returns the row that was clicked just now, unless on one of its links, which open tabs."""
    # A table that keeps its key while its rows change no longer reports clicks.
    version = hashlib.blake2b(repr(shown.to_pydict()).encode(), digest_size=4).hexdigest()
    with st.container(key=key):
        event = st.dataframe(
            shown,
            hide_index=True,
            key=f"{key}_{version}",
            height=min(420, 38 + 35 * shown.num_rows),
            on_select="rerun",
            selection_mode="single-cell",
            placeholder="–",
            column_config={TRAINING: _TRAINING, **config},
        )
    cells = event.selection.cells
    return cells[0][0] if cells and cells[0][1] not in links else None
