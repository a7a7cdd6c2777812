"""Correct answers by group and level, beside the student's own where they are graded."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.evidence.transfer.accuracy import Accuracy
from rdpt_core.analysis.evidence.transfer.levels import LEVELS
from rdpt_core.ui.pages.evidence.transfer.summary import points, with_interval
from rdpt_core.ui.style import words


def draw(rows: Sequence[Accuracy], *, has_student_text: bool) -> None:
    """The part of the page."""
    st.subheader("Correct answers", anchor=False)
    if not rows:
        st.info("No trace here is graded.", icon=":material/rule:")
        return
    is_beside = any(row.student is not None for row in rows)
    names = {row.name for row in rows if row.is_level}
    groups = [row for row in rows if not row.is_level and row.name not in names]
    rank = {level: place for place, level in enumerate(LEVELS)}
    groups.sort(key=lambda row: len(rank) if row.level is None else rank[row.level])
    shown = [row for row in rows if row.is_level] + groups
    st.dataframe(
        [
            {
                "group": f"all {row.name}" if row.is_level else words.plain(row.name, 40),
                "level": row.level,
                "correct": with_interval(row.distilled),
                **(
                    {
                        "the student's own": with_interval(row.student),
                        "gain, points": None if row.gain is None else points(row.gain),
                    }
                    if is_beside
                    else {}
                ),
                "questions": row.distilled.n_questions,
                "traces": row.distilled.n_traces,
            }
            for row in shown
        ],
        hide_index=True,
        height="content",
        placeholder="–",
    )
    beside = _BESIDE if is_beside else _NOT_GRADED if has_student_text else _NONE
    st.caption(
        f"Mean over questions of the part of their graded traces that is correct. {beside} Groups differ in how hard "
        f"their questions are, so that accuracy compares models on one group, and not groups."
    )


_BESIDE = "The student's own answers are compared on the questions that both have, paired by question."
_NOT_GRADED = (
    "The student's own text is there, but not graded, so that what distillation gained is not known: import its traces "
    "with a reference answer, and add them by `rdpt calibrate --student-traces FILE`."
).replace("`", "")
_NONE = "Without graded text of the student's own, what distillation gained is not known."
