"""The gaps of every sentence of a run, held in memory, from which labels follow for any thresholds in milliseconds.

Two numbers decide a label: `gap` and `max_gap` (see `labels`). They are held in single precision, eight bytes a
sentence, and yet labels are exact in double precision: rounding keeps order, so a gap whose rounded value differs from
the rounded threshold lies on the same side of the threshold as before. The few traces that hold a gap whose rounded
value equals it are labelled by the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.analysis.faint import NOTABLE_PART, faint_limit
from rdpt_core.analysis.labels import LabelRule, Space, Unit, label_order, labels_sql, scored_by, writing_role
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Codes, Doubles, Floats, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

UNSCORED = 0
"""The code of a sentence without a label; labels count from 1 in the order of `label_order`."""

# Rows of one batch from the database, and sentences of one pass: both small enough for the processor's cache.
_BATCH_ROWS = 491_520
_PASS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The sentences of all scored traces of a run, in order of trace and sentence.

    Attributes:
        roles: the roles of the run.
        trace_no: (n_traces,), ascending.
        start: (n_traces + 1,); the sentences of trace i are `start[i] : start[i + 1]`. Marks of format are among them
            only if they count, so a place here is no `sentence_index`.
        gap: (n_sentences,) the gap that β judges, NaN where missing; in probabilities, or in nats in ratio space.
        max_gap: (n_sentences,) the largest of the three gaps; None for two roles.
        notable_from: below this threshold too few sentences are faint to be pointed out; at it or above, perhaps
            enough.
    """

    roles: tuple[str, ...]
    trace_no: SmallInts
    start: Ints
    gap: Floats
    max_gap: Floats | None
    notable_from: float = float("inf")

    @property
    def length(self) -> Ints:
        """(n_traces,), sentences of each trace, unscored ones included."""
        return np.diff(self.start)


def load_gaps(
    reader: Reader, run: Run, unit: Unit, space: Space, without_first: bool = False, *, marks: bool = False
) -> Gaps:
    """Read the gaps of a run. Memory: 8 bytes a sentence, beside what the database holds of its file while reading.

    Args:
        without_first: leave the first token of each sentence out of its mean. A sentence of one token then has none.
        marks: whether marks of format count.
    """
    rule = LabelRule(0.0, 0.0, unit, space, marks)
    source = _source(run, rule, without_first)
    scheme = scheme_of(run.roles)
    columns = {name: f"{name}::FLOAT" for name in _gap_names(run.roles)}
    dtypes = dict.fromkeys(columns, np.float32)
    tally = None
    if faint_limit(rule, run.roles) is not None:
        values = ", ".join(f"v_{role}" for role in run.roles)
        columns["highest"] = f"(CASE WHEN {scored_by(scheme)} IS NOT NULL THEN greatest({values}) END)::FLOAT"
        tally = _Tally()
    sentences = read_in_order(reader, run, rule, columns, labels_sql(rule, run.roles, source), dtypes, tally)
    notable = tally.reached_by(NOTABLE_PART) if tally is not None else float("inf")
    return Gaps(
        run.roles,
        sentences.trace_no,
        sentences.start,
        sentences.columns["gap"],
        sentences.columns.get("max_gap"),
        notable,
    )


