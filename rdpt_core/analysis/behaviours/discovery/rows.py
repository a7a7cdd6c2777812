"""Behaviours as a table for elsewhere: one row a kind that was tested."""

from __future__ import annotations

from dataclasses import asdict, fields

import pyarrow as pa

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.discovery.testing import RATE
from rdpt_core.analysis.statistics.methods import cited

_TYPES = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}

EXAMPLES = ("example_trace_nos", "example_sentences")


def behaviour_rows(found: Behaviours) -> pa.Table:
    """One row a kind, the surest first, with the label; columns as in `Behaviour`.

    Examples are two lists of equal length: numbers of traces, and indices of sentences from 0. The table's metadata
    hold `summary`, how many kinds were tested and found, and `methods`, how.
    """
    schema = pa.schema(
        [
            ("label", pa.string()),
            *((field.name, _TYPES[str(field.type).split(" ")[0]]) for field in fields(Behaviour)[:-1]),
            *((name, pa.list_(pa.int64())) for name in EXAMPLES),
        ]
    )
    rows = []
    for behaviour in found.rows:
        row = {"label": found.label, **asdict(behaviour)}
        shown = row.pop("examples")
        rows.append(row | dict(zip(EXAMPLES, ([pair[i] for pair in shown] for i in range(2)), strict=True)))
    described = {"summary": summary(found), "methods": cited(*found.methods)}
    return pa.Table.from_pylist(rows, schema.with_metadata(described))


def summary(found: Behaviours) -> str:
    """How many kinds were tested and found, on how many questions; or why none could be tested."""
    if found.refused is not None:
        return f"{found.label}: {found.refused}"
    first, second = found.n_questions
    counts = (
        f"{found.label}: {found.n_found:,} of {found.n_tested:,} tested kinds found at {RATE:.0%} false discoveries"
    )
    if not found.is_split:
        return f"{counts}, on {first:,} questions, of which shares are reported, too"
    return (
        f"{counts} on {first:,} questions; {found.n_replicated:,} of them found again on the {second:,} questions of "
        "which shares are reported"
    )


def csv_ready(table: pa.Table) -> pa.Table:
    """The same with lists as text, `1;2;3`, since CSV has no lists."""
    for name in EXAMPLES:
        place = table.column_names.index(name)
        texts = [";".join(map(str, numbers)) for numbers in table.column(name).to_pylist()]
        table = table.set_column(place, name, pa.array(texts, pa.string()))
    return table
