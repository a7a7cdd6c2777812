"""The parts of the overview page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rdpt_core.analysis.catalog import Catalog, first_tokens, recorded_as, unfinished
from rdpt_core.analysis.evidence.controls import NO_TEACHER
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import label_order
from rdpt_core.analysis.run.shares import GroupShares, load_accuracy, shares_table
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import EFFECTIVE_QUESTIONS, RESAMPLES, SHARE_INTERVAL, cited
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import context, empty_states, links, notices, settings
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.registry import OVERVIEW, PAGES
from rdpt_core.ui.parts import control_words, export_panel, glossary, share_figure
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.companion_table import companion_table
from rdpt_core.ui.style import words

# A run that has not written for this long has probably been stopped.
_QUIET = timedelta(minutes=5)

# Links side by side.
_CARDS = 3

_WHOLE_NUMBERS = ("questions", "traces", "sentences", "unscored", "graded")


def header(run: Run, catalog: Catalog) -> None:
    """What this is, and the counts that size it up."""
    st.header("What is in this file", anchor=False)
    st.markdown(words.PURPOSES[scheme_of(run.roles)])
    counts = {"Questions": catalog.n_questions, "Traces": catalog.n_traces, "Sentences": catalog.n_sentences}
    questions, traces, sentences, unscored = st.columns(4)
    for column, (name, n) in zip((questions, traces, sentences), counts.items(), strict=True):
        column.metric(name, f"{n:,}", border=True)
    unscored.metric("Unscored", f"{catalog.n_unscored:,}", border=True, help=_unscored_help(catalog))
    if catalog.n_marks:
        st.caption(
            f"Between the sentences stand {words.count(catalog.n_marks, 'mark')} of format, such as tags around "
            "thinking and tokens that end a turn. They carry no label unless the label rule counts marks."
        )
    if catalog.n_unscored:
        st.warning(
            f"**{words.count(catalog.n_unscored, 'sentence has', 'sentences have')} no label.** "
            + " ".join(f"{words.UNSCORED.get(reason, reason)} ({n:,})" for reason, n in catalog.unscored.items())
            + _contexts(run, catalog),
            icon=":material/visibility_off:",
        )


def _contexts(run: Run, catalog: Catalog) -> str:
    """Whose context was too short, and how long it is."""
    length = {str(model.role): model.context_length for model in run.models}
    exceeded = [
        f"{role} ({f'{length[role]:,} tokens' if length.get(role) else 'unknown length'}; too short for "
        f"{words.count(n, 'trace')})"
        for role, n in catalog.over_context.items()
    ]
    return f" Contexts exceeded: {', '.join(exceeded)}." if exceeded else ""


def _unscored_help(catalog: Catalog) -> str:
    return "Sentences that some model could not score. They carry no label and are never counted as one." + (
        "" if catalog.n_unscored else " There are none in this run."
    )


def live_progress(page: PageContext, catalog: Catalog) -> None:
    """How far an unfinished run has come, per role, with a way to look again."""
    run = page.run
    missing = None if run.is_finished else page.data.ask(unfinished)
    if missing is None:
        return
    quiet = datetime.now(UTC).replace(tzinfo=None) - run.updated_at
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            if quiet < _QUIET:
                st.markdown(":material/progress_activity: **This run is being scored.** Complete traces appear below.")
            else:
                st.markdown(
                    f":material/pause_circle: **This run is not complete**, and nothing was written for {_ago(quiet)}. "
                    + words.no_markdown(missing.hint, 200)
                )
            st.button("Refresh", icon=":material/refresh:")
        for item in catalog.progress:
            done = item.n_traces / run.n_traces if run.n_traces else 0.0
            st.progress(min(done, 1.0), text=f"{item.role}: {item.n_traces:,} of {words.count(run.n_traces, 'trace')}")


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return words.count(minutes, "minute")
    return words.count(minutes // 60, "hour") if minutes < 48 * 60 else words.count(minutes // 1440, "day")


def label_shares(page: PageContext, groups: Sequence[GroupShares]) -> DeltaGenerator | None:
    """The first figure; a click on a segment opens the trace page with its benchmark and label.

    Returns:
        The place of a headline above it; None if there is nothing to show.
    """
    is_without = scheme_of(page.run.roles) is WITHOUT_TEACHER
    st.subheader("What training did to the sentences" if is_without else "How the sentences are labelled", anchor=False)
    if not groups:
        st.info("No trace is scored by all models yet, so there is nothing to label.")
        return None
    headline = st.container()
    figure = share_figure.shares_figure(groups, context.mode())
    clicked_on = chart(
        figure, "shares", "Label shares of each benchmark with 95% intervals; the same numbers are in the table below"
    )
    summary = in_words(groups)
    if summary:
        st.markdown(summary)
    st.caption(
        f"Labels at {words.thresholds(page.run.roles, page.rule)}. Questions are the unit, because sentences of one "
        f"question resemble each other. {cited(SHARE_INTERVAL, EFFECTIVE_QUESTIONS)} "
        "Click a segment to read traces of that benchmark that hold a sentence with that label."
    )
    if clicked_on:
        st.switch_page("pages/trace.py", query_params=clicked(page.run, groups, *clicked_on))
    with st.container(horizontal=True):
        methods = methods_paragraph(page.run, page.rule, "all traces", [SHARE_INTERVAL, EFFECTIVE_QUESTIONS, RESAMPLES])
        export_panel.offer(page, "overview", shares_table(groups), {"shares": figure}, methods)
        glossary.explain("share", "95% interval", "n", "effective n", *map(str, label_order(page.run.roles)), "α", "β")
    return headline


def without_teacher(page: PageContext, place: DeltaGenerator) -> None:
    """The share of Teacher beside the one that the same traces have with no teacher at all; nothing for other runs."""
    if NO_TEACHER not in page.controlled.controls:
        return
    for compared in page.controlled.compare(NO_TEACHER, page.rule, Scope()):
        with place.container(gap=None):
            st.markdown(control_words.headline(compared))
            st.page_link("pages/controls.py", label="Every control →", query_params=links.within_database({}) or None)


def clicked(run: Run, groups: Sequence[GroupShares], row: int, k: int) -> dict[str, str]:
    """The trace page's address for a segment: benchmark and label, or all labels if the benchmark has none of it."""
    group = groups[row]
    query = {"run": run.run_id, "benchmark": words.plain(group.group)}
    return query | ({"holds": group.labels[k]} if group.intervals.share[k] > 0 else {})


