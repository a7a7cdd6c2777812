"""The parts of the trace page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.attribution.sources import can_attribute
from rdpt_core.analysis.export.methods import methods_paragraph
from rdpt_core.analysis.labels import Space, Unit, uncertain_below
from rdpt_core.analysis.schemes import letter, scheme_of
from rdpt_core.analysis.trace.others import OtherView
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.records.companions import column_of, is_companion
from rdpt_core.store.reader import Run
from rdpt_core.ui.components.reader.component import draw_labels, draw_math, draw_text, reader_message
from rdpt_core.ui.components.reader.payload import ReaderState
from rdpt_core.ui.components.reader.training import SentenceTraining
from rdpt_core.ui.data import trace_data
from rdpt_core.ui.frame import attribution, context, controls, links, missing, notices, trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.trace import joint_figure
from rdpt_core.ui.parts import export_panel, notes, trace_download
from rdpt_core.ui.parts.chart import chart
from rdpt_core.ui.parts.trace_card import question_card
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import MARKS, label_key

TABLE_KEY = "sentence_table"
_ANSWERS = "reader_answers"
_MATH = "reader_math"
_WHOLE_PAGE = "reader_whole_page"


def how_to_read(run: Run, view: TraceView | None) -> None:
    """The few sentences that a first-time reader needs."""
    scheme = scheme_of(run.roles)
    upper, lower = words.NOUNS[scheme.upper], words.NOUNS[scheme.lower]
    symbols, nouns = [f"$p_{letter(role)}$" for role in run.roles], [words.NOUNS[role] for role in run.roles]
    with st.popover("How to read this", icon=":material/help:", type="tertiary"):
        labels = (f"**{MARKS[label_key(label)].letter} {label}**: {words.LABELS[label]}" for label in scheme.labels)
        st.markdown(
            "Every sentence of the response carries a label, after how likely each model finds it:\n\n"
            + "\n\n".join(labels)
            + "\n\n$p$ is the geometric mean of a model's token probabilities over the sentence; "
            f"{words.listed(symbols)} belong to {words.listed(nouns)}.\n\n"
            "Hatching and a **?** mark a label that a small change of a threshold would turn"
            + (f" (margin below {uncertain_below(view.rule):.3g})" if view else "")
            + ". A small tag between sentences is a mark of format: no reasoning, and no label."
            "\n\n**Colour by evidence**, in runs with four controls or more, shows how surely each sentence is "
            "likelier under the teacher than under models that are none; the page Controls says what was found."
            "\n\n**Colour by training**, after `rdpt overlap`, shows which sentences stand in the training texts: "
            "= copied word for word, ≈ a template with other numbers, names or formulas, + new."
            "\n\n**Chart**: each model's $p$ of the sentences around the ones in sight. **Histogram**: value "
            f"of the {upper} minus that of the {lower}, of all sentences; drag a threshold to see what it decides. "
            "**Ribbon**: the whole trace, a sentence as wide as its tokens; below it "
            f"$\\ln p_{letter(scheme.upper)} / p_{letter(scheme.lower)}$, up where the {upper} finds it likelier. Drag "
            "it to move. **?** shows the keys."
        )


def sentence_table(
    view: TraceView, others: Sequence[OtherView], training: SentenceTraining, on_select: Callable[[], None]
) -> None:
    """Every number of every sentence; a click on a row pins its sentence."""
    table = shown_table(view, others, training)
    number = st.column_config.NumberColumn
    config: dict[str, Any] = {
        name: number(format="%.4g") for name in table.column_names if name.startswith(("p_", "v_", "margin"))
    }
    config |= {name: number(format="%.3f") for name in table.column_names if name.startswith("logprob")}
    config["sentence"] = number(help="Counted from 1; exports count sentence_index from 0")
    config["text"] = st.column_config.TextColumn(width="medium")
    config["margin"] = number(format="%.4g", help="The smallest change of a threshold that would turn the label")
    st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        height=min(420, 38 + 35 * table.num_rows),
        placeholder="–",
        key=TABLE_KEY,
        on_select=on_select,
        selection_mode="single-row",
    )


def whole_table(view: TraceView, others: Sequence[OtherView] = (), training: SentenceTraining = ()) -> pa.Table:
    """Everything that is known of every sentence, with its full text, to take away."""
    table = view.sentences
    for other in others:
        for stem in ("n_tokens", "logprob_sum", "p"):
            name = f"{stem}_{_column_of(other)}"
            # Companions' columns are there already; what one of them stands in for is not.
            if name not in table.column_names:
                table = table.append_column(name, other.sentences.column(stem))
    for name, values in _training_columns(training).items():
        table = table.append_column(name, values)
    return table.append_column("text", pa.array(view.texts(), pa.string()))


def _training_columns(training: SentenceTraining) -> dict[str, pa.Array]:
    """The class of each sentence and how often training texts hold it; nothing where it was not looked up."""
    kinds = {"training_class": pa.string(), "n_verbatim": pa.int32(), "n_template": pa.int32()}
    if not training:
        return {}
    return {name: pa.array([one and getattr(one, name) for one in training], kind) for name, kind in kinds.items()}


def _column_of(other: OtherView) -> str:
    """What ends the names of a further model's columns: `teacher_code`, or `own_teacher` for what one stands in for."""
    key = other.model.key
    return column_of(key) if is_companion(key) else f"own_{key}"


