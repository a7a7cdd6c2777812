"""The parts of the runs page: what another student, precision, template policy, marks or splitter change."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run import run_agreement
from rdpt_core.analysis.run.run_agreement import Estimate, RunAgreement, differences
from rdpt_core.analysis.schemes import common_scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    KAPPA_INTERVAL,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import context, links, notices, settings, teacher_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.filters import choose_scope, describe, explain_empty
from rdpt_core.ui.pages.runs import figures
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column
from rdpt_core.ui.style import words

MAX_OTHERS = 8
"""Other runs that the table compares with the present one."""


def explain_one_run(page: PageContext) -> None:
    """What this page needs, and how to make it."""
    st.info(
        "**This file holds one run, so there is nothing to compare yet.** Each of these makes a second one in the same "
        "file:",
        icon=":material/difference:",
    )
    file = shlex.quote(settings.shown(page.database.path))
    base = f"rdpt score --traces traces.jsonl --triple triple.toml --db {file}"
    for title, command in (
        (
            "Another way to cut sentences, in seconds and without a model",
            f"rdpt resplit --db {file} --splitter line",
        ),
        ("Another template policy", f"{base} --template distilled --name 'distilled template'"),
        ("Each model's own marks of thinking", f"{base} --marks own --name 'own marks'"),
        ("Another precision", f"{base} --dtype bfloat16 --name bfloat16"),
        (
            "Another student: name it in a second triple",
            f"{base.replace('triple.toml', 'other-student.toml')} --name 'other student'",
        ),
    ):
        st.markdown(f"**{title}**")
        st.code(command, language=None, wrap_lines=True)
    st.markdown(
        "Then this page shows which labels agree, from which label to which they went, and the sentences that moved."
    )


def choose_other(page: PageContext, others: list[Run]) -> Run | None:
    """The run to compare with: that of the address, else the newest other one."""
    by_id = {run.run_id: run for run in others}
    wanted = links.requested("run2")
    if wanted is not None and wanted not in by_id:
        if wanted == page.run.run_id:
            st.info("This is the run itself. Choose another one to compare with.", icon=":material/difference:")
        else:
            st.error("**The link asks for a second run that this file does not hold.**", icon=":material/link_off:")
            st.code(words.plain(wanted, 200), language=None)
    elif wanted is not None:
        st.session_state["run2_id"] = wanted
    chosen = st.session_state.get("run2_id")
    st.session_state["run2_pick"] = chosen if chosen in by_id else others[-1].run_id
    names = words.run_names(others)

    def picked() -> None:
        st.session_state["run2_id"] = st.session_state["run2_pick"]
        links.publish("run2", None)
        links.publish("moved", None)

    picked_id = st.selectbox(
        "Compare with", list(reversed(by_id)), key="run2_pick", format_func=lambda i: names[i], on_change=picked
    )
    if wanted is not None and wanted not in by_id:
        return None
    links.publish("run2", picked_id)
    return by_id[picked_id]


def all_others(page: PageContext, others: list[Run], scope: Scope) -> None:
    """One row for each other run."""
    st.subheader("All runs against this one", anchor=False)
    shown = others[-MAX_OTHERS:]
    rows: list[dict[str, Any]] = []
    for run in reversed(shown):
        changes = "; ".join(words.plain(text, 80) for text in differences(page.run, run))
        if common_scheme(page.run.roles, run.roles) is None:
            rows.append({"run": _name(run), "what differs": changes})
            continue
        agreement = page.data.ask(run_agreement.load_agreement, run, page.rule, scope)
        largest = max(agreement.shift, key=lambda shift: abs(shift.value)) if agreement.n_matched else None
        rows.append(
            {
                "run": _name(run),
                "what differs": changes,
                "matched sentences": agreement.n_matched,
                "questions": words.questions(agreement.n_questions, agreement.n_effective),
                "agreement": 100 * agreement.agreement.value if agreement.n_matched else None,
                "κ": agreement.kappa.value if agreement.n_matched else None,
                KAPPA_INTERVAL.name: _interval(agreement.kappa, ""),
                "largest shift": f"{agreement.labels[agreement.shift.index(largest)]} {100 * largest.value:+.1f}"
                if largest
                else None,
            }
        )
    config = {
        "matched sentences": st.column_config.NumberColumn(format="localized"),
        "agreement": st.column_config.NumberColumn(format="%.1f%%", help=glossary.short("agreement")),
        "κ": st.column_config.NumberColumn(format="%.3f", help=glossary.short("Cohen's κ")),
        "what differs": st.column_config.TextColumn(width="medium"),
    }
    st.dataframe(rows, hide_index=True, column_config=config, placeholder="–")
    if len(others) > MAX_OTHERS:
        st.caption(f"The {MAX_OTHERS} newest of {len(others)} other runs.")


def _name(run: Run) -> str:
    return f"{words.plain(run.name, 40)} · {run.run_id[:8]}"


def _interval(estimate: Estimate, unit: str) -> str:
    if estimate.low is None or estimate.high is None:
        return "–"
    scale = 100 if unit else 1
    digits = 1 if unit else 3
    return f"{scale * estimate.low:.{digits}f} to {scale * estimate.high:.{digits}f}{unit}"


def headline(page: PageContext, other_run: Run, agreement: RunAgreement) -> None:
    """The numbers that sum a comparison up, and what they leave out."""
    agreement_column, kappa_column, matched_column, unmatched_column = st.columns(4)
    with agreement_column:
        st.metric("Agreement", words.percent(agreement.agreement.value), border=True, help=glossary.short("agreement"))
        st.caption(f"{SHARE_INTERVAL.name} {_interval(agreement.agreement, '%')}")
    with kappa_column:
        value = "–" if agreement.kappa.value != agreement.kappa.value else f"{agreement.kappa.value:.3f}"
        st.metric("Cohen's κ", value, border=True, help=glossary.short("Cohen's κ"))
        st.caption(f"{SHARE_INTERVAL.name} {_interval(agreement.kappa, '')}")
    with matched_column:
        st.metric("Matched", f"{agreement.n_matched:,}", border=True, help=glossary.short("matched sentence"))
        questions = words.questions(agreement.n_questions, agreement.n_effective)
        st.caption(f"{questions}, {words.count(agreement.n_traces, 'trace')}")
    with unmatched_column:
        st.metric("Unmatched", f"{sum(agreement.n_unmatched):,}", border=True)
        st.caption(f"{agreement.n_unmatched[0]:,} here, {agreement.n_unmatched[1]:,} there")
    notes = [cited(KAPPA_INTERVAL)]
    if agreement.refused:
        notes.append(f"No interval: {agreement.refused}.")
    if page.run.splitter != other_run.splitter or page.run.splitter_version != other_run.splitter_version:
        notes.append(
            "The runs cut sentences differently: two are taken as the same if they share more than half of the "
            "characters of either. A sentence that the other run cut up or joined has no partner."
        )
    if page.run.roles != other_run.roles:
        *first, last = agreement.labels
        notes.append(f"One run lacks a model of the other, so both are labelled {', '.join(first)} or {last}.")
    if agreement.n_unscored:
        notes.append(
            f"{words.count(agreement.n_unscored, 'matched sentence is', 'matched sentences are')} unscored in a run."
        )
    only = agreement.n_traces_only
    if sum(only):
        notes.append(f"Traces that only one run holds: {only[0]:,} here, {only[1]:,} there.")
    if agreement.n_by_text:
        notes.append(
            f"{words.count(agreement.n_by_text, 'trace has', 'traces have')} another id in the other run and "
            f"{'was' if agreement.n_by_text == 1 else 'were'} found by question and response."
        )
    if agreement.n_other_text:
        notes.append(
            f"{words.count(agreement.n_other_text, 'trace has', 'traces have')} another response in the other run, and "
            "cannot be matched."
        )
    st.caption(" ".join(notes))


def draw_figures(page: PageContext, other_run: Run, agreement: RunAgreement) -> dict[str, go.Figure]:
    """The transition matrix, a click on which lists its sentences, and the shift of the shares."""
    mode, teachers = context.mode(), teacher_picker.of_two_runs(page.run, other_run)
    drawn = {
        "transitions": figures.transition_figure(agreement, mode),
        "shifts": figures.shift_figure(agreement, mode),
    }
    left, right = st.columns([3, 2], gap="medium")
    with left:
        glossary.explained_heading("From label to label", "transition", "agreement", "Cohen's κ")
        clicked = chart(
            drawn["transitions"], "transitions", "Matched sentences by their label in either run", teachers=teachers
        )
        st.caption("Rows: the label in this run. Columns: in the other one. Percentages are of the row. Click a cell.")
    with right:
        glossary.explained_heading("Shift of the shares", "share", "paired interval")
        chart(
            drawn["shifts"],
            "shifts",
            "Change of each label's share from this run to the other",
            clickable=False,
            teachers=teachers,
        )
        st.caption(f"The other run minus this one, in the same sentences. {cited(DIFFERENCE_INTERVAL)}")
    seen, st.session_state["transition_seen"] = st.session_state.get("transition_seen"), clicked
    if clicked and clicked != seen:
        links.publish("moved", ",".join(str(agreement.labels[int(index)]) for index in clicked))
    return drawn


def moved_sentences(page: PageContext, other_run: Run, agreement: RunAgreement, scope: Scope) -> pa.Table:
    """Which sentences moved, those first whose gap changed most."""
    wanted = _wanted_transition(agreement)
    st.subheader("Which sentences moved" if wanted is None else f"{wanted[0]} → {wanted[1]}", anchor=False)
    if wanted is not None and st.button("Show all that moved", icon=":material/close:", key="leave_transition"):
        links.publish("moved", None)
        st.rerun()
    table = page.data.ask(run_agreement.load_moved, other_run, page.rule, scope, wanted)
    if not table.num_rows:
        st.info(
            "No matched sentence changed its label." if wanted is None else "No sentence went this way.",
            icon=":material/equal:",
        )
        return table
    first = "The first " if table.num_rows == run_agreement.N_MOVED else ""
    both = words.both_models(run_agreement.shared_scheme(page.run, other_run))
    st.caption(
        f"{first}{words.count(table.num_rows, 'sentence')}, by how far their gap between {both} changed. Click one to "
        "read it in this run; the links open either run, or both side by side, in a new tab."
    )
    there = table.drop_columns("trace_id").append_column("trace_id", table.column("second_trace_id"))
    shown = pa.table(
        {
            "text": plain_column(table, "text"),
            "this run": table.column("first_label"),
            "other run": table.column("second_label"),
            "gap here": table.column("first_gap"),
            "gap there": table.column("second_gap"),
            "benchmark": plain_column(table, "benchmark", 60),
            "trace": plain_column(table, "trace_id", 60),
            "here": link_column(page.run, table, "first_sentence"),
            "there": link_column(other_run, there, "second_sentence"),
            "both": _compare_links(page.run, other_run, table),
        }
    )
    gap = st.column_config.NumberColumn(format="%.3g", help=glossary.short("gap"))
    link = st.column_config.LinkColumn(display_text="open")
    config: dict[str, Any] = {"gap here": gap, "gap there": gap, "here": link, "there": link, "both": link}
    config["text"] = st.column_config.TextColumn(width="large")
    clicked = clickable_table(shown, "moved_table", config, ("here", "there", "both"))
    if clicked is not None:
        row = table.slice(clicked, 1).to_pylist()[0]
        open_sentence(page.run, row["trace_id"], row["first_sentence"])
    return table


def _compare_links(first: Run, second: Run, table: pa.Table) -> pa.Array:
    """A link to the page that shows a trace of both runs side by side."""
    parameters = (
        {"run": first.run_id, "trace": here, "run2": second.run_id, "trace2": there}
        for here, there in zip(*(table.column(n).to_pylist() for n in ("trace_id", "second_trace_id")), strict=True)
    )
    addresses = ("compare?" + urlencode(links.within_database(each)) for each in parameters)
    return pa.array(list(addresses), pa.string())


def _wanted_transition(agreement: RunAgreement) -> tuple[str, str] | None:
    """The transition that the address names, if both labels are there."""
    names = st.query_params.get("moved", "").split(",")
    known = {str(label) for label in agreement.labels}
    return (names[0], names[1]) if len(names) == 2 and set(names) <= known else None


def draw(page: PageContext) -> None:
    """The whole page."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("Do the labels hold in another run?", anchor=False)
        glossary.explain(
            "run", "matched sentence", "agreement", "Cohen's κ", "template policy", "marks of thinking", "splitter"
        )
    st.markdown(
        "A finding should not depend on how it was scored. Here the same sentences of two runs stand side by side: "
        "another student, another precision, another template policy, other marks of thinking or another "
        "splitter."
    )
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    others = [run for run in page.database.runs() if run.run_id != page.run.run_id]
    if not others:
        explain_one_run(page)
        return
    scope = choose_scope(page)
    notices.questions_notice(page, scope)
    if len(others) > 1:
        all_others(page, others, scope)
    other_run = choose_other(page, others)
    if other_run is None:
        return
    st.caption(
        f"What differs from this run: {words.no_markdown('; '.join(differences(page.run, other_run)), 300)}. "
        f"Traces: {describe(scope)}."
    )
    teacher_picker.runs_notice([page.run, other_run])
    if common_scheme(page.run.roles, other_run.roles) is None:
        st.info(
            "**These two runs cannot be compared by labels**: one has no distilled model, the other no teacher, so "
            "they have the student alone in common.",
            icon=":material/difference:",
        )
        return
    agreement = page.data.ask(run_agreement.load_agreement, other_run, page.rule, scope)
    if not agreement.n_matched:
        explain_empty(scope, "sentence that both runs hold and score")
        return
    headline(page, other_run, agreement)
    drawn = draw_figures(page, other_run, agreement)
    slot = st.container(width="content")
    table = moved_sentences(page, other_run, agreement, scope)
    with slot:
        export_panel.offer(page, "runs", table, drawn, _methods(page, other_run, agreement, scope))


def _methods(page: PageContext, other_run: Run, agreement: RunAgreement, scope: Scope) -> str:
    differing = "; ".join(differences(page.run, other_run))
    kappa = _interval(agreement.kappa, "")
    extra: list[str | Method] = [
        f"Compared with run {other_run.run_id} ({other_run.name}), which differs in: {differing}.",
        "Traces were matched by id and response, or else by the texts of question and response; sentences by "
        "characters, more than half of either shared.",
        f"{agreement.n_matched:,} sentences of {agreement.n_traces:,} traces of "
        f"{words.questions(agreement.n_questions, agreement.n_effective)} matched; agreement "
        f"{100 * agreement.agreement.value:.1f}%, Cohen's κ {agreement.kappa.value:.3f} "
        f"({SHARE_INTERVAL.name} {kappa}).",
        *(SHARE_INTERVAL, DIFFERENCE_INTERVAL, KAPPA_INTERVAL, EFFECTIVE_QUESTIONS, RESAMPLES),
    ]
    return methods_paragraph(page.run, page.rule, scope.words(), extra)
