"""The benchmarks page: label shares of any groups of traces or sentences, and the difference between two of them."""

from __future__ import annotations

import streamlit as st

from rdpt_core.analysis.evidence.overlap.class_shares import TRAINING, dimensions_of, grouped_shares, traces_of_class
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.run import group_shares
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.drilldown import traces_of_cell
from rdpt_core.analysis.run.group_shares import CrossTable, cross_table_rows
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.intervals import AVERAGES, Average
from rdpt_core.analysis.statistics.methods import (
    DIFFERENCE_INTERVAL,
    EFFECTIVE_QUESTIONS,
    RESAMPLES,
    SHARE_INTERVAL,
    Method,
    cited,
)
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import context, filters, notices, teacher_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.frame.header import begin
from rdpt_core.ui.pages.benchmarks.figures import cells_figure, difference_figure, points_in_words, share_in_words
from rdpt_core.ui.parts import export_panel, glossary
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.drilldown import show
from rdpt_core.ui.style import words

# More lines than this make a figure that nobody reads; the table has them all.
_MAX_LINES = 40
_NO_COLUMN = "nothing"
_UNITS = ("sentences", "tokens")


def draw(page: PageContext) -> None:
    """The whole page."""
    scope = begin(
        page,
        "Benchmarks",
        "Which labels each group of traces carries, and whether two groups really differ. "
        "Intervals count **questions**, because sentences of one question resemble each other.",
    )
    if scope is None:
        return
    comparable = comparable_runs(page)
    row, column, unit, average = _choose(_dimensions(page, scope, comparable))
    runs = {name: page.database.data(run) for name, run in _named(page, comparable, row, column)}
    if len(runs) > 1:
        teacher_picker.runs_notice([data.run for data in runs.values()])
    by_tokens = unit == "tokens"
    shares = grouped_shares(runs, page.rule, scope, row, column, by_tokens=by_tokens, average=average)
    if not shares.cells:
        st.info("None of these traces has a scored sentence, so there is nothing to label.")
        return
    _shares(page, scope, shares, tuple(runs.values()), unit)
    if len(shares.cells) > 1:
        _difference(shares, unit)


def comparable_runs(page: PageContext) -> tuple[Run, ...]:
    """The runs of the file whose labels mean the same as this one's: those with the same roles."""
    return tuple(run for run in page.database.runs() if run.roles == page.run.roles)


def _named(page: PageContext, comparable: tuple[Run, ...], row: str, column: str | None) -> list[tuple[str, Run]]:
    """The runs that are grouped, each under its name: all of them only where the run is a dimension."""
    runs = comparable if "run" in (row, column) else (page.run,)
    names = words.run_names(runs)
    return [(names[run.run_id], run) for run in runs]


def _dimensions(page: PageContext, scope: Scope, runs: tuple[Run, ...]) -> list[str]:
    """What traces differ in here; the benchmark always. Sentences by training texts, where they were looked up."""
    traces = page.data.trace_table(scope)
    varied = [
        name for name in dimensions_of(page.data) if name != "run" and (name == TRAINING or len(traces.names[name]) > 1)
    ]
    return list(dict.fromkeys(["benchmark", *varied, *(["run"] if len(runs) > 1 else [])]))


def _choose(dimensions: list[str]) -> tuple[str, str | None, str, Average]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        row: str = st.selectbox("Groups", dimensions, key="rows", bind="query-params", width=200, help=_GROUPS_HELP)
        others = [_NO_COLUMN, *(name for name in dimensions if name != row)]
        column: str = st.selectbox("Split each by", others, key="columns", bind="query-params", width=200)
        unit: str = st.segmented_control(
            "Count",
            _UNITS,
            key="count",
            default=_UNITS[0],
            required=True,
            bind="query-params",
            help=_COUNT_HELP,
            width="content",
        )
        average: Average = st.segmented_control(
            "Weigh the same",
            AVERAGES,
            key="average",
            default=AVERAGES[0],
            required=True,
            bind="query-params",
            help=_AVERAGE_HELP,
            width="content",
        )
    return row, None if column == _NO_COLUMN else column, unit, average


_GROUPS_HELP = (
    "What traces differ in. **training** groups sentences: *copied* stand in the training texts word for word, "
    "*template* with other numbers, names or formulas, *new* not at all. It is here after "
    "`rdpt overlap --db FILE --training FILE`."
)
_COUNT_HELP = (
    "**sentences**: every sentence counts once. **tokens**: a sentence counts by its tokens under the model that wrote "
    "the traces, so that long sentences weigh more."
)
_AVERAGE_HELP = (
    "**sentences**: every sentence (or token) weighs the same, so long traces and questions with many traces weigh "
    "more. **traces**: every trace weighs the same. **questions**: every question weighs the same, however many traces "
    "it has."
)


