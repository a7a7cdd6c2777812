"""Which labels a sentence has also by itself: after the prompt and the few sentences before it, and nothing else.

    gap          v_teacher − v_student with everything before the sentence in view: what labels follow from
    short_gap    the same after the prompt and the n sentences before it, from the pass `local --with-prompt`

    by itself    label Teacher and short_gap > β; label Student and short_gap < −β
    by context   the same labels, and anything else

It is a flag of labelled sentences and no label: no label moves by it. Values are made by the rule's own unit and space
from the sums of the pass and the stored counts. Sentences that have no more than n others before them see the same
both times: they have no flag (**ours**). Runs of two roles have the same flag for the two labels that β decides.

    n = 1     s1, s2: no flag, since all that precedes them is in view both times     s3, s4 …: flag
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.labels import LabelRule, labels_sql, value_of_columns_sql, writing_role
from rdpt_core.analysis.run.group_shares import CrossTable, Difference, RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable, load_trace_table
from rdpt_core.analysis.schemes import TRIPLE, Scheme, scheme_of
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run

FLAG = "by_itself"
"""The column of exports: TRUE, FALSE, or NULL where there is no flag."""

SIDES = ("by itself", "by context")
"""The two answers, in the order of every array that counts them."""

REFERENCES = ("as scored", "distilled model in the teacher's place")
"""What sentences are labelled by, in the order of the cells of `ContextShares.excess`."""


@dataclass(frozen=True, slots=True)
class ShortContext:
    """A pass with the prompt in view that covers a whole run.

    Attributes:
        n_sentences: in view beside the prompt.
        roles: those that have it, the two that labels compare among them.
    """

    n_sentences: int
    roles: tuple[str, ...]


def short_context(reader: Reader, run: Run) -> ShortContext | None:
    """The pass that flags follow from: the one with the fewest sentences in view under both models that labels compare.

    None if there is none, or if a companion is seen in the place of one of the two, which has no such pass.
    """
    compared = _compared(scheme_of(run.roles))
    if any(role in compared for role, _ in run.seen_as):
        return None
    rows = reader.query(
        "SELECT n_context, list(role ORDER BY role) AS roles FROM ("
        "SELECT n_context, role FROM local_scores WHERE run_no = ? AND with_prompt "
        "GROUP BY n_context, role HAVING count(*) = ?) GROUP BY n_context ORDER BY n_context",
        [run.run_no, run.n_traces],
    ).to_pylist()
    for row in rows:
        if set(compared) <= set(row["roles"]):
            return ShortContext(row["n_context"], tuple(role for role in run.own_roles if role in row["roles"]))
    return None


def flags_sql(
    run: Run, rule: LabelRule, context: ShortContext, condition: str = "TRUE", *, without_teacher: bool = False
) -> str:
    """A query for the sentences of a run with what `labels_sql` adds, and `sees_all`, `short_gap` and `by_itself`.

    `sees_all` is whether everything before the sentence is in view both times; `short_gap` is NULL where missing.

    Args:
        condition: SQL over the columns of `sentences`; it must take traces whole.
        without_teacher: the distilled model in the teacher's place, both times; the run must be a triple.
    """
    scheme = scheme_of(run.roles)
    upper, lower = (_short_value(role, rule, run.roles) for role in (scheme.upper, scheme.lower))
    beta = f"{rule.beta!r}::DOUBLE"
    return (
        f"SELECT *, CASE WHEN sees_all OR short_gap IS NULL THEN NULL WHEN label = '{scheme.above}' "
        f"THEN short_gap > {beta} WHEN label = '{scheme.below}' THEN short_gap < -{beta} END AS {FLAG} "
        f"FROM (SELECT *, {upper} - {lower} AS short_gap "
        f"FROM ({labels_sql(rule, run.roles, _source(run, context, condition, without_teacher))}))"
    )


def _compared(scheme: Scheme) -> tuple[Role, Role]:
    return scheme.upper, scheme.lower


def _source(run: Run, context: ShortContext, condition: str, without_teacher: bool) -> str:
    """The sentences with what each role makes of them with little context, and `sees_all`."""
    compared = _compared(scheme_of(run.roles))
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    seen = [
        f"count(*) FILTER (n_tokens_{role} > 0) OVER (PARTITION BY trace_no ORDER BY sentence_index {before})"
        for role in compared
    ]
    sums = ", ".join(
        f"short_{Role.DISTILLED if without_teacher and role == Role.TEACHER else role}[sentence_index + 1] "
        f"AS short_sum_{role}"
        for role in context.roles
    )
    stand_in = ", ".join(
        f"{stem}_{Role.DISTILLED} AS {stem}_{Role.TEACHER}" for stem in ("p", "logprob_sum", "n_tokens")
    )
    sentences = f"(SELECT * REPLACE ({stand_in}) FROM sentences)" if without_teacher else "sentences"
    lists = ", ".join(f"any_value(logprob_sum) FILTER (role = '{role}') AS short_{role}" for role in context.roles)
    return (
        f"(SELECT s.* EXCLUDE (n_before), n_before <= {context.n_sentences:d} AS sees_all, {sums} "
        f"FROM (SELECT *, greatest({', '.join(seen)}) AS n_before "
        f"FROM {sentences} WHERE run_no = {run.run_no:d} AND {condition}) AS s "
        f"LEFT JOIN (SELECT trace_no, {lists} FROM local_scores WHERE run_no = {run.run_no:d} AND with_prompt "
        f"AND n_context = {context.n_sentences:d} GROUP BY trace_no) AS l USING (trace_no))"
    )


def _short_value(role: str, rule: LabelRule, roles: tuple[str, ...]) -> str:
    total, count = f"short_sum_{role}", f"n_tokens_{role}"
    p = f"exp({total} / nullif({count}, 0))"
    return value_of_columns_sql(rule, p, total, count, common=f"n_tokens_{writing_role(roles)}")


def load_flags(reader: Reader, run: Run, rule: LabelRule, trace_nos: Sequence[int]) -> pa.Table | None:
    """`short_gap`, `sees_all` and `by_itself` of all sentences of some traces, in order; None without a pass."""
    context = short_context(reader, run)
    if context is None:
        return None
    numbers = ", ".join(f"{number:d}" for number in sorted(set(trace_nos)))
    condition = f"trace_no IN ({numbers})" if numbers else "FALSE"
    return reader.query(
        f"SELECT short_gap, sees_all, {FLAG} FROM ({flags_sql(run, rule, context, condition)}) "
        "ORDER BY trace_no, sentence_index"
    )


@dataclass(frozen=True, slots=True)
class ShortGaps:
    """The gaps of one trace with little in view, whatever the thresholds.

    Attributes:
        n_sentences: in view beside the prompt.
        gap: one entry a sentence, None where missing.
        sees_all: indices of the sentences that see the same with everything before them in view.
    """

    n_sentences: int
    gap: tuple[float | None, ...]
    sees_all: tuple[int, ...]


def load_short_gaps(reader: Reader, run: Run, trace_no: int, rule: LabelRule) -> ShortGaps | None:
    """Read them under a rule's unit and space; None where no pass has them."""
    context, flags = short_context(reader, run), load_flags(reader, run, rule, [trace_no])
    if context is None or flags is None:
        return None
    same = tuple(index for index, sees_all in enumerate(flags.column("sees_all").to_pylist()) if sees_all)
    return ShortGaps(context.n_sentences, tuple(flags.column("short_gap").to_pylist()), same)


