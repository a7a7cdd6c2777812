"""How sharp each model is: log-ratios to the student by domain, and temperatures that bring models to one scale.

A model that was trained longer, or that is larger, is surer of common text. A temperature is what its logprobs are
divided by. It is fitted where the model accounts for the text about as well as the distilled model does, so that what
is strange to it plays no part, on one half of the questions:

    temperature = Σ ℓ_model / Σ ℓ_distilled        over sentences of half A in which it falls short by no more than
                                                    `DEFAULT_SHORTFALL` nats a token

Sums of sentences are what is stored, so a temperature stretches logprobs, and does not flatten each distribution anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from rdpt_core.analysis.attribution.rule import DEFAULT_SHORTFALL, SHORTEST
from rdpt_core.analysis.attribution.sources import Source, Sources
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.questions import HALVES, half_sql
from rdpt_core.analysis.run.trace_table import NONE
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.records import Role
from rdpt_core.store.companions import column
from rdpt_core.store.reader import Reader, Run

LEAST, MOST = 0.25, 4.0
"""Temperatures are kept between these: beyond them a model is not on another scale, but a poor model of the text."""


def fit_temperatures(
    reader: Reader, run: Run, sources: Sources, half: str = HALVES[0], *, marks: bool = False
) -> dict[str, float]:
    """Role → temperature of its model, above 1 for a model that is less sure than the distilled one.

    Empty without a distilled model, against which they would be measured. A model that accounts for no sentence of that
    half has none.

    Args:
        run: as it is; see `sources.own_run`.
        half: the half of the questions to fit on.
        marks: whether marks of format count.
    """
    if not sources.has_distilled:
        return {}
    own, count = column("logprob_sum", Role.DISTILLED), column("n_tokens", Role.DISTILLED)
    asked = []
    for i, role in enumerate(sources.roles):
        total = column("logprob_sum", role)
        near = f"FILTER (({own} - {total}) <= {DEFAULT_SHORTFALL!r} * greatest({count}, {SHORTEST:d}))"
        asked.append(f"sum({total}) {near} / nullif(sum({own}) {near}, 0) AS t{i}")
    table = reader.query(
        f"SELECT {', '.join(asked)} FROM {sentences_sql(run.run_no, LabelRule.make(marks=marks))} "
        f"WHERE trace_no IN (SELECT trace_no FROM traces WHERE run_no = {run.run_no:d} AND {half_sql()} = ?)",
        [half],
    ).to_pylist()[0]
    fitted = {role: table[f"t{i}"] for i, role in enumerate(sources.roles)}
    return {role: min(max(value, LEAST), MOST) for role, value in fitted.items() if value}


def load_scales(
    reader: Reader,
    run: Run,
    sources: Sources,
    scope: Scope,
    temperatures: Mapping[str, float] | None,
    *,
    marks: bool = False,
) -> pa.Table:
    """One row a model and domain: the log-ratio to the student, in nats a token of the model that wrote the traces.

    Columns: model, kind, domain, n_sentences, n_tokens, mean (Σ log-ratio / Σ tokens), sd (of the log-ratios a token of
    single sentences), temperature (NULL where none is used).

    Args:
        temperatures: those in use; None if none are.
    """
    condition, parameters = scope.where()
    count = column("n_tokens", Role.DISTILLED if sources.has_distilled else Role.STUDENT)
    asked = []
    others: list[Source] = [source for source in (*sources.named, *sources.controls) if source.kind != "student"]
    for i, source in enumerate(others):
        ratio = f"({column('logprob_sum', source.role)} - {column('logprob_sum', Role.STUDENT)})"
        asked.append(
            f"count({ratio}) AS n{i}, (sum({count}) FILTER ({ratio} IS NOT NULL))::BIGINT AS tokens{i}, "
            f"sum({ratio}) AS ratio{i}, stddev_samp({ratio} / nullif({count}, 0)) AS sd{i}"
        )
    rows = reader.query(
        f"SELECT coalesce(domain, '{NONE}') AS domain, {', '.join(asked)} "
        f"FROM {sentences_sql(run.run_no, LabelRule.make(marks=marks))} "
        f"JOIN (SELECT trace_no, domain FROM traces WHERE run_no = {run.run_no:d} AND {condition}) USING (trace_no) "
        "GROUP BY domain ORDER BY domain",
        parameters,
    ).to_pylist()
    return pa.Table.from_pylist(
        [
            {
                "model": source.name,
                "kind": source.kind,
                "domain": row["domain"],
                "n_sentences": row[f"n{i}"],
                "n_tokens": row[f"tokens{i}"] or 0,
                "mean": row[f"ratio{i}"] / row[f"tokens{i}"] if row[f"tokens{i}"] else None,
                "sd": row[f"sd{i}"],
                "temperature": None if temperatures is None else temperatures.get(source.role),
            }
            for i, source in enumerate(others)
            for row in rows
        ],
        schema=_SCALES,
    )


_SCALES = pa.schema(
    [
        ("model", pa.string()),
        ("kind", pa.string()),
        ("domain", pa.string()),
        ("n_sentences", pa.int64()),
        ("n_tokens", pa.int64()),
        ("mean", pa.float64()),
        ("sd", pa.float64()),
        ("temperature", pa.float64()),
    ]
)
