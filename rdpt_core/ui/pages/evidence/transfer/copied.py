"""Reach in sentences that stand in the training texts, in those that follow a template, and in new ones."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rdpt_core.analysis.evidence.overlap.classes import CLASSES, TOLD
from rdpt_core.analysis.evidence.transfer.copied import CopiedTable
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.transfer import figures
from rdpt_core.ui.pages.evidence.transfer.choice import overlap_command
from rdpt_core.ui.pages.evidence.transfer.summary import with_interval
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words


def draw(page: PageContext, table: CopiedTable | None) -> dict[str, Any]:
    """The part of the page; without overlap, the command that makes it."""
    glossary.explained_heading("Copied, template and new", "copied", "template", "new", key="explain_copied")
    if table is None:
        st.info(
            "**This run was not compared with its training texts.** This part shows how much of each group "
            "stands in them word for word, how much follows a template of theirs, and how far the teacher reaches in "
            "sentences that are new.",
            icon=":material/content_copy:",
        )
        st.code(overlap_command(page), language=None, wrap_lines=True)
        return {}
    rows = table.levels or table.groups
    if not rows:
        st.info("No scored sentence here was looked up in the training texts.")
        return {}
    figure = figures.copied_figure(rows, CLASSES, context.mode())
    alt = "Parts of copied, template and new sentences, and the reach within each; the numbers are in the table"
    chart(figure, "transfer_copied", alt, clickable=False)
    unknown = f" {words.count(table.n_unknown, 'sentence')} were not looked up." if table.n_unknown else ""
    meaning = "; ".join(f"{name}: {TOLD[name]}" for name in CLASSES)
    st.caption(
        f"{words.capitalised(meaning)}. {words.count(table.n_known, 'scored sentence')}.{unknown} What is reached "
        "among copied sentences may be remembered; among new ones it was copied neither word for word nor as a "
        "template. Who wrote the training texts is not known here: they may hold text of the student, too. A short "
        "sentence is easily copied, and classes differ in more than memory."
    )
    with st.expander("The numbers"):
        st.dataframe(
            [
                {
                    "group": words.plain(row.name, 40),
                    "level": row.level,
                    "class": row.training_class,
                    "part of the sentences": with_interval(row.share),
                    "reach": with_interval(row.reach),
                    "sentences": 0 if row.reach is None else row.reach.n_counted,
                    "questions": 0 if row.reach is None else row.reach.n_questions,
                }
                for row in (*table.levels, *table.groups)
            ],
            hide_index=True,
            placeholder="–",
        )
    return {"transfer_copied": figure}
