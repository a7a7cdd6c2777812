"""Tables of the page: the numbers behind its figures, and the sentences that matter most."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis.evidence.importance.contrasts import Contrast
from rdpt_core.analysis.evidence.importance.data import Controlled, ImportanceData
from rdpt_core.analysis.evidence.importance.ranked import N_RANKED
from rdpt_core.analysis.evidence.importance.sample import By
from rdpt_core.analysis.evidence.importance.summaries import LARGE, Ends, Summary
from rdpt_core.analysis.schemes import Scheme
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.methods import SHARE_INTERVAL
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.pages.evidence.importance.summary import nats
from rdpt_core.ui.parts.sentence_table import clickable_table, link_column, open_sentence, plain_column, training_column
from rdpt_core.ui.style import words

_ALL = "all labels"
_ORDERS = {"largest loss": False, "largest gain": True}
_ABOVE = f"above {LARGE:g} nat"


def numbers(summaries: Sequence[Summary], by: By) -> None:
    """One row a label and group, closed until it is asked for."""
    rows = [
        {
            by: words.plain(item.group, 40),
            "label": item.label,
            "median drop": nats(item.numbers["median"].value),
            f"median, {SHARE_INTERVAL.name}": _between(item.numbers["median"], nats),
            _ABOVE: words.percent(item.numbers["share"].value),
            f"{_ABOVE}, {SHARE_INTERVAL.name}": _between(item.numbers["share"], words.percent),
            "mean drop": nats(item.numbers["mean"].value),
            f"mean, {SHARE_INTERVAL.name}": _between(item.numbers["mean"], nats),
            "sentences": item.n_sentences,
            "questions": item.n_questions,
            "effective": round(item.n_effective),
            "no interval": item.refused,
        }
        for item in summaries
    ]
    if not any(row["no interval"] for row in rows):
        for row in rows:
            del row["no interval"]
    with st.expander("The numbers"):
        whole = st.column_config.NumberColumn(format="localized")
        config = dict.fromkeys(("sentences", "questions", "effective"), whole)
        st.dataframe(rows, hide_index=True, column_config=config, placeholder="–")
        st.caption("Drops in nats. Questions are those with such a sentence; effective is what they are worth.")


def contrast_table(contrasts: Sequence[Contrast]) -> None:
    """One row a pair of labels and adjustment."""
    with st.expander("The numbers"):
        st.dataframe(
            [
                {
                    "difference": f"{item.label} minus {item.other}",
                    "held equal": item.adjustment,
                    f"{_ABOVE}, points": _points(item.numbers["share"].value),
                    f"{_ABOVE}, {SHARE_INTERVAL.name}": _between(item.numbers["share"], _points),
                    "mean drop": nats(item.numbers["mean"].value),
                    f"mean, {SHARE_INTERVAL.name}": _between(item.numbers["mean"], nats),
                    "compared": words.percent(item.covered),
                    "sentences": f"{item.n_sentences[0]:,} and {item.n_sentences[1]:,}",
                    "strata": item.n_strata,
                    "questions": words.questions(item.n_questions, item.n_effective),
                    "no interval": item.refused["share"] or item.refused["mean"],
                }
                for item in contrasts
            ],
            hide_index=True,
            placeholder="–",
        )


def control_table(found: Mapping[str, Controlled], scheme: Scheme) -> None:
    """One row a model in the teacher's place: its first label, and that label against the one below β.

    Args:
        found: the name of each model, the teacher first.
    """
    label, below = str(scheme.above), str(scheme.below)
    rows = []
    for name, answer in found.items():
        own = next((item for item in answer.summaries if item.label == label), None)
        equal = [item for item in answer.contrasts if item.other == below]
        row: dict[str, object] = {"in the teacher's place": words.plain(name, 40)}
        row[f"{label} sentences"] = 0 if own is None else own.n_sentences
        row["median drop"] = None if own is None else nats(own.numbers["median"].value)
        row[_ABOVE] = None if own is None else words.percent(own.numbers["share"].value)
        row[SHARE_INTERVAL.name] = None if own is None else _between(own.numbers["share"], words.percent)
        for item in equal:
            ends = item.numbers["share"]
            between = _between(ends, _points)
            row[f"minus {below}, {item.adjustment}"] = _points(ends.value) + (f" ({between})" if between else "")
        rows.append(row)
    whole = st.column_config.NumberColumn(format="localized")
    st.dataframe(rows, hide_index=True, column_config={f"{label} sentences": whole}, placeholder="–")


def _points(share: float) -> str:
    """A difference of shares in percentage points."""
    return "–" if math.isnan(share) else f"{100 * share:+.1f}".replace("-", "−")


def _between(ends: Ends, text: Callable[[float], str]) -> str | None:
    if math.isnan(ends.low):
        return None
    return f"{text(ends.low)} to {text(ends.high)}"


def ranked(page: PageContext, importance: ImportanceData, scope: Scope, method: str) -> None:
    """The sentences that matter most; a click opens one in its trace."""
    st.subheader("The sentences that matter most", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.segmented_control(
            "Begin with the",
            list(_ORDERS),
            default=next(iter(_ORDERS)),
            key="importance_order",
            bind="query-params",
            required=True,
        )
        labels = [_ALL, *importance.sample(page.rule, scope, method).labels]
        label = st.segmented_control(
            "Labelled", labels, default=_ALL, key="importance_label", bind="query-params", required=True
        )
    lowest = _ORDERS[order or next(iter(_ORDERS))]
    chosen = None if label in (None, _ALL) else label
    table = importance.ranked(page.rule, scope, method, chosen, lowest=lowest)
    if not table.num_rows:
        st.info("No sentence fits.", icon=":material/filter_alt_off:")
        return
    first = "The first " if table.num_rows == N_RANKED else ""
    what = "gains most without it" if lowest else "loses most without it"
    st.caption(
        f"{first}{words.count(table.num_rows, 'sentence')}, where the answer {what}. Click one to read it in its trace."
    )
    clicked = clickable_table(_shown(page, table), "importance_ranked", _columns(), ("context",))
    if clicked is not None:
        row = table.slice(clicked, 1).to_pylist()[0]
        open_sentence(page.run, row["trace_id"], row["sentence"])


def _shown(page: PageContext, table: pa.Table) -> pa.Table:
    """The columns of the page: texts without invisible characters, and a link to the context of each sentence."""
    return pa.table(
        {
            "text": plain_column(table, "text"),
            **{name: table.column(name) for name in ("drop", "label", "kind", "correct")},
            **training_column(page.data, table),
            **{name: plain_column(table, name, 60) for name in ("benchmark", "question_id", "trace_id")},
            "sentence": table.column("sentence"),
            "context": link_column(page.run, table),
        }
    )


def _columns() -> dict[str, object]:
    return {
        "text": st.column_config.TextColumn(width="large"),
        "drop": st.column_config.NumberColumn("drop (nats)", format="%.2f", help="What ln p(answer) loses without it"),
        "context": st.column_config.LinkColumn(display_text="open", help="The trace at this sentence, in a new tab"),
    }