def in_words(groups: Sequence[GroupShares]) -> str:
    """Where the first label is most and least frequent, with intervals; empty with fewer than two of those."""
    known = [group for group in groups if group.intervals.refused is None]
    if len(known) < 2:
        return ""
    most = max(known, key=lambda group: float(group.intervals.share[0]))
    least = min(known, key=lambda group: float(group.intervals.share[0]))
    apart = float(least.intervals.high[0]) < float(most.intervals.low[0])
    text = (
        f"**{most.labels[0]}** sentences are most frequent in {words.no_markdown(most.group, 30)}, "
        f"{_with_interval(most)}, and least in {words.no_markdown(least.group, 30)}, {_with_interval(least)}."
    )
    return text if apart else f"{text} These intervals overlap: the benchmarks may not differ at all."


def _with_interval(group: GroupShares) -> str:
    intervals = group.intervals
    return f"{words.percent(float(intervals.share[0]))} ({share_figure.interval_in_words(intervals, 0)})"


def where_to_go() -> None:
    """A link into every page, with what one learns there."""
    st.subheader("Look closer", anchor=False)
    # What a link opened in a tab of its own must know.
    address = links.within_database({}) or None
    for section, entries in groupby((entry for entry in PAGES if entry is not OVERVIEW), lambda entry: entry.section):
        st.markdown(f"**{section or 'Sentences'}**")
        shown = list(entries)
        for first in range(0, len(shown), _CARDS):
            for column, entry in zip(st.columns(_CARDS), shown[first : first + _CARDS], strict=False):
                with column, st.container(border=True, gap=None, height="stretch"):
                    st.page_link(entry.path, label=f"**{entry.title}** →", query_params=address)
                    st.caption(entry.purpose)


def benchmark_table(
    catalog: Catalog, groups: Sequence[GroupShares], accuracy: Sequence[GroupShares], samples: tuple[int, int]
) -> None:
    """Counts, accuracy and label shares of every benchmark.

    Args:
        samples: the fewest and the most traces of a question.
    """
    st.subheader("Benchmarks", anchor=False)
    by_name = {group.group: group for group in groups}
    graded = {group.group: group.intervals for group in accuracy}
    rows = []
    for counts in catalog.benchmarks:
        grade = graded[counts.benchmark]
        row: dict[str, Any] = {
            "benchmark": words.plain(counts.benchmark),
            "questions": counts.n_questions,
            "traces": counts.n_traces,
            "sentences": counts.n_sentences,
            "unscored": counts.n_unscored,
            "accuracy": 100 * float(grade.share[0]) if counts.n_graded else None,
            SHARE_INTERVAL.name: f"{words.percent(float(grade.low[0]))} to {words.percent(float(grade.high[0]))}"
            if grade.refused is None
            else "–",
            "graded": counts.n_graded,
        }
        group = by_name.get(counts.benchmark)
        if group is not None:
            row |= {label: 100 * float(share) for label, share in zip(group.labels, group.intervals.share, strict=True)}
        rows.append(row)
    labels = groups[0].labels if groups else ()
    count_columns = {name: st.column_config.NumberColumn(format="localized") for name in _WHOLE_NUMBERS}
    percent_columns = {name: st.column_config.NumberColumn(format="%.1f%%") for name in ("accuracy", *labels)}
    accuracy_help = glossary.short("accuracy")
    percent_columns["accuracy"] = st.column_config.NumberColumn(format="%.1f%%", help=accuracy_help)
    st.dataframe(rows, hide_index=True, column_config={**count_columns, **percent_columns}, placeholder="–")
    fewest, most = samples
    if fewest != most:
        st.caption(
            f"Questions have {fewest} to {most} traces. In accuracy every question weighs the same; in label shares "
            "every sentence does. The page Benchmarks also averages shares over traces or questions."
        )


