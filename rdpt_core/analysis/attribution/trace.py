"""Answers about the sentences of one trace, with the posteriors behind them. No pass over the run is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rdpt_core.analysis.attribution.answers import Judged, Members, judge, members_words
from rdpt_core.analysis.attribution.evidence import Evidence, Halves, columns_sql
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import NONE_OF_THESE, Sources, as_it_is, sources_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Codes, Doubles, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run


@dataclass(frozen=True, slots=True, eq=False)
class TraceAttribution:
    """The answers about n sentences.

    Attributes:
        sources: of the run.
        sentence_index: (n,), ascending; marks of format are among them only if they count.
        code: (n,), 0 unscored, from 1 as `answers`.
        members: (n,), the sources that each answer names, as bits; the bit after the last source is none of these.
        posterior: (n, n_names), NaN where unscored; the last column is the background.
        shortfall: (n,), by how many nats a token the likeliest source falls short of the distilled model.
    """

    sources: Sources
    sentence_index: Ints
    code: Codes
    members: Members
    posterior: Doubles
    shortfall: Doubles

    @property
    def names(self) -> tuple[str, ...]:
        """The named sources, and last none of these."""
        return (*(source.name for source in self.sources.named), NONE_OF_THESE)

    @property
    def answers(self) -> tuple[str, ...]:
        """What the codes mean, from 1."""
        return self.sources.answers

    def words(self, i: int) -> str:
        """Who sentence `i` may come from: `A`, `A or student`, `none of these`; empty where unscored."""
        return members_words(int(self.members[i]), self.sources)


def load_trace_attribution(
    reader: Reader,
    run: Run,
    trace_no: int,
    rule: LabelRule,
    attribution: AttributionRule,
    temperatures: Mapping[str, float] | None = None,
) -> TraceAttribution:
    """The answers about one trace, the same as those about the whole run.

    Args:
        rule: says whether marks of format count.
        temperatures: role → temperature, where models are brought to one scale.
    """
    with as_it_is(reader, run) as own:
        sources = sources_of(own)
        index, evidence = load_few(reader, own, sources, rule, (trace_no,), temperatures)
    part = evidence.part(slice(0, evidence.n_sentences))
    judged: Judged = judge(part, attribution)
    return TraceAttribution(
        sources,
        index,
        judged.codes,
        judged.members,
        judged.posterior.T.astype(np.float64),
        part.shortfall.astype(np.float64),
    )


def load_few(
    reader: Reader,
    run: Run,
    sources: Sources,
    rule: LabelRule,
    trace_nos: tuple[int, ...],
    temperatures: Mapping[str, float] | None = None,
) -> tuple[Ints, Evidence]:
    """The sentence numbers and the evidence of some traces, in order.

    Args:
        run: as it is; see `sources.own_run`.
    """
    columns, best = columns_sql(sources, temperatures or {})
    wanted = sentences_sql(run.run_no, rule, "trace_no IN (SELECT unnest($1::INTEGER[]))")
    chosen = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    table = reader.query(
        f"SELECT trace_no, sentence_index, {chosen} FROM (SELECT *, {best} FROM {wanted}) "
        "ORDER BY trace_no, sentence_index",
        [list(trace_nos)],
    )

    def half(name: str) -> Halves:
        values: Halves = table.column(name).to_numpy().astype(np.float16)
        return values

    traces, lengths = np.unique(table.column("trace_no").to_numpy(), return_counts=True)
    present: SmallInts = traces.astype(np.int32)
    relative = tuple(half(f"r{i}") for i in range(len(sources.roles)))
    n_tokens = table.column("n_tokens").to_numpy().astype(np.uint16)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    evidence = Evidence(sources, present, start, relative, half("shortfall"), n_tokens)
    return table.column("sentence_index").to_numpy().astype(np.int64), evidence