@dataclass(frozen=True, slots=True, eq=False)
class ContextShares:
    """How many labelled sentences have their label by itself, too.

    Attributes:
        context: the pass.
        labels: the two labels that the flag is about, that of the upper role first.
        by_benchmark: for each of the two labels, its sentences with a flag divided into `SIDES`, a cell a benchmark.
        whole: the same with one cell for everything; no cell where no sentence has the label and a flag.
        of_all: both labels divided into `SIDES`, and all others, of all sentences that are seen with more and with
            less context; a cell for each of `REFERENCES`, or for the first if the second cannot be had.
        excess: what `of_all` has as scored beyond what it has without a teacher, in the same questions; None where
            one of the two is missing.
        n_same: sentences of each of the two labels without a flag, since both times all that precedes them is in view.
        n_missing: those that have none since a number is missing.
    """

    context: ShortContext
    labels: tuple[str, str]
    by_benchmark: tuple[CrossTable, CrossTable]
    whole: tuple[CrossTable, CrossTable]
    of_all: CrossTable
    excess: Difference | None
    n_same: tuple[int, int]
    n_missing: tuple[int, int]


def load_context_shares(reader: Reader, run: Run, rule: LabelRule, scope: Scope) -> ContextShares | None:
    """Count the flags of the sentences in scope, with intervals over questions; None where no pass has them.

    The distilled model in the teacher's place is a control: it had no part in teaching, so what it makes of a sentence
    is no sign of a teacher. It is counted where its own pass with the same context is there.
    """
    context = short_context(reader, run)
    if context is None:
        return None
    traces = load_trace_table(reader, run, scope)
    labels = _labels(scheme_of(run.roles))
    counts, outside = _count(reader, run, rule, scope, context, traces)
    tables = [counts]
    can_replace = run.roles == TRIPLE.roles and not run.seen_as and Role.DISTILLED in context.roles
    if can_replace:
        tables.append(_count(reader, run, rule, scope, context, traces, without_teacher=True)[0])
    of_all = cross_tabulate(
        [_run_counts(name, traces, table) for name, table in zip(REFERENCES, tables, strict=False)],
        [f"{label}, {side}" for label in labels for side in SIDES] + ["other"],
        "run",
        None,
    )
    divided = [_run_counts(label, traces, counts[:, 2 * k : 2 * k + 2]) for k, label in enumerate(labels)]
    by_benchmark, whole = (
        tuple(cross_tabulate([one], SIDES, dimension, None) for one in divided) for dimension in ("benchmark", "run")
    )
    return ContextShares(
        context=context,
        labels=labels,
        by_benchmark=(by_benchmark[0], by_benchmark[1]),
        whole=(whole[0], whole[1]),
        of_all=of_all,
        excess=difference(of_all, 0, 1) if len(of_all.cells) == len(REFERENCES) else None,
        n_same=(int(outside[:, 0].sum()), int(outside[:, 1].sum())),
        n_missing=(int(outside[:, 2].sum()), int(outside[:, 3].sum())),
    )