def model_table(run: Run) -> None:
    """The models, one a role."""
    st.subheader("Models", anchor=False)
    marks, begins = seen_marks(run.identity), first_tokens(run)
    rows = [
        {
            "role": str(model.role),
            **({"name": words.plain(model.name)} if model.name else {}),
            "model": words.plain(model.model, 200),
            "revision": model.revision,
            "dtype": model.precision,
            "template": words.plain(
                ", ".join(filter(None, [model.template, str(run.template_settings(model.role))])), 200
            ),
            **({"marks of thinking": words.plain(marks.family(model.role) or "the writer's", 60)} if marks.own else {}),
            "prompts begin with": words.plain(begins[model.role]) if model.role in begins else None,
            "parameters": model.n_parameters,
            "vocabulary": model.vocabulary_size,
            "context": model.context_length,
            "backend": model.backend,
        }
        for model in run.models
    ]
    whole = {
        name: st.column_config.NumberColumn(format="localized") for name in ("parameters", "vocabulary", "context")
    }
    st.dataframe(rows, hide_index=True, column_config=whole, placeholder="–")
    for role, told in recorded_as(run).items():
        st.caption(f"{role.capitalize()}: {words.no_markdown(told, 1000)}.")
    if run.one_tokenizer:
        st.caption("All roles share one tokenizer, so their means per token compare directly.")


def run_details(page: PageContext, catalog: Catalog) -> None:
    """Everything that makes the run repeatable, whichever teacher it is seen with."""
    run = page.own_run
    with st.expander("How this run was made", icon=":material/receipt_long:"):
        straddling = sum(item.n_straddling for item in catalog.progress)
        st.dataframe(
            [
                {"what": "run", "value": run.run_id},
                {"what": "name", "value": run.name},
                {"what": "template policy", "value": run.template_policy},
                {"what": "marks of thinking", "value": str(seen_marks(run.identity).policy)},
                {"what": "splitter", "value": f"{run.splitter} {run.splitter_version}"},
                {"what": "hash of the traces", "value": run.traces_hash},
                {"what": "started (UTC)", "value": f"{run.started_at:%Y-%m-%d %H:%M:%S}"},
                {"what": "finished (UTC)", "value": f"{run.finished_at:%Y-%m-%d %H:%M:%S}" if run.finished_at else "–"},
                {"what": "straddling tokens, all roles", "value": f"{straddling:,}"},
                {"what": "database", "value": settings.shown(page.database.path)},
            ],
            hide_index=True,
        )
        st.markdown("**Identity**: whatever changes a number is in here.")
        st.json(run.identity, expanded=1)
        st.markdown("**Environment** of each process that worked on the run")
        st.json(list(run.environment), expanded=1)


def draw(page: PageContext) -> None:
    """The whole page."""
    catalog = page.data.catalog()
    if not catalog.n_traces:
        empty_states.show_no_runs(page.database.path)
        return
    header(page.run, catalog)
    notices.writer_notice(page)
    live_progress(page, catalog)
    notices.run_notices(page)
    notices.faint_notice(page.data.faint(page.rule))
    notices.questions_notice(page, Scope())
    groups = page.data.shares(page.rule)
    headline = label_shares(page, groups)
    where_to_go()
    benchmark_table(catalog, groups, page.data.ask(load_accuracy), page.data.trace_table(Scope()).samples)
    model_table(page.own_run)
    companion_table(page)
    run_details(page, catalog)
    with st.expander("All terms, explained", icon=":material/help:"):
        glossary.whole()
    if headline is not None:
        # Last, because it reads the sentences once more: nothing else of the page waits for it.
        without_teacher(page, headline)
