"""The patterns that are kept by name, with their label shares; others to begin with, and a form for any."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.behaviours.families import LENS
from rdpt_core.analysis.behaviours.kinds.lenses import LENSES
from rdpt_core.analysis.behaviours.patterns.pattern import HOWS, Pattern, SavedPattern, described
from rdpt_core.analysis.behaviours.patterns.shapes import Against
from rdpt_core.analysis.behaviours.patterns.view import share_bar
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS, SHARE_INTERVAL, cited
from rdpt_core.errors import UsageError
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import bars, saving, say
from rdpt_core.ui.pages.sentences.patterns import address
from rdpt_core.ui.parts import export_panel
from rdpt_core.ui.parts.chart import chart, clicked
from rdpt_core.ui.style import words

_PURPOSE = (
    "A **pattern** is a set of sentences: those that hold a phrase or fit an expression, those of one kind, or those "
    "with a tag. Kept by name, it is the same question to every run of this file: are these sentences labelled "
    "differently from all others?"
)
_MOST_DRAWN = 30
_FIGURE, _FORM = "patterns", "new_pattern"
# What somebody who kept nothing may want to see first: (what the button says, the pattern).
_EXAMPLES = (
    ("Wait", Pattern("", "expression", r"\bwait\b")),
    ("Alternatively", Pattern("", "expression", r"\balternatively\b")),
    ("The answer is", Pattern("", "expression", r"\banswer( is|:)")),
    ("Equations", Pattern("", "expression", r"= -?\d+")),
)
_MEANINGS = {
    "text": "phrase",
    "expression": "regular expression",
    "kind": "kind",
    "tag": "tag",
}


def draw(page: PageContext, kept: tuple[SavedPattern, ...], scope: Scope) -> None:
    """The list, or what to begin with where nothing is kept."""
    st.markdown(_PURPOSE)
    if kept:
        _shares(page, kept, scope)
    else:
        st.info(
            "No pattern is kept yet. Open one below, or search for something on the page Find; **Save as a pattern** "
            "keeps it in the file of notes beside the database.",
            icon=":material/bookmark:",
        )
    _examples(kept)
    _form()


def _shares(page: PageContext, kept: tuple[SavedPattern, ...], scope: Scope) -> None:
    drawn = kept[:_MOST_DRAWN]
    found, unknown = _found(page, drawn, scope)
    if found:
        first = found[0][1]
        figure = bars.bars_figure([_bar(one, against) for one, against in found], page.data.labels, context.mode())
        opened = partial(_open_clicked, [one.pattern for one, _ in found])
        alt = "Label shares of every kept pattern; the same numbers are in the table below"
        chart(figure, _FIGURE, alt, on_click=opened)
        cut = f" The first {_MOST_DRAWN} of {len(kept):,} are drawn." if len(kept) > _MOST_DRAWN else ""
        st.caption(
            f"Labels of the sentences of each pattern, {filters.describe(scope)}; a click on a bar opens it.{cut} "
            f"{words.capitalised(_everything(first))}. Intervals are in the table."
        )
        _table(page, found, scope, figure)
    for one, reason in unknown:
        st.caption(f"**{words.no_markdown(one.pattern.name, 80)}** has no sentence here: {reason}.")
    _manage(page, kept)


def _found(
    page: PageContext, kept: tuple[SavedPattern, ...], scope: Scope
) -> tuple[list[tuple[SavedPattern, Against]], list[tuple[SavedPattern, str]]]:
    """Patterns with labelled sentences, and why others have none."""
    found, unknown = [], []
    for one in kept:
        try:
            against = share_bar(page.data, page.rule, scope, one.pattern)
        except UsageError as error:
            unknown.append((one, error.what))
            continue
        if against.pattern.n_counted:
            found.append((one, against))
        else:
            unknown.append((one, "none that carries a label fits"))
    return found, unknown


def _bar(one: SavedPattern, against: Against) -> bars.Bar:
    return bars.Bar(one.pattern.name, words.count(against.pattern.n_counted, "sentence"), against.pattern)


def _everything(against: Against) -> str:
    n = against.pattern.n_counted + against.rest.n_counted
    return f"the traces in scope have {words.count(n, 'sentence')} with a label"


def _open_clicked(patterns: list[Pattern]) -> None:
    point = clicked(_FIGURE)
    if point and int(point[0]) < len(patterns):
        address.go(address.of(patterns[int(point[0])]))


def _table(page: PageContext, found: list[tuple[SavedPattern, Against]], scope: Scope, figure: go.Figure) -> None:
    rows = []
    for one, against in found:
        k, pattern = say.leading(against.difference), one.pattern
        rows.append(
            {
                "name": words.plain(pattern.name, 80),
                "how": pattern.family or _MEANINGS[pattern.how],
                "looks for": words.plain(pattern.value, 80),
                "sentences": against.pattern.n_counted,
                "questions": against.pattern.n_questions,
                "effective": round(against.pattern.n_effective),
                "label that differs most": page.data.labels[k],
                "its share": words.percent(float(against.pattern.share[k])),
                "of all others": words.percent(float(against.rest.share[k])),
                "points": say.with_ends(against.difference, k),
            }
        )
    whole = st.column_config.NumberColumn(format="localized")
    with st.expander("The numbers"):
        st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(("sentences", "questions", "effective"), whole))
        st.caption(
            f"Sentences with a label. Each pattern against all sentences that are not of it. The label is the one "
            f"that differs most of {len(page.data.labels)}, which favours large differences by chance. "
            f"{cited(DIFFERENCE_INTERVAL)}"
        )
    methods = methods_paragraph(
        page.run, page.rule, scope.words(), [SHARE_INTERVAL, DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS]
    )
    export_panel.offer(page, "patterns", partial(pa.Table.from_pylist, rows), {_FIGURE: figure}, methods)


def _manage(page: PageContext, kept: tuple[SavedPattern, ...]) -> None:
    names = {one.pattern.name: one for one in kept}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            f"Pattern ({len(kept):,})",
            list(names),
            key="pattern_chosen",
            format_func=lambda name: words.plain(name, 80),
            width=320,
        )
        if chosen in names:
            one = names[chosen]
            go = partial(address.go, address.of(one.pattern))
            st.button("Open", icon=":material/open_in_full:", on_click=go, type="primary")
            saving.change_buttons(page.database.path, one, lambda _: None)


def _examples(kept: tuple[SavedPattern, ...]) -> None:
    st.markdown(
        "**Eight kinds of sentences by what they do**, and phrases to begin with:" if not kept else "**Others**"
    )
    with st.container(horizontal=True):
        for name in LENSES:
            lens = Pattern("", "kind", name, LENS)
            st.button(words.capitalised(name), key=f"lens_{name}", on_click=address.go, args=(address.of(lens),))
        for name, pattern in _EXAMPLES:
            st.button(
                name,
                key=f"pattern_{name}",
                on_click=address.go,
                args=(address.of(pattern),),
                help=words.no_markdown(described(pattern)),
            )


def _form() -> None:
    with st.form(_FORM, border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Sentences that hold a", _form_hows(), key=f"{_FORM}_how", format_func=_MEANINGS.__getitem__)
            st.text_input("Which reads", key=f"{_FORM}_value", placeholder="a phrase, an expression or a tag")
            st.form_submit_button("Open", icon=":material/search:", on_click=_open_new)
        st.caption(
            "Kinds are opened from the page Behaviours. The name of a kind is often a wording: **#** stands there for "
            "any number, **@** for any name, and a formula is masked as well, so that sentences which differ in these "
            "alone are of one kind."
        )


def _form_hows() -> list[str]:
    return [how for how in HOWS if how != "kind"]


def _open_new() -> None:
    value = str(st.session_state[f"{_FORM}_value"])
    if value.strip():
        pattern = replace(Pattern("", "text", value), how=st.session_state[f"{_FORM}_how"])
        address.go(address.of(pattern))