def _shares(page: PageContext, scope: Scope, shares: CrossTable, runs: tuple[RunData, ...], unit: str) -> None:
    shown = list(range(min(len(shares.cells), _MAX_LINES)))
    if len(shares.cells) > _MAX_LINES:
        biggest = sorted(
            shown + list(range(_MAX_LINES, len(shares.cells))), key=lambda i: -shares.cells[i].intervals.n_questions
        )[:_MAX_LINES]
        shown = sorted(biggest)
        st.caption(f"Of {len(shares.cells):,} groups the figure shows the {_MAX_LINES} with most questions.")
    figure = cells_figure(shares, shown, unit, context.mode())
    clicked = chart(figure, "shares_of_groups", "Label shares of every group; the same numbers are in the table below")
    st.caption(
        f"{words.capitalised(filters.describe(scope))}. Labels at {words.thresholds(page.run.roles, page.rule)}; "
        f"{share_in_words(shares, unit)}.{_samples(page, scope, shares)} Click a segment for the traces behind it. "
        f"{cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)}"
    )
    # Those of this run alone are told at the top.
    if shares.n_alike > page.data.trace_table(scope).n_alike:
        st.caption(notices.questions_alike(shares.n_alike))
    is_by_class = TRAINING in (shares.row_dimension, shares.column_dimension)
    if is_by_class:
        st.caption(_CLASSES)
    n_refused = sum(cell.intervals.refused is not None for cell in shares.cells)
    if n_refused:
        groups_have = words.count(n_refused, "group has", "groups have")
        st.caption(f"{groups_have} no interval: so few questions say too little about others.")
    table = cross_table_rows(shares, unit)
    with st.container(horizontal=True):
        extra: list[str | Method] = [
            SHARE_INTERVAL,
            DIFFERENCE_INTERVAL,
            EFFECTIVE_QUESTIONS,
            RESAMPLES,
            _weighed(shares, unit),
        ]
        methods = methods_paragraph(page.run, page.rule, scope.words(), extra)
        export_panel.offer(page, "benchmarks", table, {"shares_of_groups": figure}, methods)
        glossary.explain("share", "95% interval", "BCa interval", "exact interval", "clustering", "n", "effective n")
    if clicked:
        cell, label = shares.cells[shown[int(clicked[0])]], shares.labels[int(clicked[1])]
        names = " · ".join(words.no_markdown(name, 40) for name in (cell.row, cell.column) if name)
        find = traces_of_class if is_by_class else traces_of_cell
        listed = find(runs, page.rule, scope, cell, label)
        show(page, f"{names}: traces with a {label} sentence", listed, "cell")
    with st.expander("The numbers as a table", icon=":material/table:"):
        percent = st.column_config.NumberColumn(format="percent")
        config = {name: percent for name in (f"share_of_{unit}", "low", "high")}
        st.dataframe(_safe(table.to_pylist()), hide_index=True, column_config=config, placeholder="–")


_CLASSES = (
    "Sentences without words have no class and are left out. A short sentence is copied more easily than a long one, "
    "whatever a model learned, so these shares alone do not say where a sentence comes from."
)


def _samples(page: PageContext, scope: Scope, shares: CrossTable) -> str:
    """How unequal the questions are in their number of traces, where that moves shares."""
    fewest, most = page.data.trace_table(scope).samples
    if fewest == most or shares.average == "questions":
        return ""
    return f" Questions have {fewest} to {most} traces here and weigh accordingly."


def _weighed(shares: CrossTable, unit: str) -> str:
    same = unit if shares.average == "sentences" else shares.average
    return f"Shares are of {unit}, and all {same} weigh the same."


def _safe(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: words.plain(v) if isinstance(v, str) else v for name, v in row.items()} for row in rows]


def _difference(shares: CrossTable, unit: str) -> None:
    st.subheader("Do two groups differ?", anchor=False)
    # Numbered, because two groups may look the same once their names are cut.
    names = [
        f"{number}. {words.plain(f'{cell.row} · {cell.column}' if cell.column else cell.row)}"
        for number, cell in enumerate(shares.cells, 1)
    ]
    # To begin with, two groups that can be compared.
    refused = [cell.intervals.refused is not None for cell in shares.cells]
    order = sorted(range(len(names)), key=lambda index: refused[index])
    left, right = st.columns(2)
    first = names.index(left.selectbox("This group", names, order[0], key="first", bind="query-params"))
    second = names.index(right.selectbox("minus this group", names, order[1], key="second", bind="query-params"))
    if first == second:
        st.info("Choose two different groups.")
        return
    difference = group_shares.difference(shares, first, second)
    st.plotly_chart(
        difference_figure(shares.labels, difference, context.mode()),
        key="difference",
        config={"displayModeBar": False},
        alt="Difference of the label shares of the two groups; the same numbers are in the text below",
    )
    st.markdown(". ".join(points_in_words(label, difference, k) for k, label in enumerate(shares.labels)) + ".")
    st.caption(_pairing(shares, difference, unit))


def _pairing(shares: CrossTable, difference: group_shares.Difference, unit: str) -> str:
    first, second = map(words.questions, difference.n_questions, difference.n_effective)
    if difference.is_paired:
        unequal = "" if first == second else f"; in the second group they weigh otherwise ({second})"
        how = f"Both groups have the same {first}: the interval is paired by question{unequal}."
    elif difference.n_shared:
        how = (
            f"The groups have {first} and {second}, {difference.n_shared:,} of them in common: the "
            "interval draws common questions together, so it is paired as far as they go."
        )
    else:
        how = f"The groups have {first} and {second}, and none in common: the interval is not paired."
    many = " Several labels are looked at at once: one of twenty such intervals misses 0 by chance."
    return f"{words.capitalised(share_in_words(shares, unit))}. {how}{many} {cited(DIFFERENCE_INTERVAL)}"
