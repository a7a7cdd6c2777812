"""Which groups of traces the training data had: what the file says, what the training texts say, or what a reader
says."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import streamlit as st

from rdpt_core.analysis.evidence.transfer.levels import (
    GROUPED_BY,
    HALF_FROM,
    SEEN_FROM,
    Assignment,
    By,
    from_choice,
)
from rdpt_core.analysis.scope import Scope
from rdpt_core.ui.frame import settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.style import words

_CHOSEN = "my choice"
_TITLES = {"domain": "domains", "overlap": "overlap", "chosen": _CHOSEN}

TOLD = {
    "domain": "The traces say in their domain which of them were seen, half seen and unseen.",
    "overlap": (
        "Levels come from the training texts: a group is seen if at least "
        f"{SEEN_FROM:.0%} of its sentences stand there, copied or as a template, and half seen from "
        f"{HALF_FROM:.0%} on. "
        "What a model took from its teacher makes its sentences stand there, so these levels are not independent of "
        "reach; and who wrote the training texts is not known here."
    ),
    "chosen": "You chose the levels; nothing in the file says them.",
}
"""Where levels come from, as a sentence."""


def choose_by(page: PageContext, scope: Scope) -> By:
    """What traces are grouped by: benchmarks, unless there is only one and several domains."""
    names = page.data.trace_table(scope).names
    several = [by for by in ("benchmark", "domain") if len(names[by]) > 1]
    default = several[0] if several else "benchmark"
    chosen = st.segmented_control(
        "Rows", ["benchmark", "domain"], default=default, key="transfer_by", bind="query-params", required=True
    )
    return next(by for by in GROUPED_BY if by == (chosen or default))


def choose_origin(said: Mapping[str, Assignment]) -> str:
    """Who says which groups were seen: one of `said`, or the reader."""
    titles = {_TITLES[origin]: origin for origin in (*said, "chosen")}
    first = next(iter(titles))
    title = st.segmented_control(
        "Levels from",
        list(titles),
        default=first,
        key="levels_from",
        bind="query-params",
        required=True,
        help="Which groups the training data had. Nothing is guessed: the traces say it, or the training texts, or "
        "you.",
    )
    return titles.get(title or first, titles[first])


def own_choice(page: PageContext, scope: Scope, by: By, said: Mapping[str, Assignment]) -> Assignment | None:
    """What a reader says; None, with an invitation drawn, while that is nothing."""
    names = page.data.trace_table(scope).names[by]
    shown = {name: words.no_markdown(name, 40) for name in names}
    seen, half = (
        st.pills(
            title,
            names,
            selection_mode="multi",
            format_func=shown.__getitem__,
            key=key,
            bind="query-params",
            help="Groups that you choose in neither row are unseen.",
        )
        for title, key in (("Seen in training", "seen"), ("Half seen", "half_seen"))
    )
    if not seen and not half and said:
        st.info("Choose above which of these groups the training data had.", icon=":material/checklist:")
        return None
    if not seen and not half:
        st.info(
            "**Nothing says which of these groups the training data had.** Choose them above, or give the traces a "
            "domain of `seen`, `half seen` or `unseen`, or compare their sentences with the training texts:",
            icon=":material/checklist:",
        )
        st.code(overlap_command(page), language=None, wrap_lines=True)
        return None
    return from_choice(names, by, seen, half)


def overlap_command(page: PageContext) -> str:
    """The command that compares a run with its training texts."""
    database = shlex.quote(settings.shown(page.database.path))
    return f"rdpt overlap --db {database} --run {page.run.run_id[:8]} --training FILE.jsonl"
