"""How much of a run is there: said above every page while it is not all of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.catalog import unfinished
from rdpt_core.store.reader import Run, default_run
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.frame import controls


def notice(database: DatabaseSnapshot, runs: Sequence[Run], chosen: Run) -> None:
    """Say that the chosen run is not finished, or that a newer one is not, with a way to open it.

    Args:
        runs: all runs of the file, oldest first.
    """
    progress = None if chosen.is_finished else database.data(chosen).ask(unfinished)
    if progress is not None:
        st.caption(f":material/pending: **{progress}.** This page counts what is there.")
        return
    newest = runs[-1]
    newer = database.progress(newest) if not newest.is_finished and chosen == default_run(runs) else None
    if newer is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/pending: A newer run is not finished: {newer.n_traces_scored:,} of {newer.n_traces:,} traces.",
            width="content",
        )
        st.button("Open it", type="tertiary", on_click=controls.open_run, args=(newest.run_id,), key="open_newer_run")