def shown_table(view: TraceView, others: Sequence[OtherView] = (), training: SentenceTraining = ()) -> pa.Table:
    """The table's columns. Texts are cut: the full text is in the reader, here it only says which sentence a row is."""
    names = ["label", "direction", "margin", *(f"p_{role}" for role in view.roles)]
    if (view.rule.unit, view.rule.space) != (Unit.OWN_TOKEN, Space.DIFFERENCE):
        names += [f"v_{role}" for role in view.roles]
    names += [f"n_tokens_{role}" for role in view.roles] + [f"logprob_sum_{role}" for role in view.roles]
    names += ["n_bytes", "char_start", "char_end", "unscored_reason"]
    first = {
        "sentence": pa.array(range(1, view.sentences.num_rows + 1), pa.int32()),
        "text": pa.array([words.plain(text, 120) for text in view.texts()], pa.string()),
    }
    columns = {name: view.sentences.column(name) for name in names}
    last_p = f"p_{view.roles[-1]}"
    if others:
        before = {name: columns[name] for name in names[: names.index(last_p) + 1]}
        columns = {**before, **{f"p_{_column_of(other)}": other.sentences.column("p") for other in others}, **columns}
    columns |= _training_columns(training)
    # Shown with four decimals: single precision is plenty, and half as much to send.
    short = {name: c.cast(pa.float32()) for name, c in columns.items() if pa.types.is_float64(c.type)}
    return pa.table({**first, **columns, **short})


def _sentence(view: TraceView) -> int | None:
    """The chosen sentence, from the address or from an earlier click; says so if the trace has no such sentence."""
    if links.text_changed(view):
        return None
    links.publish_text(view)
    n = len(view.texts())
    wanted = links.requested("sentence")
    if wanted is not None:
        if wanted.isdecimal() and 1 <= int(wanted) <= n:
            st.session_state["sentence"] = int(wanted) - 1
        else:
            st.warning(
                f"**The link asks for a sentence that this trace does not have.** It has {words.count(n, 'sentence')}; "
                f"the link says “{words.plain(wanted, 20)}”.",
                icon=":material/link_off:",
            )
            return None
    chosen = st.session_state.get("sentence")
    return chosen if chosen is not None and chosen < n else None


def _choose_sentence(index: int | None, view: TraceView) -> None:
    links.publish_text(view)
    st.session_state["sentence"] = index
    links.publish("sentence", None if index is None else str(index + 1))


def draw(page: PageContext) -> None:
    """The whole page."""
    traces = page.data.trace_list()
    with st.sidebar:
        chosen = trace_picker.filters(page, traces)
    choice = trace_picker.choose(page, traces, chosen)
    trace_picker.step(choice, traces)
    if choice.trace_no is None:
        return
    view = page.data.trace_view(choice.trace_no, page.rule)
    question_card(view.trace, f"trace {choice.position + 1:,} of {len(choice.fitting):,} that fit the filters")
    notices.run_notices(page, brief=True)
    notices.faint_notice(view.faint(), brief=True)
    if links.text_changed(view):
        missing.explain_text(view)
    if not view.trace.response:
        st.info("The response is empty: there is nothing to score.", icon=":material/check_box_outline_blank:")
    elif not view.is_scored:
        st.info("The run has not scored this trace yet. Its text is shown without labels.", icon=":material/schedule:")
    key = trace_data.reader_key(page.run, view.trace_no)
    with st.container(gap=None):
        rule = attribution.chosen_rule() if can_attribute(page.run) else None
        draw_text(view, key, extras=trace_data.extras(page.data, view, rule))
        _labels(page, view, key, _trace_ids(choice, traces))
    with st.container(horizontal=True, vertical_alignment="center"):
        how_to_read(page.run, view)
        trace_download.draw_buttons(page, view, rule)
    if view.is_scored:
        _numbers(page, view)
    if view.trace.meta:
        with st.expander("Metadata of this trace"):
            st.code(json.dumps(dict(view.trace.meta), ensure_ascii=False, indent=2), language=None, wrap_lines=True)


