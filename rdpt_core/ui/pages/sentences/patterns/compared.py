"""One pattern beside another that is kept: their labels, how far these differ, and what they have in common."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rdpt_core.analysis.behaviours.patterns.contrast import compare
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, SavedPattern, described
from rdpt_core.analysis.behaviours.patterns.rows import contrast_rows
from rdpt_core.analysis.behaviours.patterns.shapes import PatternContrast
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.errors import UsageError
from rdpt_core.ui.frame import context, filters
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.sentences import bars, saving, say
from rdpt_core.ui.pages.sentences.patterns import address, figures
from rdpt_core.ui.parts import export_panel
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.style import words

_KEY = "pattern_with"


def draw(page: PageContext, scope: Scope, pattern: Pattern, kept: tuple[SavedPattern, ...]) -> None:
    """A choice among the other kept patterns, and the comparison with the chosen one."""
    st.subheader("Compared with another pattern", anchor=False)
    known = saving.known_as(pattern, kept)
    others = {one.pattern.name: one.pattern for one in kept if one is not known}
    wanted = st.query_params.get(address.WITH)
    if wanted is not None and wanted not in others:
        st.warning(
            "**The link compares with a pattern that is not kept beside this database**, or with this one itself.",
            icon=":material/link_off:",
        )
        st.code(words.plain(wanted, 200), language=None, wrap_lines=True)
    if not others:
        st.caption("Keep another pattern by name to compare this one with it.")
        return
    st.session_state[_KEY] = wanted if wanted in others else None
    chosen = st.selectbox(
        "Compare with",
        list(others),
        index=None,
        key=_KEY,
        format_func=lambda name: words.plain(name, 80),
        placeholder="a kept pattern",
        on_change=_choose,
        width=320,
    )
    if chosen is None:
        return
    try:
        contrast = compare(page.data, page.rule, scope, pattern, others[chosen])
    except UsageError as error:
        saving.explain_problem(error)
        return
    _draw(page, scope, contrast)


def _choose() -> None:
    chosen = st.session_state.get(_KEY)
    if chosen is None:
        st.query_params.pop(address.WITH, None)
    else:
        st.query_params[address.WITH] = chosen


def _draw(page: PageContext, scope: Scope, contrast: PatternContrast) -> None:
    names = [_name(contrast.first), _name(contrast.second)]
    first, second, neither = contrast.shares
    if not first.n_counted or not second.n_counted:
        empty = names[0] if not first.n_counted else names[1]
        st.info(f"{words.no_markdown(empty, 80)} has no sentence with a label here ({filters.describe(scope)}).")
        return
    k = say.leading(contrast.difference)
    control = contrast.without_teacher
    without = "" if control is None else f"; with no teacher at all {say.with_ends(control, k)}"
    escaped = [words.no_markdown(name, 60) for name in names]
    st.markdown(
        f"**{contrast.labels[k]} {words.percent(float(first.share[k]))} of {escaped[0]}, "
        f"{words.percent(float(second.share[k]))} of {escaped[1]}**: {say.with_ends(contrast.difference, k)} points"
        f"{without}. {_common(contrast)}"
    )
    sides = [*zip(names, (first, second), strict=True), ("neither", neither)]
    shown = [bars.Bar(name, words.count(one.n_counted, "sentence"), one) for name, one in sides if one.n_counted]
    bar_figure = bars.bars_figure(shown, contrast.labels, context.mode())
    chart(bar_figure, "pattern_compared", "Label shares of both patterns; numbers in the table", clickable=False)
    panels = [("with the teacher", contrast.difference)] + ([] if control is None else [("no teacher", control)])
    if len(panels) == 1:
        panels = [("first minus second", contrast.difference)]
    apart = figures.differences_figure(panels, contrast.labels, "points, first minus second", context.mode())
    chart(apart, "patterns_apart", "The difference of every label's share; numbers in the table", clickable=False)
    st.caption(
        f"{words.questions(first.n_questions, first.n_effective)} have sentences of the first, "
        f"{words.questions(second.n_questions, second.n_effective)} of the second, {contrast.difference.n_shared:,} of "
        f"both. Sentences of both patterns count on either side. {cited(DIFFERENCE_INTERVAL)}"
    )
    methods = methods_paragraph(page.run, page.rule, scope.words(), _extra(contrast))
    drawn = {"pattern_compared": bar_figure, "patterns_apart": apart}
    export_panel.offer(page, "patterns_compared", partial(contrast_rows, contrast), drawn, methods)


def _common(contrast: PatternContrast) -> str:
    n_first, n_second, n_both = contrast.n
    if not n_both:
        return "They have no sentence in common."
    return (
        f"{words.count(n_both, 'sentence belongs', 'sentences belong')} to both: {words.percent(n_both / n_first)} of "
        f"the first, {words.percent(n_both / n_second)} of the second."
    )


def _name(pattern: Pattern) -> str:
    return pattern.name or pattern.value


def _extra(contrast: PatternContrast) -> list[str | Method]:
    told = f"The first pattern is {described(contrast.first)}, the second {described(contrast.second)}."
    return [SHARE_INTERVAL, DIFFERENCE_INTERVAL, EFFECTIVE_QUESTIONS, told]
