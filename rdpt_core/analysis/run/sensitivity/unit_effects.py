"""What the unit of a label does: the same rule without the first token of each sentence, and for joined sentences.

The first token of a sentence is its hardest: it chooses which kind of sentence comes next, and all that follows is
wording. And a longer unit averages over more tokens, so that few whole traces are Shared. Both are matters of
definition, and both move labels. A gap splits exactly. With n tokens and ln p = (first + rest) / n for either role,

    ln p_T − ln p_S = (first_T / n_T − first_S / n_S) + (rest_T / n_T − rest_S / n_S) = choice + wording

and so with D in the place of T where there is no teacher. For probabilities the parts multiply, so each part is its
Shapley value: what it adds to the gap, averaged over which of the two is changed first. `choice + wording = gap` there,
too.

Each unit is one query over the sentences; memory grows with the traces and not with their sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, Space, Unit, added_columns, label_order, labels_sql, writing_role
from rdpt_core.analysis.run.gaps.gap_arrays import without_first_sql
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.exact import effective_number
from rdpt_core.analysis.statistics.intervals import ShareIntervals, bootstrap_shares, none_if_nan, refusal
from rdpt_core.analysis.statistics.resampling import percentile_interval, resample_sums
from rdpt_core.arrays import Doubles
from rdpt_core.records import Label
from rdpt_core.store.reader import Reader, Run

JOINED: tuple[int | None, ...] = (2, 5, None)
"""How many sentences that follow each other make one unit; None for whole traces."""


@dataclass(frozen=True, slots=True)
class UnitShares:
    """Label shares with one kind of unit.

    Attributes:
        name: the unit in words.
        shares: of all labels, in order, with intervals over questions; `n_counted` units have a label.
        n_unscored: units without a label.
    """

    name: str
    shares: ShareIntervals
    n_unscored: int


@dataclass(frozen=True, slots=True)
class GapParts:
    """The sentences of one label: mean gap in two parts, and what the label is without the first token.

    Attributes:
        mean: the gap in the rule's space; NaN without sentences.
        choice: the part of it that the first token makes.
        wording: the rest; `choice + wording = mean`.
        low: lower end of the 95% interval of `choice`, over resampled questions; NaN where refused.
        high: its upper end.
        n_sentences: sentences with this label and all first logprobs.
        n_questions: their questions.
        n_effective: how many equally heavy questions these are worth.
        n_rest: those of them that also have a label without their first token; others are a single token.
        n_kept: those of them that keep their label.
        refused: why there is no interval; None if there is one.
    """

    label: Label
    mean: float
    choice: float
    wording: float
    low: float
    high: float
    n_sentences: int
    n_questions: int
    n_effective: float
    n_rest: int
    n_kept: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class UnitEffects:
    """What the unit does to labels.

    Attributes:
        labels: the labels of the run, in order.
        units: sentences first; then without first tokens, where that can be told; then joined ones.
        parts: one for each label; empty where first tokens cannot be told apart.
        n_lacking: labelled sentences whose first logprob some role lacks; they are in no number about first tokens.
        n_single: labelled sentences that are a single token under some role, so that nothing is left without it.
        refused: why first tokens cannot be told apart; None if they can.
    """

    labels: tuple[Label, ...]
    units: tuple[UnitShares, ...]
    parts: tuple[GapParts, ...]
    n_lacking: int
    n_single: int
    refused: str | None


def load_unit_effects(reader: Reader, run: Run, rule: LabelRule, scope: Scope, traces: TraceTable) -> UnitEffects:
    """Label shares by unit, and the parts of the gaps.

    Args:
        traces: the traces in scope.
    """
    ask = _Questions(reader, run, rule, scope, traces)
    units = [ask.shares("sentences", ask.source)]
    refused, n_lacking, n_single = None, 0, 0
    parts: tuple[GapParts, ...] = ()
    if rule.unit is Unit.BYTE:
        refused = "how many bytes a first token has is not stored"
    else:
        units.append(ask.shares("sentences without their first token", without_first_sql(run, ask.source)))
        parts, n_lacking, n_single = ask.parts()
    units += [ask.shares(_joined_name(n), ask.joined(n)) for n in JOINED]
    return UnitEffects(ask.labels, tuple(units), parts, n_lacking, n_single, refused)


def _joined_name(n_joined: int | None) -> str:
    return "whole traces" if n_joined is None else f"{n_joined} sentences joined"


class _Questions:
    """What is asked of the database, all about the same sentences under the same rule."""

    def __init__(self, reader: Reader, run: Run, rule: LabelRule, scope: Scope, traces: TraceTable) -> None:
        self.labels = label_order(run.roles)
        self.source, self._parameters = scope.sentences(run.run_no, rule)
        self._reader, self._run, self._rule, self._traces = reader, run, rule, traces
        # Marks that are left out must not leave gaps; to count without them is slow, and nearly always needless.
        self._has_gaps = not rule.marks and reader.count_marks(run) > 0

    def shares(self, name: str, source: str) -> UnitShares:
        """Label shares of the rows of `source`, which are like those of `sentences`."""
        counted = [f"count(*) FILTER (label = '{label}')" for label in self.labels]
        summed = self._by_trace(["count(*)", *counted], labels_sql(self._rule, self._run.roles, source))
        counts = summed.astype(np.int64)
        shares = bootstrap_shares(counts[:, 1:], self._traces.question_by_text())
        return UnitShares(name, shares, int(counts[:, 0].sum() - counts[:, 1:].sum()))

    def joined(self, n_joined: int | None) -> str:
        """Sentences that follow each other as one row; all of a trace if None. What lacks one logprob has no sum."""
        place = "row_number() OVER (PARTITION BY trace_no ORDER BY sentence_index) - 1"
        source = f"(SELECT *, {place if self._has_gaps else 'sentence_index'} AS place FROM {self.source})"
        unit = "trace_no" if n_joined is None else f"trace_no, place // {n_joined:d}"
        columns = ["sum(n_bytes) AS n_bytes", "FALSE AS is_mark"]
        for role in self._run.roles:
            missing = f"count(*) FILTER (n_tokens_{role} > 0 AND logprob_sum_{role} IS NULL)"
            columns += [
                f"sum(n_tokens_{role}) AS n_tokens_{role}",
                f"CASE WHEN {missing} = 0 THEN sum(logprob_sum_{role}) END AS logprob_sum_{role}",
            ]
        p = (f"exp(logprob_sum_{role} / nullif(n_tokens_{role}, 0)) AS p_{role}" for role in self._run.roles)
        rows = f"SELECT trace_no, {', '.join(columns)} FROM {source} GROUP BY {unit}"
        return f"(SELECT *, {', '.join(p)} FROM ({rows}))"

    def parts(self) -> tuple[tuple[GapParts, ...], int, int]:
        """The parts of the gaps by label, and how many sentences lack a first logprob or are a single token."""
        roles = self._run.roles
        has_first = " AND ".join(f"first_logprob_{role} IS NOT NULL" for role in roles)
        is_single = " OR ".join(f"n_tokens_{role} = 1" for role in roles)
        whole = (
            f"(SELECT * EXCLUDE ({', '.join(added_columns(roles))}), label AS whole, gap AS whole_gap, "
            f"{self._choice()} AS choice, "
            f"{has_first} AS has_first, {is_single} AS is_single "
            f"FROM ({labels_sql(self._rule, roles, self.source)}) WHERE label IS NOT NULL)"
        )
        sums = ["count(*) FILTER (NOT has_first)", "count(*) FILTER (has_first AND is_single)"]
        for label in self.labels:
            here = f"whole = '{label}' AND has_first"
            sums += [f"coalesce({what} FILTER ({here}), 0)" for what in ("count(*)", "sum(whole_gap)", "sum(choice)")]
            sums += [f"count(*) FILTER ({here} AND label {test})" for test in ("IS NOT NULL", f"= '{label}'")]
        by_trace = self._by_trace(sums, labels_sql(self._rule, roles, without_first_sql(self._run, whole)))
        question, n_questions = self._traces.question_by_text(), self._traces.n_questions
        by_question = np.zeros((n_questions, by_trace.shape[1]))
        np.add.at(by_question, question, by_trace)
        n_lacking, n_single = (int(n) for n in by_question[:, :2].sum(axis=0))
        columns = by_question[:, 2:].reshape(n_questions, len(self.labels), 5)
        parts = tuple(_gap_parts(label, columns[:, k]) for k, label in enumerate(self.labels))
        return parts, n_lacking, n_single

    def _choice(self) -> str:
        """SQL for what the first token adds to the gap; see the top of this file."""
        shared = f"n_tokens_{writing_role(self._run.roles)}" if self._rule.unit is Unit.COMMON_TOKEN else None
        scheme = scheme_of(self._run.roles)
        first, rest = [], []
        for role in (scheme.upper, scheme.lower):
            n, own = shared or f"n_tokens_{role}", f"first_logprob_{role}::DOUBLE"
            first.append(f"({own} / {n})")
            rest.append(f"((logprob_sum_{role} - {own}) / {n})")
        if self._rule.space is Space.RATIO:
            return f"{first[0]} - {first[1]}"
        return f"(exp({first[0]}) - exp({first[1]})) * (exp({rest[0]}) + exp({rest[1]})) / 2"

    def _by_trace(self, columns: list[str], source: str) -> Doubles:
        """Aggregates of the rows of each trace in scope. Shape: (n_traces, n_columns)."""
        named = ", ".join(f"{sql} AS c{index}" for index, sql in enumerate(columns))
        table = self._reader.query(
            f"SELECT trace_no, {named} FROM ({source}) GROUP BY trace_no ORDER BY trace_no", self._parameters
        )
        values = np.zeros((len(self._traces.trace_no), len(columns)))
        rows = np.searchsorted(self._traces.trace_no, table.column("trace_no").to_numpy())
        for index in range(len(columns)):
            values[rows, index] = table.column(f"c{index}").cast(pa.float64()).to_numpy()
        return values


def _gap_parts(label: Label, sums: Doubles) -> GapParts:
    """Of one label.

    Args:
        sums: (n_questions, 5): sentences, their gaps, their choice, those with a label of the rest, those that keep it.
    """
    sums = sums[sums[:, 0] > 0]
    n, n_questions, n_effective = sums[:, 0].sum(), len(sums), float(effective_number(sums[:, 0]))
    refused, low, high = refusal(n_questions, n_effective), float("nan"), float("nan")
    mean, choice = (float(sums[:, k].sum() / n) if n else float("nan") for k in (1, 2))
    if refused is None:
        drawn = resample_sums(sums[:, [0, 2]], np.zeros(n_questions, np.int64))
        low, high = (float(end) for end in percentile_interval(drawn[:, 1] / drawn[:, 0], n_effective))
    n_rest, n_kept = (int(n) for n in sums[:, 3:].sum(axis=0))
    counted = int(n), n_questions, n_effective, n_rest, n_kept
    return GapParts(label, mean, choice, mean - choice, low, high, *counted, refused)


def unit_table(effects: UnitEffects) -> pa.Table:
    """One row a unit and label: share with its interval, NULL where refused, and what was counted."""
    rows = [
        {
            "unit_of_text": unit.name,
            "label": str(label),
            "share": none_if_nan(unit.shares.share[k]),
            "low": none_if_nan(unit.shares.low[k]),
            "high": none_if_nan(unit.shares.high[k]),
            "n_questions": unit.shares.n_questions,
            "n_units": unit.shares.n_counted,
            "n_unscored": unit.n_unscored,
            "n_effective": unit.shares.n_effective,
        }
        for unit in effects.units
        for k, label in enumerate(effects.labels)
    ]
    return pa.Table.from_pylist(rows)
