"""Ways from one trace to elsewhere: beside another trace, or as a file that works alone."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import file_name, standalone_html
from rdpt_core.ui.data import trace_data
from rdpt_core.ui.data.cache import PATIENCE_S
from rdpt_core.ui.frame import links
from rdpt_core.ui.frame.context import PageContext


def draw_buttons(page: PageContext, view: TraceView, attribution: AttributionRule | None) -> None:
    """A link to the page Compare, and the trace as one HTML file, which is made when it is asked for.

    Args:
        attribution: how sentences are attributed; None where they cannot be.
    """

    def make() -> str:
        is_scaled = attribution is not None and attribution.calibrated
        temperatures = attribution_of(page.data).temperatures(view.rule.marks) if is_scaled else None
        evidence = trace_data.evidence(page.data, view)
        with open_reader(page.database.path, patience_s=PATIENCE_S) as reader:
            reader.see(page.run)
            return standalone_html(reader, page.run, view, attribution, temperatures, evidence)

    st.page_link(
        "pages/compare.py",
        label="Compare",
        icon=":material/compare_arrows:",
        help="Put another trace beside this one",
        query_params=links.within_database({"run": page.run.run_id, "trace": view.trace.trace_id}),
    )
    st.download_button(
        "Save as one HTML file",
        make,
        file_name(view),
        "text/html",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="This trace under these thresholds, with hover, legend and the run's models: works offline, prints well.",
    )
