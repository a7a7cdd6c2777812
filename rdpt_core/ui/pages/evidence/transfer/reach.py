"""Numbers of groups and levels, and the steps between levels with the trend."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.evidence.transfer.reach import ReachTable
from rdpt_core.analysis.evidence.transfer.trend import Trend
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.statistics.methods import DIFFERENCE_INTERVAL, SHARE_INTERVAL
from rdpt_core.ui.pages.evidence.transfer import figures
from rdpt_core.ui.pages.evidence.transfer.summary import points, reach_name, trends_in_words, with_interval
from rdpt_core.ui.parts import glossary
from rdpt_core.ui.style import words


def numbers(table: ReachTable, scheme: Scheme, control_name: str) -> None:
    """One row a level or group, closed until it is asked for."""
    rows = [
        {
            "group": words.plain(row.name, 40) if not is_level else f"all {row.name}",
            "level": row.level,
            "reach": with_interval(row.reach),
            str(scheme.above): with_interval(row.label),
            words.plain(control_name, 30): with_interval(row.control),
            "excess": None if row.excess is None else points(row.excess),
            "student's own text": with_interval(row.base),
            "beyond it": None if row.gain is None else points(row.gain),
            "sentences": row.n_sentences,
            "questions": row.reach.n_questions,
            "effective": round(row.reach.n_effective),
            "no interval": row.reach.refused,
        }
        for row, is_level, _ in figures.rows_of(table)
    ]
    for column in [name for name in rows[0] if all(row[name] is None for row in rows)] if rows else []:
        for row in rows:
            del row[column]
    with st.expander("The numbers"):
        whole = st.column_config.NumberColumn(format="localized")
        st.dataframe(rows, hide_index=True, column_config={"sentences": whole}, placeholder="–")
        shared = f" “Beyond it” compares the {table.n_shared} questions that both have." if table.n_shared else ""
        st.caption(f"{SHARE_INTERVAL.name}s over questions in brackets; excess is paired by question.{shared}")


def steps(table: ReachTable, scheme: Scheme, control_name: str) -> None:
    """Each level against the next, and the trend over all."""
    glossary.explained_heading(
        "From seen to unseen", "reach", "seen, half seen, unseen", "trend", "no teacher", "excess", key="explain_steps"
    )
    if not table.steps:
        st.info("Only one level has scored sentences here, so there is no step to look at.", icon=":material/stairs:")
        return
    rows = []
    for step in table.steps:
        row: dict[str, object] = {
            "levels": f"{step.first} minus {step.second}",
            f"reach ({reach_name(scheme)})": points(step.reach),
            str(scheme.above): points(step.label),
        }
        if step.control is not None and step.excess is not None:
            row |= {words.plain(control_name, 30): points(step.control), "excess": points(step.excess)}
        rows.append(row)
    st.dataframe(rows, hide_index=True, placeholder="–")
    trends = {"reach": table.trend}
    if table.trend_control is not None and table.trend_excess is not None:
        trends[f"{scheme.above} with {words.no_markdown(control_name, 30)}"] = table.trend_control
        trends["the excess"] = table.trend_excess
    st.markdown(trends_in_words(trends))
    st.caption(f"{_unit(table.trend)} Differences in percentage points, with {DIFFERENCE_INTERVAL.name}s.")


def _unit(trend: Trend) -> str:
    if trend.shuffled == "benchmarks":
        return (
            "Every benchmark has one level, so a level cannot be told from what else its benchmarks have in common: "
            "in the test whole benchmarks change places, each by the mean over its questions. The intervals "
            "above take the benchmarks as they are, and say nothing of others."
        )
    return (
        "Some benchmarks hold questions of several levels: levels change places among the questions of each of these, "
        "and other benchmarks say nothing in the test."
    )
