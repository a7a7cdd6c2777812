"""Without what precedes them: which labels do not need the rest of the response, and whether that tells a teacher."""

from __future__ import annotations

import shlex

import streamlit as st

from rdpt_core.analysis.evidence.context import ContextShares, context_rows, load_context_shares
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run.group_shares import CrossCell
from rdpt_core.analysis.schemes import scheme_of
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
from rdpt_core.ui.frame import context, filters, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.controls.context_figure import cell_of, context_figure, rows_of
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.share_figure import interval_in_words
from rdpt_core.ui.style import words


def draw(page: PageContext, scope: Scope) -> None:
    """The part of the page."""
    glossary.explained_heading("Without what precedes them", "by itself")
    shares = page.data.ask(load_context_shares, page.rule, scope)
    if shares is None:
        _explain(page)
        return
    view = f"the prompt and {words.count(shares.context.n_sentences, 'sentence')}"
    if not any(table.cells for table in shares.whole):
        labels = " or ".join(shares.labels)
        st.info(f"No {labels} sentence in scope has more before it than {view}, so there is nothing to leave out.")
        return
    st.markdown(
        f"Does a sentence keep its label if its models see no more than {view} before it? Then it has the label **by "
        "itself**; otherwise by context. This is a flag: no label changes by it."
    )
    for k, label in enumerate(shares.labels):
        for cell in shares.whole[k].cells:
            st.markdown(f"- {_kept(label, cell)}")
    if Role.TEACHER in page.run.roles:
        _beside_control(page, shares)
    _numbers(page, scope, shares, view)


def _kept(label: str, cell: CrossCell) -> str:
    intervals = cell.intervals
    return (
        f"**{words.percent(float(intervals.share[0]))} of {cell.n_sentences:,} {label} sentences are {label} by "
        f"themselves** ({interval_in_words(intervals, 0)}; "
        f"{words.questions(intervals.n_questions, intervals.n_effective)})."
    )


def _beside_control(page: PageContext, shares: ContextShares) -> None:
    """What the distilled model in the teacher's place would show as well, and what therefore cannot be claimed."""
    excess, label = shares.excess, shares.labels[0]
    if excess is None:
        if Role.DISTILLED in page.run.roles and not page.run.seen_as:
            st.markdown("How many would be so without any teacher is not known yet. The distilled model's pass tells:")
            st.code(_command(page, (Role.DISTILLED,)), language=None, wrap_lines=True)
        return
    scored, control = (float(cell.intervals.share[0]) for cell in shares.of_all.cells)
    points = f"{100 * float(excess.value[0]):+.1f} points"
    found = (
        f"Of all {shares.of_all.cells[0].n_sentences:,} sentences with a longer past, {words.percent(scored)} are "
        f"{label} by themselves. With the distilled model in the teacher's place, and so **without any teacher, "
        f"{words.percent(control)}** would be: {points}"
    )
    if excess.refused is not None:
        st.markdown(f"{found} (no interval: {excess.refused}).")
        return
    low, high = 100 * float(excess.low[0]), 100 * float(excess.high[0])
    shown = "shows" if high <= 0 else "may show"
    verdict = (
        "Only this excess speaks for the teacher."
        if low > 0
        else f"**The control {shown} as much, so being {label} by itself is no sign of the teacher here.**"
    )
    st.markdown(f"{found} ({DIFFERENCE_INTERVAL.name} {low:+.1f} to {high:+.1f}). {verdict}")


def _numbers(page: PageContext, scope: Scope, shares: ContextShares, view: str) -> None:
    figure = context_figure(shares, context.mode())
    alt = "Share of each label's sentences that have it by themselves, by benchmark; the table below has the numbers"
    chart(figure, "by_itself", alt, clickable=False)
    first, second = shares.labels
    whole = st.column_config.NumberColumn(format="localized")
    config = {f"of {label} sentences": whole for label in shares.labels}
    st.dataframe(_table(shares), hide_index=True, column_config=config, placeholder="–")
    n_missing = sum(shares.n_missing)
    missing = (
        f" {words.count(n_missing, 'further sentence')} had no number with so little in view." if n_missing else ""
    )
    st.caption(
        f"{words.capitalised(filters.describe(scope))}. By itself: the gap exceeds β after {view}, as it does after "
        f"all that precedes. {shares.n_same[0]:,} {first} and {shares.n_same[1]:,} {second} sentences have no more "
        f"than that before them, so they see the same both times and are not counted.{missing} **What it does not "
        "say:** a "
        "sentence by itself may be one that any trained model finds likely, and a sentence by context may still be the "
        "teacher's, such as one that continues a calculation. Brackets hold intervals; where questions are too few for "
        "one, there is none and no point. "
        f"{cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)}"
    )
    extra: list[str | Method] = [
        f"A sentence has its label by itself if its gap exceeds β also after {view}, scored in a pass of its own; "
        "sentences with no more than that before them are not counted.",
        SHARE_INTERVAL,
        *([] if shares.excess is None else [DIFFERENCE_INTERVAL]),
        EFFECTIVE_QUESTIONS,
        RESAMPLES,
    ]
    methods = methods_paragraph(page.run, page.rule, scope.words(), extra)
    export_panel.offer(page, "by_itself", context_rows(shares), {"by_itself": figure}, methods)


def _table(shares: ContextShares) -> list[dict[str, object]]:
    """One row a group of traces."""
    rows: list[dict[str, object]] = []
    for row, name in enumerate(rows_of(shares)):
        found: dict[str, object] = {"benchmark": words.plain(name)}
        for k, label in enumerate(shares.labels):
            cell = cell_of(shares, k, row)
            found[f"{label} by itself"] = None if cell is None else _share(cell)
            found[f"of {label} sentences"] = None if cell is None else cell.n_sentences
        rows.append(found)
    return rows


def _share(cell: CrossCell) -> str:
    """`57% (55% to 59%)`, or the share alone where an interval is refused."""
    ends = cell.intervals
    share = words.percent(float(ends.share[0]))
    return (
        share
        if ends.refused
        else f"{share} ({words.percent(float(ends.low[0]))} to {words.percent(float(ends.high[0]))})"
    )


def _explain(page: PageContext) -> None:
    """The command that makes what is missing."""
    scheme = scheme_of(page.run.roles)
    if any(role in (scheme.upper, scheme.lower) for role, _ in page.run.seen_as):
        st.info(
            "Only the triple's own models are scored without what precedes a sentence. Choose the triple's own teacher "
            "to see this part.",
            icon=":material/group:",
        )
        return
    st.info(
        "**A sentence may be labelled for what precedes it rather than for itself.** Another pass of the models on "
        "this machine, with only the prompt and one sentence in view, tells which labels stay. It scores nothing else "
        "again.",
        icon=":material/short_text:",
    )
    st.code(_command(page, page.run.roles), language=None, wrap_lines=True)


def _command(page: PageContext, roles: tuple[str, ...]) -> str:
    file = shlex.quote(settings.shown(page.database.path))
    return f"rdpt local --db {file} --run {page.run.run_id[:8]} --with-prompt --roles {','.join(roles)}"