def _labels(scheme: Scheme) -> tuple[str, str]:
    return str(scheme.above), str(scheme.below)


def _run_counts(name: str, traces: TraceTable, counts: Doubles) -> RunCounts:
    return RunCounts(name, traces, counts, counts.sum(axis=1).astype(np.int64))


def _count(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    scope: Scope,
    context: ShortContext,
    traces: TraceTable,
    *,
    without_teacher: bool = False,
) -> tuple[Doubles, Ints]:
    """Counts of each trace: (n_traces, 5), both labels by itself and by context, and others; (n_traces, 4), without a
    flag, both labels where everything is in view both times, and both where a number is missing."""
    condition, parameters = scope.where()
    in_scope = f"trace_no IN (SELECT trace_no FROM traces WHERE run_no = {run.run_no:d} AND {condition})"
    query = flags_sql(run, rule, context, in_scope, without_teacher=without_teacher)
    labels = _labels(scheme_of(run.roles))
    sides = [f"label = '{label}' AND {no}{FLAG}" for label in labels for no in ("", "NOT ")]
    others = f"label NOT IN {labels} AND NOT sees_all AND short_gap IS NOT NULL"
    outside = [
        f"label = '{label}' AND {why}" for why in ("sees_all", "NOT sees_all AND short_gap IS NULL") for label in labels
    ]
    columns = ", ".join(f"count(*) FILTER ({one})" for one in (*sides, others, *outside))
    rows = reader.query(f"SELECT trace_no, {columns} FROM ({query}) GROUP BY trace_no ORDER BY trace_no", parameters)
    numbers = np.stack([column.to_numpy() for column in rows.columns], axis=1).astype(np.int64)
    found = np.zeros((len(traces.trace_no), len(rows.columns) - 1), np.int64)
    found[np.searchsorted(traces.trace_no, numbers[:, 0])] = numbers[:, 1:]
    n = len(sides) + 1
    return found[:, :n].astype(np.float64), found[:, n:]


def context_rows(shares: ContextShares) -> pa.Table:
    """One row a label and benchmark, then one for all: how much of it is by itself, and the interval (NULL where
    refused)."""
    rows = []
    for label, by_benchmark, whole in zip(shares.labels, shares.by_benchmark, shares.whole, strict=True):
        for name, cell in [
            *((cell.row, cell) for cell in by_benchmark.cells),
            *(("all", cell) for cell in whole.cells),
        ]:
            ends = cell.intervals
            is_refused = ends.refused is not None
            rows.append(
                {
                    "label": label,
                    "benchmark": name,
                    "share_by_itself": float(ends.share[0]),
                    "low": None if is_refused else float(ends.low[0]),
                    "high": None if is_refused else float(ends.high[0]),
                    "n_sentences": cell.n_sentences,
                    "n_questions": ends.n_questions,
                    "n_effective": ends.n_effective,
                    "no_interval_because": ends.refused,
                    "sentences_in_view": shares.context.n_sentences,
                }
            )
    return pa.Table.from_pylist(rows, _ROW_SCHEMA)


_ROW_SCHEMA = pa.schema(
    [
        ("label", pa.string()),
        ("benchmark", pa.string()),
        *((name, pa.float64()) for name in ("share_by_itself", "low", "high")),
        ("n_sentences", pa.int64()),
        ("n_questions", pa.int64()),
        ("n_effective", pa.float64()),
        ("no_interval_because", pa.string()),
        ("sentences_in_view", pa.int64()),
    ]
)
