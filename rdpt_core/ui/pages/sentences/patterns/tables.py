"""Tables of the page: the numbers behind its figures, and what stands beside the sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.shapes import Against, NeighbourKind, Neighbours, PatternView
from rdpt_core.analysis.statistics.intervals import ShareIntervals
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.pages.sentences import say
from rdpt_core.ui.style import words

_THESE, _OTHERS, _POINTS = "these", "all others", "points"


def against_table(view: PatternView) -> None:
    """One row a label: both shares, their difference, and what it is with no teacher."""
    rows = []
    for k, label in enumerate(view.labels):
        row: dict[str, object] = {"label": label, **_sides(view.shares, k)}
        if view.without_teacher is not None:
            control = view.without_teacher
            row["points, no teacher"] = say.with_ends(control.shares.difference, k)
            row["excess, points"] = say.with_ends(control.excess, k)
        rows.append(row)
    with st.expander("The numbers"):
        st.dataframe(rows, hide_index=True, placeholder="–")
        refused = view.shares.difference.refused
        st.caption(
            f"Shares and points with {SHARE_INTERVAL.name}s over questions"
            + (f"; here none: {refused}." if refused else ". The excess is the difference with the teacher minus the")
            + ("" if refused else " difference without one, on sentences that are scored both ways.")
        )


def groups_table(view: PatternView, k: int) -> None:
    """One row a benchmark and grade."""
    groups = [("benchmark", one) for one in view.by_benchmark] + [("correctness", one) for one in view.by_correctness]
    with st.expander("The numbers"):
        _group_rows(groups, k)
        st.caption(f"Share of {view.labels[k]} in each group, with {SHARE_INTERVAL.name}s over its questions.")


def shares_table(groups: Sequence[tuple[str, Against]], labels: Sequence[str], k: int) -> None:
    """The table of a few groups, folded."""
    with st.expander("By benchmark and correctness"):
        _group_rows(groups, k)
        st.caption(f"Share of {labels[k]} in each group, with {SHARE_INTERVAL.name}s over its questions.")


def _group_rows(groups: Sequence[tuple[str, Against]], k: int) -> None:
    rows = [{"by": by, "group": words.plain(one.group, 40), **_sides(one, k), **_counts(one)} for by, one in groups]
    st.dataframe(rows, hide_index=True, column_config=_WHOLE, placeholder="–")


def places_table(view: PatternView, k: int) -> None:
    """One row a tenth of the trace."""
    places = view.places
    rows = [
        {
            "place": one.group,
            f"part of {_THESE}": words.percent(float(places.pattern.share[tenth])),
            f"part of {_OTHERS}": words.percent(float(places.rest.share[tenth])),
            "parts, points": say.with_ends(places.difference, tenth),
            **{f"{view.labels[k]}, {name}": value for name, value in _sides(one, k).items()},
            **_counts(one),
        }
        for tenth, one in enumerate(places.labels)
    ]
    with st.expander("The numbers"):
        st.dataframe(rows, hide_index=True, column_config=_WHOLE, placeholder="–")


def neighbour_tables(sides: Sequence[tuple[str, Neighbours]], labels: Sequence[str]) -> None:
    """How the sentences before and after begin, and what they do; then their labels, folded."""
    shown = [(name, one) for name, one in sides if one.openings or one.lenses]
    if shown:
        for (_, one), tab in zip(shown, st.tabs([words.capitalised(name) for name, _ in shown]), strict=True):
            with tab:
                _kinds([*one.openings, *one.lenses])
        st.caption(
            "The most frequent openings, and kinds by what sentences do. Usual is their part of the neighbours of all "
            "other sentences, on the same side; lift is how many times as frequent they are here."
        )
    with st.expander("The numbers: labels of neighbours"):
        rows = [
            {"which": name, "label": label, **_sides(one.labels, k), **_counts(one.labels)}
            for name, one in sides
            for k, label in enumerate(labels)
        ]
        st.dataframe(rows, hide_index=True, column_config=_WHOLE, placeholder="–")


def _kinds(kinds: Sequence[NeighbourKind]) -> None:
    rows = [
        {
            "by": kind.family,
            "kind": words.plain(kind.kind, 40),
            "sentences": kind.n,
            "part": words.percent(kind.share),
            "usual": words.percent(kind.rest_share),
            "lift": _lift(kind.lift),
            _POINTS: _ends(kind),
        }
        for kind in kinds
    ]
    st.dataframe(rows, hide_index=True, column_config=_WHOLE, placeholder="–")


def _sides(against: Against, k: int) -> dict[str, object]:
    return {
        _THESE: _share(against.pattern, k),
        _OTHERS: _share(against.rest, k),
        _POINTS: say.with_ends(against.difference, k),
    }


def _counts(against: Against) -> dict[str, object]:
    these = against.pattern
    return {
        "sentences": these.n_counted,
        "questions": these.n_questions,
        "effective": round(these.n_effective),
        "no interval": against.difference.refused,
    }


def _share(intervals: ShareIntervals, k: int) -> str:
    share = words.percent(float(intervals.share[k]))
    if intervals.refused is not None or math.isnan(intervals.low[k]):
        return share
    return f"{share} ({words.percent(float(intervals.low[k]))} to {words.percent(float(intervals.high[k]))})"


def _lift(lift: float) -> str:
    if math.isnan(lift):
        return "–"
    return "only here" if math.isinf(lift) else f"{lift:.1f}"


def _ends(kind: NeighbourKind) -> str:
    value = say.points(kind.difference)
    return value if math.isnan(kind.low) else f"{value} ({say.points(kind.low)} to {say.points(kind.high)})"


_WHOLE = dict.fromkeys(("sentences", "questions", "effective"), st.column_config.NumberColumn(format="localized"))
