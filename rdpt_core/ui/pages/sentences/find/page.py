"""The page Find: one line to search with, and the sentences that it finds."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from rdpt_core.analysis.evidence.overlap.class_shares import TRAINING
from rdpt_core.analysis.evidence.overlap.classes import CLASSES
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run import search
from rdpt_core.analysis.run.search import Query, SearchResult
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import filters, notices, teacher_picker, trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import passages, saving
from rdpt_core.ui.pages.sentences.find import answer
from rdpt_core.ui.parts import notes
from rdpt_core.ui.style import words

RESULTS_KEY = "find_results"

# What somebody who never searched traces may want to see first: (name, text, whether it is an expression).
EXAMPLES = (
    ("Second thoughts", r"\b(wait|hold on|actually|let me check)\b", True),
    ("Another way", r"\b(alternatively|another (way|approach))\b", True),
    ("Answers", r"\banswer( is|:)", True),
    ("Equations", r"= -?\d+", True),
)


def draw(page: PageContext) -> None:
    """The whole page."""
    passages.follow(RESULTS_KEY)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("Find in all traces", anchor=False, width="content")
        look_in = st.segmented_control(
            "Look in",
            ["sentences", "notes"],
            key="look_in",
            default="sentences",
            required=True,
            bind="query-params",
            label_visibility="collapsed",
        )
    notices.run_notices(page, brief=True)
    notices.faint_notice(page.data.faint(page.rule), brief=True)
    text = st.text_input(
        "Text to find",
        key="q",
        bind="query-params",
        placeholder="a word, a phrase, a formula …",
        help="Looks in the responses of all traces; a hit belongs to the sentence in which it begins. Among notes, it "
        "looks in their texts, tags and sentences.",
        on_change=passages.to_first,
    )
    if look_in == "notes":
        notes.section(page, text or "", RESULTS_KEY, partial(passages.open_chosen, RESULTS_KEY))
    else:
        _sentences(page, text or "")


def _sentences(page: PageContext, text: str) -> None:
    scope = filters.choose_scope(page)
    query = _query(page, text)
    runs = _runs(page)
    if not query.text:
        _invite()
        return
    try:
        matches = _search(page, runs, query, scope)
    except UsageError as error:
        st.warning(f"**{words.capitalised(error.what)}.** {error.hint or ''}", icon=":material/regular_expression:")
        st.code(words.plain(error.got or query.text, 300), language=None)
        return
    above = st.container()
    _draw_matches(page, matches, len(page.database.runs()) > 1)
    # After the hits, though above them: nobody waits for the shares to read what was found.
    with above:
        saving.outcome()
        answer.draw(page, query, scope, has_others=len(matches) > 1)


def _query(page: PageContext, text: str) -> Query:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        label = trace_picker.choose_value("Label", "label", [str(label) for label in label_order(page.run.roles)])
        training = None
        if overlap_of(page.data) is not None:
            training = trace_picker.choose_value("Training", TRAINING, list(CLASSES))
        regex = st.checkbox(
            "Regular expression",
            key="regex",
            bind="query-params",
            on_change=passages.to_first,
            help="The syntax of RE2: its time grows with the text only, so no expression can hang the app.",
        )
        match_case = st.checkbox("Match case", key="case", bind="query-params", on_change=passages.to_first)
    return Query(text, bool(regex), bool(match_case), label, training)


def _runs(page: PageContext) -> list[Run]:
    """The run of the sidebar, or all runs, that one first."""
    runs = page.database.runs()
    if len(runs) == 1:
        return [page.run]
    everywhere = st.checkbox(f"In all {len(runs)} runs of the file", key="all_runs", bind="query-params")
    others = [run for run in reversed(runs) if run.run_no != page.run.run_no]
    if not everywhere:
        return [page.run]
    teacher_picker.runs_notice([page.run, *others])
    return [page.run, *others]


def _search(page: PageContext, runs: list[Run], query: Query, scope: Scope) -> list[tuple[Run, SearchResult]]:
    """What each run holds; runs are searched until there are more sentences than anybody reads."""
    matches: list[tuple[Run, SearchResult]] = []
    for run in runs:
        if sum(match.n_found for _, match in matches) >= search.MOST_SENTENCES:
            break
        matches.append((run, page.database.data(run).ask(search.find, query, scope, page.rule)))
    return matches


def _draw_matches(page: PageContext, matches: list[tuple[Run, SearchResult]], with_run: bool) -> None:
    n_found = sum(match.n_found for _, match in matches)
    if not n_found:
        st.info(
            "No sentence holds that. Filters on the left and choices above may keep it out, and marks of format are "
            "found only if the label rule counts them."
        )
        return
    first, last = passages.shown(n_found)
    st.markdown(f"**{summary([match for _, match in matches])}**, of which {first + 1:,} to {last:,} are shown.")
    items: list[dict[str, Any]] = []
    n_before = 0
    for run, match in matches:
        hits = match.hits(max(0, first - n_before), max(0, last - n_before))
        if hits:
            found = page.database.data(run).ask(search.passages, hits)
            items += passages.items(found, with_run=with_run)
        n_before += match.n_found
    passages.draw("Sentences found", items, first, RESULTS_KEY)
    passages.buttons(n_found)


def summary(matches: list[SearchResult]) -> str:
    """How much was found, without claiming more than was counted."""
    n_found, n_traces = sum(match.n_found for match in matches), sum(match.n_traces for match in matches)
    n_searched = sum(match.n_searched for match in matches)
    sentences = words.count(n_found, "sentence")
    if all(match.is_complete for match in matches):
        return f"{sentences} in {words.count(n_traces, 'trace')}"
    return (
        f"The first {sentences}, in {n_searched:,} of {words.count(n_traces, 'trace')} that hold it (the search stops "
        "there: narrow it to see others)"
    )


def _invite() -> None:
    st.markdown("Type above what to look for, or begin with one of these:")
    with st.container(horizontal=True):
        for name, text, regex in EXAMPLES:
            st.button(name, key=f"example_{name}", on_click=_use, args=(text, regex), help=f"`{text}`")


def _use(text: str, regex: bool) -> None:
    st.session_state["q"] = text
    st.session_state["regex"] = regex
