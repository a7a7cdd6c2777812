"""Behaviours as a table for elsewhere: one row a kind that was tested."""

from __future__ import annotations

from dataclasses import asdict, fields

import pyarrow as pa

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours

_TYPES = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}

EXAMPLES = ("example_trace_nos", "example_sentences")


def behaviour_rows(found: Behaviours) -> pa.Table:
    """One row a kind, the surest first, with the label; columns as in `Behaviour`.

    Examples are two lists of equal length: numbers of traces, and indices of sentences from 0.
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
    return pa.Table.from_pylist(rows, schema)