def _gap_names(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of `labels_sql` that labels follow from."""
    return ("gap", "max_gap") if scheme_of(roles).is_triple else ("gap",)


# The leading half of the bits of infinity; those of NaN are larger.
_INFINITE = 0x7F80


class _Tally:
    """Counts of probabilities by the leading half of their bits, which orders them: steps of less than one percent."""

    def __init__(self) -> None:
        self._counts = np.zeros(1 << 16, np.int64)

    def add(self, values: Floats) -> None:
        """Count them, missing ones apart: NaN has the largest bits of all."""
        self._counts += np.bincount(values.view(np.uint32) >> 16, minlength=len(self._counts))

    def reached_by(self, part: float) -> float:
        """A number below which no more than this part of the values lies; as large as the steps allow."""
        below = np.cumsum(self._counts[:_INFINITE])
        if not below[-1]:
            return float("inf")
        step = int(np.searchsorted(below, int(part * below[-1]), side="right"))
        return float(np.uint32(step << 16).view(np.float32))


def _source(run: Run, rule: LabelRule, without_first: bool) -> str:
    source = sentences_sql(run.run_no, rule)
    return without_first_sql(run, source) if without_first else source


def without_first_sql(run: Run, source: str) -> str:
    """Sentences with the first token of each taken out of every role's sum, count and p.

    Args:
        source: a table name or a parenthesised query for rows like `sentences`.
    """
    changed = []
    for role in run.roles:
        total, n = f"(logprob_sum_{role} - first_logprob_{role})", f"nullif(n_tokens_{role} - 1, 0)"
        changed += [f"{total} AS logprob_sum_{role}", f"{n} AS n_tokens_{role}", f"exp({total} / {n}) AS p_{role}"]
    return f"(SELECT * REPLACE ({', '.join(changed)}) FROM {source})"


def load_token_counts(reader: Reader, run: Run, *, marks: bool = False) -> SmallInts:
    """(n_sentences,) tokens of the role that wrote the trace, in the order of `Gaps`; 0 where missing."""
    rule = LabelRule.make(marks=marks)
    counts = {"n_tokens": f"coalesce(n_tokens_{writing_role(run.roles)}, 0)"}
    read = read_in_order(reader, run, rule, counts, sentences_sql(run.run_no, rule), {"n_tokens": np.int32})
    n_tokens: SmallInts = read.columns["n_tokens"]
    return n_tokens


@dataclass(frozen=True, slots=True, eq=False)
class InOrder:
    """Columns over sentences in order, and where each trace begins."""

    columns: dict[str, npt.NDArray[Any]]
    trace_no: SmallInts
    start: Ints


def read_in_order(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    columns: dict[str, str],
    source: str,
    dtypes: dict[str, Any],
    tally: _Tally | None = None,
) -> InOrder:
    """Columns over the sentences of a run, in order of trace and sentence.

    Sentences are nearly always stored in that order, which one query over the rows of each trace tells; then their
    keys need not be read with them. Batches that were committed out of order are read with their keys, and sorted.

    Args:
        rule: says whether marks of format are in `source`.
        columns: SQL over `source` by name.
        dtypes: the types of those that are returned.
        tally: is given the values of the column `highest`, which is not kept.
    """
    trace_no, length, ordered = _stored_traces(reader, run, rule)
    start = np.concatenate([[0], np.cumsum(length, dtype=np.int64)])
    keys: dict[str, Any] = {} if ordered else {"trace_no": np.int32, "sentence_index": np.int32}
    arrays = {name: np.empty(start[-1], dtype) for name, dtype in (keys | dtypes).items()}
    chosen = ", ".join([*keys, *(f"{sql} AS {name}" for name, sql in columns.items())])
    n_read = 0
    for batch in reader.stream(f"SELECT {chosen} FROM ({source})", _BATCH_ROWS):
        for name, column in arrays.items():
            column[n_read : n_read + batch.num_rows] = batch.column(name).to_numpy(zero_copy_only=False)
        if tally is not None:
            tally.add(batch.column("highest").to_numpy(zero_copy_only=False))
        n_read += batch.num_rows
    if not ordered:
        order = np.lexsort((arrays.pop("sentence_index"), arrays.pop("trace_no")))
        arrays = {name: values[order] for name, values in arrays.items()}
    return InOrder(arrays, trace_no, start)


def _stored_traces(reader: Reader, run: Run, rule: LabelRule) -> tuple[SmallInts, Ints, bool]:
    """The scored traces of a run, ascending, how many sentences of each count, and whether all are stored in order.

    A trace whose sentences lie in order has one row number that its first sentence has, or would have, counted back
    from each of them; and a trace must end before the next one begins.
    """
    # Of the table itself: a view, through which a companion is seen, has no row numbers.
    table = reader.query(
        "SELECT trace_no, count(*) FILTER (? OR NOT is_mark) AS n, "
        "min(rowid - sentence_index) AS first, max(rowid - sentence_index) AS last, "
        f"max(sentence_index) AS most FROM {reader.stored('sentences')} WHERE run_no = ? "
        "GROUP BY trace_no ORDER BY trace_no",
        [rule.marks, run.run_no],
    )
    n, first, last, most = (table.column(name).to_numpy().astype(np.int64) for name in ("n", "first", "last", "most"))
    ordered = bool((first == last).all() and (first[1:] > (first + most)[:-1]).all())
    return table.column("trace_no").to_numpy(), n, ordered


def label_codes(gaps: Gaps, rule: LabelRule, exact: Callable[[SmallInts], Codes]) -> Codes:
    """The label of every sentence as a code: `UNSCORED`, or its place in `label_order` counted from 1.

    Args:
        gaps: in the rule's unit and space.
        exact: codes of all sentences of some traces, in order, decided in double precision; see `exact_codes`.

    Returns:
        (n_sentences,), in the order of `gaps`.
    """
    scheme = scheme_of(gaps.roles)
    code_of = {label: np.uint8(code) for code, label in enumerate(scheme.labels, 1)}
    alpha, beta = np.float32(rule.alpha), np.float32(rule.beta)
    above, below, rest = (code_of[label] for label in (scheme.above, scheme.below, scheme.rest))
    codes = np.empty(len(gaps.gap), np.uint8)

    def label(first: int) -> Ints:
        piece = slice(first, first + _PASS)
        gap = gaps.gap[piece]
        code = np.where(gap > beta, above, np.where(gap < -beta, below, rest))
        code[np.isnan(gap)] = UNSCORED
        ties = np.abs(gap) == beta
        if gaps.max_gap is not None and scheme.alike is not None:
            max_gap = gaps.max_gap[piece]
            code[max_gap <= alpha] = code_of[scheme.alike]
            code[np.isnan(max_gap)] = UNSCORED
            ties |= max_gap == alpha
        codes[piece] = code
        return first + np.flatnonzero(ties)

    doubtful = np.concatenate([np.empty(0, np.int64), *in_parallel(label, range(0, len(codes), _PASS))])
    if len(doubtful):
        _settle(gaps, codes, doubtful, exact)
    return codes


def _settle(gaps: Gaps, codes: Codes, doubtful: Ints, exact: Callable[[SmallInts], Codes]) -> None:
    """Label the traces of doubtful sentences again, exactly, in place."""
    traces, sentences = traces_of(gaps, doubtful)
    codes[sentences] = exact(gaps.trace_no[traces])


def traces_of(gaps: Gaps, sentences: Ints) -> tuple[Ints, Ints]:
    """Where the traces that hold some sentences stand in `gaps`, and where all of their sentences do; both ascending.

    Args:
        sentences: (n,), indices into the arrays over sentences.
    """
    traces = np.unique(np.searchsorted(gaps.start, sentences, side="right") - 1)
    return traces, np.concatenate([np.arange(gaps.start[t], gaps.start[t + 1]) for t in traces])


def exact_codes(reader: Reader, run: Run, rule: LabelRule, trace_nos: SmallInts, without_first: bool = False) -> Codes:
    """Codes of all sentences of some traces, in order of trace and sentence, labelled by the database.

    Shape: (sentences of those traces,); codes as in `label_codes`.
    """
    cases = " ".join(f"WHEN '{label}' THEN {code}" for code, label in enumerate(label_order(run.roles), 1))
    code = f"(CASE label {cases} ELSE {UNSCORED} END)::UTINYINT AS code"
    codes: Codes = _of_traces(reader, run, rule, trace_nos, code, without_first).column("code").to_numpy()
    return codes


def exact_gaps(
    reader: Reader, run: Run, unit: Unit, space: Space, trace_nos: SmallInts, *, marks: bool = False
) -> tuple[Doubles, Doubles | None]:
    """`gap` and `max_gap` of all sentences of some traces, in order, in double precision.

    Shapes: both (sentences of those traces,), NaN where missing; in probabilities, or in nats in ratio space.
    `max_gap` is None for two roles.
    """
    names = _gap_names(run.roles)
    table = _of_traces(reader, run, LabelRule(0.0, 0.0, unit, space, marks), trace_nos, ", ".join(names))
    gap, *max_gap = (table.column(name).to_numpy() for name in names)
    return gap, max_gap[0] if max_gap else None


def _of_traces(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    trace_nos: SmallInts,
    columns: str,
    without_first: bool = False,
) -> pa.Table:
    """Columns of `labels_sql` for all sentences of some traces, in order."""
    source = _source(run, rule, without_first)
    # The database looks only into the blocks that the list can be in.
    wanted = f"(SELECT * FROM {source} WHERE trace_no IN (SELECT unnest($1::INTEGER[])))"
    return reader.query(
        f"SELECT {columns} FROM ({labels_sql(rule, run.roles, wanted)}) ORDER BY trace_no, sentence_index",
        [trace_nos.tolist()],
    )


def count_codes(gaps: Gaps, codes: Codes, weight: SmallInts | None = None) -> Doubles:
    """How much of each trace carries each code. Shape: (n_traces, n_labels + 1); column 0 is unscored."""
    return count_by_trace(gaps.start, codes, len(label_order(gaps.roles)) + 1, weight)


def count_by_trace(start: Ints, codes: npt.NDArray[Any], width: int, weight: SmallInts | None = None) -> Doubles:
    """How much of each trace carries each code. Shape: (n_traces, width).

    Equals, for each trace, `np.bincount(its codes, its weights)`.

    Args:
        start: (n_traces + 1,), where the sentences of each trace begin.
        codes: (n_sentences,), whole numbers below `width`.
        weight: (n_sentences,), such as tokens; None counts sentences. Sums are exact below 2**53.
    """
    n_traces = len(start) - 1
    counts = np.empty((n_traces, width))
    # In passes over whole traces, so that the temporary index stays small.
    step = max(1, int(_PASS * 4 * n_traces / max(1, len(codes))))
    for first in range(0, n_traces, step):
        last = min(first + step, n_traces)
        begin, end = start[first], start[last]
        cell = np.repeat(np.arange(last - first) * width, np.diff(start[first : last + 1])) + codes[begin:end]
        sums = np.bincount(cell, None if weight is None else weight[begin:end], (last - first) * width)
        counts[first:last] = sums.reshape(-1, width)
    return counts
