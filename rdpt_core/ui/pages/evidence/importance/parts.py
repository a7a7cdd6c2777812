"""The sections of the page: distributions, groups of sentences, and labels compared at equal kind and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from rdpt_core.analysis.evidence.controls import ControlKind
from rdpt_core.analysis.evidence.importance.contrasts import LEAST, Contrast
from rdpt_core.analysis.evidence.importance.data import Controlled, ImportanceData
from rdpt_core.analysis.evidence.importance.sample import By, Sample
from rdpt_core.analysis.evidence.importance.summaries import LARGE, Measure, Summary
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import DROP_INTERVAL, SHARE_INTERVAL, STANDARDISED_DIFFERENCE, cited
from rdpt_core.records import Role
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.importance import figures, tables
from rdpt_core.ui.parts import drilldown, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_MEASURES: dict[str, Measure] = {f"share above {LARGE:g} nat": "share", "median": "median", "mean": "mean"}
_SPLITS: dict[str, By] = {
    "kind of sentence": "kind",
    "position": "position",
    "benchmark": "benchmark",
    "training": "training",
}


def distributions(page: PageContext, importance: ImportanceData, scope: Scope, method: str) -> dict[str, Any]:
    """The drops of every label, in correct and in incorrect traces."""
    st.subheader("Which labels the answer depends on", anchor=False)
    found = importance.histograms(page.rule, scope, method, "correctness")
    summaries = importance.summaries(page.rule, scope, method, "correctness")
    sample = importance.sample(page.rule, scope, method)
    names = [sample.names["correctness"][group] for group in found.groups]
    figure = figures.distribution_figure(found, summaries, names, sample.labels, context.mode())
    alt = "How the drops of every label are distributed, with medians and intervals; the numbers are in the table"
    clicked = chart(figure, "importance_distributions", alt)
    st.caption(
        "Each hill is the distribution of one label's sentences, all of the same area; the point below it is their "
        "median with its interval. The scale is linear near 0 and logarithmic beyond 0.01 nats, on either side: to the "
        f"left of 0 the answer is likelier without the sentence. Click a point to list its sentences. "
        f"{cited(DROP_INTERVAL)}"
    )
    _list_behind(page, importance, (scope, method, "correctness"), summaries, clicked)
    tables.numbers(summaries, "correctness")
    return {"importance_distributions": figure}


def groups(page: PageContext, importance: ImportanceData, scope: Scope, method: str) -> dict[str, Any]:
    """One measure of every label by kind of sentence, by position, or by benchmark."""
    glossary.explained_heading("By kind and position", "kind of sentence", "way to the answer")
    sample = importance.sample(page.rule, scope, method)
    splits = [name for name, by in _SPLITS.items() if len(sample.present(by)) > 1] or list(_SPLITS)[:1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Sentences by", splits, default=splits[0], key="importance_by", bind="query-params", required=True
        )
        shown = st.segmented_control(
            "Show", list(_MEASURES), default=next(iter(_MEASURES)), key="measure", bind="query-params", required=True
        )
    by = _SPLITS[name or splits[0]]
    measure = _MEASURES[shown or next(iter(_MEASURES))]
    summaries = importance.summaries(page.rule, scope, method, by)
    figure = figures.group_figure(summaries, sample.labels, measure, context.mode())
    clicked = chart(figure, "importance_groups", "One measure of every label in every group, with intervals")
    st.caption(f"{_pooled(sample)}{cited(SHARE_INTERVAL if measure == 'share' else DROP_INTERVAL)}")
    _list_behind(page, importance, (scope, method, by), summaries, clicked)
    tables.numbers(summaries, by)
    return {"importance_groups": figure}


def _list_behind(
    page: PageContext,
    importance: ImportanceData,
    asked: tuple[Scope, str, By],
    summaries: Sequence[Summary],
    clicked: list[Any] | None,
) -> None:
    """The sentences behind the point that was clicked, one a trace."""
    if not clicked or int(clicked[0]) >= len(summaries):
        return
    item, (scope, method, by) = summaries[int(clicked[0])], asked
    listed = importance.behind(page.rule, scope, method, by, item)
    drilldown.show(page, f"{item.label}, {words.no_markdown(item.group, 40)}", listed, f"importance_{by}")


def _pooled(sample: Sample) -> str:
    """What is told where traces of several grades stand together."""
    grades = [sample.names["correctness"][grade] for grade in sample.present("correctness")]
    if len(grades) == 1:
        return ""
    together = words.capitalised(words.listed(grades))
    return f"{together} traces are together here: **Correctness**, on the left, takes them apart. "


def compared(page: PageContext, contrasts: Sequence[Contrast]) -> dict[str, Any]:
    """The label above β against all others, as they are and at equal kind and position."""
    label = str(scheme_of(page.run.roles).above)
    glossary.explained_heading(f"{label} against the others", "importance", "kind of sentence", key="explain_compared")
    if not contrasts:
        st.info(
            f"Only one label has sentences here, or {label} has none: nothing to compare.", icon=":material/compare:"
        )
        return {}
    st.markdown(
        "A label goes together with what a sentence says: labels differ in how many equations they hold and in how "
        "near to the answer they stand, and both decide what the answer loses. What is left at equal kind and position "
        "may still come from other differences, such as length, or what is said twice."
    )
    figure = figures.contrast_figure(contrasts, context.mode())
    chart(
        figure, "importance_compared", "Differences between labels, with intervals; also in the table", clickable=False
    )
    fewest = min(contrasts, key=lambda item: item.covered)
    st.caption(
        f"{label} minus each other label; left of 0 the answer depends less on {label} sentences. "
        f"{cited(STANDARDISED_DIFFERENCE)} Strata with fewer than {LEAST} sentences of either label are left out: "
        f"{words.percent(fewest.covered)} or more of the sentences are compared."
    )
    tables.contrast_table(contrasts)
    return {"importance_compared": figure}


def control_answers(page: PageContext, importance: ImportanceData, scope: Scope, method: str) -> dict[str, Controlled]:
    """Name → importance by the labels that a control makes in the teacher's place; first that of no teacher at all."""
    found = {}
    for control in page.controlled.controls:
        # Under the student itself nothing is labelled Teacher.
        if control.kind is ControlKind.IN_PLACE and control.key != Role.STUDENT:
            data = page.controlled.data_of(control.key)
            found[control.name] = importance.under_control(data, page.rule, scope, method)
    return found


def controls(page: PageContext, own: Controlled, found: Mapping[str, Controlled]) -> None:
    """The same for models that taught nobody, each in the teacher's place; nothing for a run without a teacher.

    Args:
        own: with the teacher in its own place.
        found: as `control_answers` gives it.
    """
    if Role.TEACHER not in page.run.roles:
        return
    glossary.explained_heading("Without the teacher", "control", key="explain_importance_controls")
    if not found:
        st.info(
            "This run has no control. With one, a model that taught nobody, this page shows what it says of Teacher "
            "sentences without the teacher: only what differs from that is about the teacher.",
            icon=":material/experiment:",
        )
        return
    tables.control_table({"the teacher": own, **found}, scheme_of(page.run.roles))
    st.caption(
        "Labels as they are made with each model in the teacher's place. A control taught nobody: where its row says "
        "the same as the first, that Teacher sentences matter more or less is no finding about the teacher. "
        f"Differences are in percentage points. {cited(SHARE_INTERVAL)}"
    )
