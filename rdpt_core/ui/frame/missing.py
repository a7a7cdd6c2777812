"""What to say when a link leads to something that is not there, and where the same text is to be found instead."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.trace.fingerprint import file_fingerprint, trace_text_hash
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.store.reader import Run
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.frame import links
from rdpt_core.ui.style import words

_MOST_RUNS = 8


def explain_run(database: DatabaseSnapshot, runs: Sequence[Run]) -> None:
    """The address names a run that is not in this file."""
    st.error(
        "**The link asks for a run that this file does not hold.** It may come from another database, or the run was "
        "scored again with other models. Choose one of this file's runs on the left.",
        icon=":material/link_off:",
    )
    st.code(words.plain(st.query_params.get("run", ""), 200), language=None)
    made_for = st.query_params.get("file")
    if made_for is not None and made_for != file_fingerprint(runs):
        st.caption(
            f"The link was made while its file had the fingerprint {words.no_markdown(made_for, 20)}; the fingerprint "
            f"of this one is {file_fingerprint(runs)}."
        )
    trace_id = st.query_params.get("trace")
    if trace_id is not None:
        offer_elsewhere(database, runs, trace_id)


def explain_trace(database: DatabaseSnapshot, run: Run, trace_id: str) -> None:
    """The address names a trace that is not in its run."""
    st.error(
        "**The link asks for a trace that this run does not hold.** It may belong to another run or another "
        "database. Choose a trace below, or another run on the left.",
        icon=":material/link_off:",
    )
    st.code(words.plain(trace_id, 200), language=None)
    offer_elsewhere(database, [other_run for other_run in database.runs() if other_run.run_no != run.run_no], trace_id)


def explain_text(view: TraceView) -> None:
    """The trace is there, but its text is not the one that the link was made for."""
    sentence = st.query_params.get("sentence")
    which = "The sentence that it points at" if sentence else "What it points at"
    st.warning(
        f"**The text of this trace has changed since the link was made.** {which} is not chosen, because it may be "
        "another one now. What is shown is the text as this file holds it.",
        icon=":material/history:",
    )
    if sentence:
        wanted = words.no_markdown(sentence, 20)
        st.caption(f"The link names sentence {wanted} of its text; this text has {len(view.texts()):,}.")


def offer_elsewhere(database: DatabaseSnapshot, runs: Sequence[Run], trace_id: str) -> None:
    """Links to the same trace in other runs; those with the very text of the link keep its sentence."""
    wanted_text = st.query_params.get("text")
    n_offered = 0
    for run in reversed(runs):
        text_hash = database.data(run).ask(trace_text_hash, trace_id)
        if text_hash is None:
            continue
        if not n_offered:
            st.markdown("This trace is in this file under:")
        n_offered += 1
        is_same_text = wanted_text is not None and text_hash == wanted_text
        parameters = [("trace", trace_id)] + [
            (name, st.query_params[name]) for name in ("text", "sentence") if is_same_text and name in st.query_params
        ]
        about = "" if wanted_text is None else (", the same text" if is_same_text else ", another text")
        st.page_link(
            "pages/trace.py",
            label=f"{words.no_markdown(run.name, 40)} · {run.run_id[:8]}{about}",
            icon=":material/arrow_forward:",
            query_params=links.within_database({"run": run.run_id, **dict(parameters)}),
        )
        if n_offered == _MOST_RUNS:
            break


def publish_file(runs: Sequence[Run]) -> None:
    """Keep the fingerprint of the file in the address."""
    links.publish("file", file_fingerprint(runs))
