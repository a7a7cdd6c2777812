"""The parts of the verdicts page: where verdicts come from, and where the source and our grade differ."""

from __future__ import annotations

import shlex
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run import verdicts
from rdpt_core.analysis.run.verdicts import DISPUTES, LIMIT, Dispute, Verdicts
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, RESAMPLES, SHARE_INTERVAL, Method, cited
from rdpt_core.ui.frame import links, notices, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.filters import choose_scope, describe, explain_empty
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column
from rdpt_core.ui.style import words

_KINDS = {"source": "the source said it", "own": "graded by the import", "none": "no verdict"}
_GRADES = ((True, "correct"), (False, "incorrect"))


def draw(page: PageContext) -> None:
    """The whole page."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("Are the verdicts right?", anchor=False)
        glossary.explain("verdict", "our grade", "disputed", "question", "95% interval", "effective n")
    st.markdown(
        "Whether an answer is correct was said by the source of the traces, or decided when they were imported. "
        "Everything that this app says about correct and incorrect traces rests on these verdicts."
    )
    notices.run_notices(page, brief=True)
    scope = choose_scope(page)
    found = page.data.ask(verdicts.load_verdicts, scope)
    if not found.origins:
        explain_empty(scope, "trace")
        return
    notices.questions_notice(page, scope)
    _origins(found, scope)
    if not found.n_checked:
        _explain_unchecked(page, found)
        return
    _agreement(found)
    _disputed(page, found, scope)


def _origins(found: Verdicts, scope: Scope) -> None:
    st.subheader("Where they come from", anchor=False)
    total = sum(origin.n_traces for origin in found.origins)
    rows = [
        {
            "verdict": _KINDS[origin.kind],
            "by": words.plain(origin.name, 80) if origin.name else "the line of the trace",
            "traces": origin.n_traces,
            "of all": 100 * origin.n_traces / total,
            "questions": origin.n_questions,
        }
        for origin in found.origins
    ]
    whole = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "by": st.column_config.TextColumn(help="The source's field, the method of the grade, or why there is none"),
            "traces": whole,
            "of all": st.column_config.NumberColumn(format="%.1f%%", help="of the traces in scope"),
            "questions": whole,
        },
    )
    st.caption(f"Traces: {describe(scope)}. A question whose traces have verdicts of several origins counts in each.")


def _explain_unchecked(page: PageContext, found: Verdicts) -> None:
    """Why nothing is compared, and what to do about it."""
    n_source = found.n_of("source")
    file = shlex.quote(settings.shown(page.database.path))
    score = f"rdpt score --traces checked.jsonl --triple triple.toml --db {file}"
    if n_source:
        have = words.count(n_source, "verdict of the source has", "verdicts of the source have")
        st.info(
            f"**{have} not been checked.** Import the same logs with `--check-verdicts`: each answer is then also "
            "compared with its reference answer, the source's verdict stays as it is, and this page lists where the "
            "two differ. Then score what was imported.",
            icon=":material/rule:",
        )
        st.code(f"rdpt import SOURCE… --check-verdicts --out checked.jsonl\n{score}", language=None, wrap_lines=True)
    elif found.n_of("own"):
        st.info(
            "**All verdicts are grades of the import**, so there is no other verdict to compare them with. The grade "
            "of a trace stands on its page, under its details.",
            icon=":material/rule:",
        )
    else:
        st.info(
            "**No trace here has a verdict.** A verdict needs a reference answer (`gold`) or the source's own "
            "(`correct`). Name the column that holds it and import again:",
            icon=":material/rule:",
        )
        st.code(
            f"rdpt import SOURCE… --map question=…,response=…,gold=… --out checked.jsonl\n{score}",
            language=None,
            wrap_lines=True,
        )


def _agreement(found: Verdicts) -> None:
    st.subheader("The source and our grades", anchor=False)
    n_none = sum(n for (_, own), n in found.n_checked.items() if own is None)
    total = sum(found.n_checked.values())
    share = found.agreement
    agree, disputed, none = st.columns(3)
    with agree:
        st.metric("Agreement", words.percent(float(share.share[0])), border=True)
        low, high = float(share.low[0]), float(share.high[0])
        interval = "no interval: " + share.refused if share.refused else f"{100 * low:.1f}% to {100 * high:.1f}%"
        st.caption(f"{interval}; {words.questions(share.n_questions, share.n_effective)}")
    with disputed:
        st.metric("Disputed", f"{found.n_disputed:,}", border=True)
        st.caption(f"of {words.count(total, 'checked verdict')}")
    with none:
        st.metric("No grade of ours", f"{n_none:,}", border=True)
        st.caption("the answer could not be compared")
    rows: list[dict[str, Any]] = []
    for source, name in _GRADES:
        row: dict[str, Any] = {"the source says": name}
        for own, title in (*_GRADES, (None, "none")):
            cell = (source, own)
            row[f"ours: {title}"] = _cell(found.n_checked.get(cell, 0), found.questions.get(cell, 0))
        rows.append(row)
    st.dataframe(rows, hide_index=True)
    st.caption(
        "In agreement every question weighs the same, and verdicts without our grade are left out. "
        f"{cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)} Our grade may be the wrong one: it is a second opinion."
    )


def _cell(n_traces: int, n_questions: int) -> str:
    return f"{words.count(n_traces, 'trace')} · {words.count(n_questions, 'question')}" if n_traces else "–"


def _disputed(page: PageContext, found: Verdicts, scope: Scope) -> None:
    st.subheader("Which traces", anchor=False)
    chosen = _choose()
    table = page.data.ask(verdicts.load_disputed, scope, chosen)
    if not table.num_rows:
        st.info("No checked verdict is of this kind.", icon=":material/check:")
        return
    is_cut = f"The first {LIMIT:,} of more. " if table.num_rows == LIMIT else ""
    st.caption(f"{is_cut}{words.count(table.num_rows, 'trace')}. Click one to read it, or open it in a new tab.")
    first = table.append_column("sentence", pa.array([1] * table.num_rows, pa.int64()))
    shown = pa.table(
        {
            "source": table.column("source"),
            "our grade": table.column("own"),
            "gold": plain_column(table, "gold", 80),
            "answer": plain_column(table, "extracted", 80),
            "question": plain_column(table, "question"),
            "open": link_column(page.run, first),
            "method": plain_column(table, "method"),
            "reason": plain_column(table, "reason"),
            "field": plain_column(table, "field"),
            "benchmark": plain_column(table, "benchmark"),
            "trace": plain_column(table, "trace_id"),
        }
    )
    config: dict[str, Any] = {
        "question": st.column_config.TextColumn(width="medium"),
        "answer": st.column_config.TextColumn(help="What our grade compared with the reference answer"),
        "field": st.column_config.TextColumn(help="The source's field that holds its verdict"),
        "open": st.column_config.LinkColumn(display_text="open"),
    }
    # A key for each kind: a table that stays while the choice changes no longer reports clicks, also with equal rows.
    clicked = clickable_table(shown, f"disputed_table_{DISPUTES.index(chosen)}", config, ("open",))
    export_panel.offer(page, "verdicts", table, {}, _methods(page, found, scope, chosen))
    if clicked is not None:
        open_sentence(page.run, table.column("trace_id")[clicked].as_py(), 1)


def _choose() -> Dispute:
    """Which verdicts to list: those that the address names, else the disputed ones."""
    wanted = links.requested("dispute")
    if wanted in DISPUTES:
        st.session_state["dispute"] = wanted
    chosen: Dispute = st.segmented_control(
        "Which verdicts", DISPUTES, key="dispute", default=DISPUTES[0], required=True, label_visibility="collapsed"
    )
    links.publish("dispute", None if chosen == DISPUTES[0] else chosen)
    return chosen


def _methods(page: PageContext, found: Verdicts, scope: Scope, chosen: Dispute) -> str:
    share = found.agreement
    extra: list[str | Method] = [
        f"{sum(found.n_checked.values()):,} verdicts of the source were compared with our grades, of which "
        f"{found.n_disputed:,} differ; listed: {chosen}.",
        f"Agreement {100 * float(share.share[0]):.1f}% over "
        f"{words.questions(share.n_questions, share.n_effective)}, every question weighing the same.",
        SHARE_INTERVAL,
        EFFECTIVE_QUESTIONS,
        RESAMPLES,
    ]
    return methods_paragraph(page.run, page.rule, scope.words(), extra)
