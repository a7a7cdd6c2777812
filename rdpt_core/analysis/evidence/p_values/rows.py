"""Every sentence with its evidence, as rows for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.evidence.p_values.data import EvidenceData, RunEvidence
from rdpt_core.analysis.evidence.p_values.sums import MISSING
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Bools, Ints, SmallInts

_TRACES_PER_CHUNK = 256

Columns: TypeAlias = Callable[[SmallInts, Bools], dict[str, pa.Array]]
"""Takes (n,) numbers of traces, ascending, and (n,) whether each sentence counts under the rule: of each trace all of
its sentences, in order. Gives columns for a table that has a row for each of them."""


def evidence_columns(own: EvidenceData, rule: LabelRule, scope: Scope) -> Columns:
    """What gives the evidence of sentences as columns.

    These are p_value, q_value (among all sentences in scope; both NULL with too few references, or where a model has no
    number), n_references, and n_references_as_high (NULL where a model has no number).
    """
    evidence, q = own.evidence(rule), own.q_values(rule, scope)
    n_references = len(own.references)

    def columns(trace_no: SmallInts, counts: Bools) -> dict[str, pa.Array]:
        rows, place = _rows(evidence, np.unique(trace_no)), np.flatnonzero(counts)
        p, q_of, n = np.full(len(trace_no), np.nan), np.full(len(trace_no), np.nan), np.full(len(trace_no), MISSING)
        p[place], q_of[place], n[place] = evidence.p_values(rows), q[rows], evidence.n_as_high[rows]
        return {
            "p_value": pa.array(p, pa.float64(), from_pandas=True),
            "q_value": pa.array(q_of, pa.float64(), from_pandas=True),
            "n_references": pa.array(np.full(len(trace_no), n_references), pa.int32()),
            "n_references_as_high": pa.array(n, pa.int32(), mask=n == MISSING),
        }

    return columns


def _rows(evidence: RunEvidence, trace_no: SmallInts) -> Ints:
    """The sentences of some traces, as indices; traces that are not scored have none."""
    place = np.flatnonzero(np.isin(evidence.trace_no, trace_no))
    first, last = evidence.start[place], evidence.start[place + 1]
    return np.concatenate([np.empty(0, np.int64), *map(np.arange, first, last)])


def evidence_rows(own: EvidenceData, rule: LabelRule, scope: Scope) -> Iterator[pa.Table]:
    """One row a sentence that counts under the rule, in order, in chunks of some hundred traces; at least one chunk.

    Columns: run_id, trace_id, question_id, benchmark, domain, sentence_index, and those of `evidence_columns`.
    """
    run, columns = own.data.run, evidence_columns(own, rule, scope)
    condition, parameters = scope.where("t")
    for first in range(0, max(run.n_traces, 1), _TRACES_PER_CHUNK):
        with own.data.open_reader() as reader:
            table = reader.query(
                "SELECT t.trace_no, ? AS run_id, t.trace_id, t.question_id, t.benchmark, t.domain, s.sentence_index "
                f"FROM {sentences_sql(run.run_no, rule)} AS s JOIN traces AS t USING (run_no, trace_no) "
                f"WHERE t.trace_no >= {first:d} AND t.trace_no < {first + _TRACES_PER_CHUNK:d} AND {condition} "
                "ORDER BY t.trace_no, s.sentence_index",
                [run.run_id, *parameters],
            )
        found = columns(table.column("trace_no").to_numpy(), np.ones(table.num_rows, bool))
        rows = table.drop_columns(["trace_no"])
        for name, values in found.items():
            rows = rows.append_column(name, values)
        yield rows
