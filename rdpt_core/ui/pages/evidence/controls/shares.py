"""Labels without the teacher: label shares with another model in its place."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from rdpt_core.analysis.evidence.control_shares import Compared, control_rows
from rdpt_core.analysis.evidence.controls import NO_TEACHER, STUDENT, Control, ControlKind, controls_of
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.records import Role
from rdpt_core.records.companions import CompanionKind, CompanionRole
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import context, filters, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.controls import dots
from rdpt_core.ui.parts import control_words, export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_Pairs = Sequence[tuple[Control, Compared]]

_METHODS = (SHARE_INTERVAL, DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS, RESAMPLES)


def draw(page: PageContext, scope: Scope) -> None:
    """The part of the page."""
    glossary.explained_heading("Labels without the teacher", "control", "no teacher", "excess", "rejected")
    if Role.TEACHER not in page.run.roles:
        st.info(
            "**This run has no teacher, so there is no control to set beside it.** Its labels compare the distilled "
            "model with the student alone, and claim nothing about a teacher.",
            icon=":material/person_off:",
        )
        return
    found = [
        (control, one)
        for control in controls_of(page.run)
        for one in page.controlled.compare(control, page.rule, scope)
    ]
    if not found:
        st.info("None of these sentences is scored both with the teacher and under a control.")
        return
    _say(page.run, found)
    figure = dots.shares_figure(found, context.mode())
    alt = "Share of every label with the teacher and under each control; the same numbers are in the export's table"
    chart(figure, "controls", alt, clickable=False)
    _caption(page, scope, found)
    _export(page, scope, "controls", found, None, {"controls": figure})
    k = _choose_label(found[0][1].labels)
    _table(found, k)
    _explain(found)
    _by_benchmark(page, scope, [control for control, _ in found], k)
    _invite(page)


def _say(run: Run, found: _Pairs) -> None:
    by_key = {control.key: one for control, one in found}
    if NO_TEACHER.key in by_key:
        st.markdown(control_words.without_teacher(by_key[NO_TEACHER.key]))
    elif Role.DISTILLED not in run.own_roles:
        st.markdown(
            "This run has no distilled model, so it cannot be said what its labels would be with no teacher at all."
        )
    others = [
        (control, one)
        for control, one in found
        if control.kind is ControlKind.IN_PLACE and control.key not in (NO_TEACHER.key, STUDENT.key)
    ]
    said = control_words.against_others(others)
    if said:
        st.markdown(said)


def _caption(page: PageContext, scope: Scope, found: _Pairs) -> None:
    is_changed = any(control.kind is ControlKind.CHANGED for control, _ in found)
    _, fullest = max(found, key=lambda pair: pair[1].n_sentences)
    true = fullest.true
    lacking = [
        f"{control_words.name(control)} {words.count(one.n_sentences, 'sentence')}"
        for control, one in found
        if one.n_sentences < fullest.n_sentences
    ]
    st.caption(
        f"{words.capitalised(filters.describe(scope))}: {words.questions(true.n_questions, true.n_effective)}, "
        f"{words.count(true.n_traces, 'trace')}, {words.count(fullest.n_sentences, 'sentence')} that are scored with "
        f"the teacher and under the control{f' ({words.listed(lacking)})' if lacking else ''}. Labels at "
        f"{words.thresholds(page.run.roles, page.rule)}. The dotted line is the share with the teacher. Filled points "
        "stand for models in the teacher's place: what they also find, the teacher was not needed for. "
        + (
            "Open points stand for the teacher itself, changed: these are no controls of its knowledge; they show what "
            "hangs on its sharpness or on the question. "
            if is_changed
            else ""
        )
        + "Which sentences turn is not shown; the table says how many stay. "
        + cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)
    )


def _choose_label(labels: tuple[str, ...]) -> int:
    label: str = st.segmented_control(
        "Label", labels, key="controlled", default=labels[0], required=True, bind="query-params", width="content"
    )
    return labels.index(label)


def _table(found: _Pairs, k: int) -> None:
    label = found[0][1].labels[k]
    _, fullest = max(found, key=lambda pair: pair[1].n_sentences)
    rows: list[dict[str, object]] = [
        {
            "control": f"({dots.WITH_TEACHER})",
            label: control_words.with_interval(fullest.true, k),
            **dict.fromkeys(("excess, points", "stay", "rejected", "all labels that stay")),
            "questions": fullest.true.n_questions,
            "sentences": fullest.n_sentences,
        }
    ]
    for control, one in found:
        stays, rejected = one.fates.stays[k], one.fates.rejected[k]
        rows.append(
            {
                "control": words.plain(control.name),
                label: control_words.with_interval(one.control, k),
                "excess, points": control_words.points(one.excess, k),
                "stay": control_words.with_interval(stays, 0) if stays.n_counted else None,
                "rejected": control_words.with_interval(rejected, 0) if rejected.n_counted else None,
                "all labels that stay": control_words.with_interval(one.fates.agreement, 0),
                "questions": one.true.n_questions,
                "sentences": one.n_sentences,
                "kind": str(control.kind),
            }
        )
    config = {
        "excess, points": st.column_config.TextColumn(help=glossary.short("excess")),
        "stay": st.column_config.TextColumn(help=f"Of the {label} sentences, those that keep the label."),
        "rejected": st.column_config.TextColumn(help=glossary.short("rejected")),
        "sentences": st.column_config.NumberColumn(format="localized"),
    }
    st.dataframe(rows, hide_index=True, column_config=config, placeholder="–", key="controls_table")
    st.caption(
        f"{label}, with {SHARE_INTERVAL.name}s over questions; those of the excess are paired by question. Several "
        f"controls are looked at at once: one of twenty such intervals misses the truth by chance. "
        f"{cited(DIFFERENCE_INTERVAL)}"
    )


def _explain(found: _Pairs) -> None:
    with st.expander("What each control takes away, and what Teacher means under it", icon=":material/science:"):
        for kind in ControlKind:
            listed = [control for control, _ in found if control.kind is kind]
            if listed:
                st.markdown(f"**{words.capitalised(kind)}**")
                st.markdown("\n".join(f"* **{control_words.name(c)}** takes away {_told(c)}" for c in listed))


def _told(control: Control) -> str:
    return f"{control.takes_away}. Teacher under it: {control.means}."


def _by_benchmark(page: PageContext, scope: Scope, controls: Sequence[Control], k: int) -> None:
    st.markdown("**By benchmark**")
    names = [words.plain(control.name) for control in controls]
    chosen: str = st.selectbox("Control", names, key="control", bind="query-params", width=360)
    control = controls[names.index(chosen)]
    groups = page.controlled.compare(control, page.rule, scope, "benchmark")
    if not groups:
        st.caption("No benchmark has a sentence that is scored both ways.")
        return
    figure = dots.groups_figure(groups, k, control, context.mode())
    label = groups[0].labels[k]
    alt = f"Share of {label} in every benchmark, with the teacher and under the control"
    chart(figure, "controls_by_benchmark", alt, clickable=False)
    exceeds = [one for one in groups if one.excess.refused is None and float(one.excess.low[k]) > 0]
    known = [one for one in groups if one.excess.refused is None]
    st.caption(
        f"{label}, with the teacher and under the control “{control_words.name(control)}”. In {len(exceeds)} of "
        f"{words.count(len(known), 'benchmark')} the share with the teacher is larger, and its "
        f"{DIFFERENCE_INTERVAL.name} excludes 0; one of twenty such intervals misses the truth by chance."
    )
    _export(
        page,
        scope,
        "controls_by_benchmark",
        [(control, one) for one in groups],
        "benchmark",
        {"controls_by_benchmark": figure},
    )


def _export(
    page: PageContext, scope: Scope, name: str, found: _Pairs, by: str | None, figures: dict[str, go.Figure]
) -> None:
    told = [f"{control.name} ({control.kind}): takes away {_told(control)}" for control in dict(found)]
    extra: list[str | Method] = [
        "Labels were compared with those under controls, on the sentences that are scored both ways.",
        *told,
        *_METHODS,
    ]
    methods = methods_paragraph(page.run, page.rule, scope.words(), extra)
    export_panel.offer(page, name, lambda: control_rows(found, by), figures, methods)


def _invite(page: PageContext) -> None:
    """The commands that add the controls that the run lacks."""
    run = page.run
    kinds = [CompanionRole.parse(companion.role).kind for companion in run.companions if companion.is_finished]
    add = f"rdpt score --add --run {run.run_id[:8]} --db {shlex.quote(settings.shown(page.database.path))}"
    if CompanionKind.VARIANT not in kinds:
        st.markdown(
            "**More controls from the same models**: teacher and student at other temperatures, and the teacher asked "
            "another question."
        )
        st.code(f"{add} --controls temperature,other-question", language=None, wrap_lines=True)
    if CompanionKind.CONTROL not in kinds:
        st.markdown("**A decoy**, a model that surely taught nothing here, best of the teacher's size and family:")
        st.code(f"{add} --control NAME=MODEL", language=None, wrap_lines=True)
