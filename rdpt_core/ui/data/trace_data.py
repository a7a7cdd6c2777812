"""Cached answers that only the reader asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from rdpt_core.analysis.trace.tokens import SentenceTokens, Strip, load_trace_tokens, strip_of
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.ui.components.reader.formulas import formulas_payload
from rdpt_core.ui.data.cache import PATIENCE_S, Identity, Source


@st.cache_data(max_entries=4, show_spinner=False)
def _tokens(
    path: str, identity: Identity, run_no: int, trace_no: int, _run: Run, _view: TraceView
) -> dict[str, SentenceTokens]:
    with open_reader(Path(path), patience_s=PATIENCE_S) as reader:
        return load_trace_tokens(reader, _run, _view)


@st.cache_data(max_entries=4, show_spinner=False)
def _formulas(path: str, identity: Identity, key: str, name: str, _view: TraceView) -> dict[str, Any]:
    return formulas_payload(_view.texts(), name, key)


def strip(source: Source, run: Run, view: TraceView, index: int | None) -> Strip | None:
    """The tokens of a sentence under every model; None without a sentence."""
    if index is None or not view.is_scored:
        return None
    tokens = _tokens(str(source.path), source.identity, run.run_no, view.trace_no, run, view)
    row = view.sentences.slice(index, 1).select(["char_start", "char_end"]).to_pylist()[0]
    return strip_of(tokens, row["char_start"], row["char_end"], index)


def formulas(source: Source, view: TraceView, key: str, name: str = "main") -> dict[str, Any]:
    """The formulas of a trace, as the reader takes them."""
    return _formulas(str(source.path), source.identity, key, name, view)