def _trace_ids(choice: trace_picker.Choice, traces: pa.Table) -> dict[int, str | None]:
    """The traces that the keys [ and ] lead to: −1 and 1 → trace id, None at either end."""
    ids = dict(zip(traces.column("trace_no").to_pylist(), traces.column("trace_id").to_pylist(), strict=True))
    positions = {by: choice.position + by for by in (-1, 1)}
    return {
        by: ids[choice.fitting[position]] if 0 <= position < len(choice.fitting) else None
        for by, position in positions.items()
    }


@st.fragment
def _labels(page: PageContext, view: TraceView, key: str, trace_ids: dict[int, str | None]) -> None:
    """What a click or a threshold changes. A fragment, so that neither sends the page again."""

    def on_pick() -> None:
        message = reader_message("pick", key)
        if message is not None:
            index = message.get("index")
            st.session_state[_ANSWERS] = message.get("at")
            # What the page says of a changed text ends with the first choice in it.
            st.session_state[_WHOLE_PAGE] = links.text_changed(view)
            _choose_sentence(index if isinstance(index, int) and 0 <= index < len(view.texts()) else None, view)

    def on_thresholds() -> None:
        message = reader_message("thresholds", key)
        if message is not None:
            controls.set_thresholds(float(message["alpha"]), float(message["beta"]))
            st.session_state[_WHOLE_PAGE] = True

    def on_step() -> None:
        message = reader_message("step", key)
        trace_id = trace_ids.get(message.get("by", 0)) if message is not None else None
        if trace_id is not None:
            trace_picker.go(trace_id)
            st.session_state[_WHOLE_PAGE] = True

    def on_math() -> None:
        message = reader_message("math", key)
        if message is not None:
            st.session_state[_MATH] = message.get("on") is True

    selected = _sentence(view)
    strip = trace_data.strip(page.data, view, selected)
    state = ReaderState(selected, strip, st.session_state.get(_ANSWERS))
    draw_labels(view, key, state, on={"pick": on_pick, "thresholds": on_thresholds, "step": on_step, "math": on_math})
    if st.session_state.get(_MATH):
        draw_math(trace_data.formulas(page.database, view, key))
    notes.panel(page, view, selected)
    if st.session_state.pop(_WHOLE_PAGE, False):
        st.rerun()


@st.fragment
def _numbers(page: PageContext, view: TraceView) -> None:
    """The same trace to take away: every number in a table, and the joint chart as Plotly draws it."""

    def on_row() -> None:
        rows = st.session_state[TABLE_KEY]["selection"]["rows"]
        if rows:
            _choose_sentence(rows[0], view)
            st.session_state[_WHOLE_PAGE] = True

    with st.expander("Numbers and figure", key="numbers", on_change="rerun", bind="query-params") as numbers:
        # Nothing is sent while it is closed.
        if numbers.open:
            st.caption("Every sentence; click a row to pin its sentence. The menu of the table searches and downloads.")
            others = trace_data.others(page.data, view)
            training = trace_data.training(page.data, view)
            sentence_table(view, others, training, on_row)
            st.caption("The joint chart of the whole trace. Drag to zoom.")
            figure = joint_figure.joint_figure(view, context.mode())
            alt = "Probability of every sentence under each model; the same numbers are in the table"
            chart(figure, "joint", alt, clickable=False, zoom=True)
            scope = f"trace {view.trace.trace_id} of question {view.trace.question_id}"
            methods = methods_paragraph(page.run, view.rule, scope)
            export_panel.offer(page, "trace", lambda: whole_table(view, others, training), {"joint": figure}, methods)
    if st.session_state.pop(_WHOLE_PAGE, False):
        st.rerun()
