"""The eight lenses, in a table of their own: is hesitation the teacher's?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.families import LENS
from rdpt_core.analysis.behaviours.kinds.lenses import LENSES
from rdpt_core.ui.pages.sentences.behaviours import choices
from rdpt_core.ui.pages.sentences.behaviours.naming import percent
from rdpt_core.ui.style import words

_KEY = "behaviour_lenses"


def draw(found: Behaviours) -> None:
    """One row a lens that was tested; a click opens it."""
    st.markdown(f"**Is hesitation {whose(found.label)}?**")
    rows = [row for row in found.rows if row.family == LENS]
    if not rows:
        st.caption("No lens was tested: too few questions hold sentences of one. The lenses look for English words.")
        return
    rows.sort(key=lambda row: -row.z)
    shown = [
        {
            "lens": words.plain(row.kind, 30),
            "answer": answer(row),
            found.label: percent(row.share),
            "others": percent(row.rest_share),
            **({"no teacher": percent(row.no_teacher)} if any(one.no_teacher is not None for one in rows) else {}),
        }
        for row in rows
    ]
    st.dataframe(
        shown,
        hide_index=True,
        key=_KEY,
        height="content",
        on_select=partial(_clicked, tuple(rows)),
        selection_mode="single-cell",
        column_config={
            "answer": st.column_config.TextColumn(
                help="What was found on one half of the questions, and again on the other"
            ),
            found.label: st.column_config.TextColumn(help=f"Of its sentences, how many carry {found.label}"),
            "others": st.column_config.TextColumn(help="The same of all other sentences"),
            "no teacher": st.column_config.TextColumn(
                help="The same of its sentences with the distilled model in the teacher's place"
            ),
        },
    )
    if any(row.is_replicated and row.verdict for row in rows):
        st.caption(_answers_from(any(one.no_teacher is not None for one in rows)))
    untested = [name for name in LENSES if all(row.kind != name for row in rows)]
    if untested:
        st.caption(f"Not tested, as too few questions have such sentences: {', '.join(untested)}.")


def _answers_from(has_control: bool) -> str:
    """What the verdicts do not rest on: the shares beside them look like proof, and are none."""
    text = "“Only” and “preferred” do not rest on these shares, but on models other than the teacher, as said"
    if not has_control:
        return f"{text} in the summary."
    return (
        f"{text} in the summary. Under “no teacher” the distilled model stands in the teacher's place: where the share "
        "is as high, it is no evidence for this teacher."
    )


def whose(label: str) -> str:
    """`the teacher's`, or the label where it names no model."""
    return f"the {label.lower()}'s" if label in ("Teacher", "Student") else f"mostly {label}"


def answer(row: Behaviour) -> str:
    """The verdict, or how far the lens came; `no sign` is no proof of the contrary."""
    if row.is_replicated:
        return row.verdict or "yes"
    if row.is_found:
        return "not replicated"
    if row.lift_high is not None and row.lift_high < 1:
        return "no: less often"
    return "no sign"


def _clicked(rows: Sequence[Behaviour]) -> None:
    cells = st.session_state[_KEY].selection.cells
    choices.open_kind("lenses", rows[cells[0][0]] if cells else None)
