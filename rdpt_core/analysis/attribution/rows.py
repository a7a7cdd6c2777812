"""Every sentence with its answer, and what it rests on, as rows for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.attribution.answers import Members, judge, members_words
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import BACKGROUND, Sources, as_it_is, own_run, sources_of
from rdpt_core.analysis.attribution.trace import load_few
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Codes, Doubles, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run

_TRACES_PER_CHUNK = 256


def attribution_rows(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    attribution: AttributionRule,
    scope: Scope,
    temperatures: Mapping[str, float] | None = None,
) -> Iterator[pa.Table]:
    """One row a sentence, in order, in chunks of some hundred traces; at least one chunk comes.

    Columns: run_id, trace_id, question_id, benchmark, domain, teacher_id, sentence_index, attribution (an answer; NULL
    where unscored), attributed_to (who it may come from, in words), shortfall (nats a token, NULL without a distilled
    model), and a posterior for each source: posterior_NAME, and last posterior_controls if the run has a control.

    Args:
        rule: says whether marks of format count.
        temperatures: role → temperature, where models are brought to one scale.
    """
    run = own_run(reader, run)
    sources = sources_of(run)
    condition, parameters = scope.where("t")
    names = [source.name for source in sources.named] + ([BACKGROUND] if sources.controls else [])
    for first in range(0, max(run.n_traces, 1), _TRACES_PER_CHUNK):
        table = reader.query(
            "SELECT trace_no, trace_id, question_id, benchmark, domain, teacher_id FROM traces AS t "
            f"WHERE run_no = {run.run_no:d} AND trace_no >= {first:d} AND trace_no < {first + _TRACES_PER_CHUNK:d} "
            f"AND {condition} ORDER BY trace_no",
            parameters,
        )
        wanted = table.column("trace_no").to_numpy()
        index, evidence = load_few(reader, run, sources, rule, tuple(wanted.tolist()), temperatures)
        part = evidence.part(slice(0, evidence.n_sentences))
        judged = judge(part, attribution)
        place = np.repeat(np.searchsorted(wanted, evidence.trace_no), np.diff(evidence.start))
        columns = {"run_id": pa.array([run.run_id] * len(index), pa.string())}
        chosen = table.drop_columns(["trace_no"]).take(pa.array(place))
        columns |= {name: chosen.column(name) for name in chosen.column_names}
        columns["sentence_index"] = pa.array(index.astype(np.int32))
        columns |= _in_words(judged.codes, judged.members, sources)
        columns["shortfall"] = _numbers(part.shortfall.astype(np.float64))
        for k, name in enumerate(names):
            columns[f"posterior_{name}"] = _numbers(judged.posterior[k].astype(np.float64))
        yield pa.table(columns)


def answer_columns(
    reader: Reader, run: Run, rule: LabelRule, trace_no: SmallInts, sentence_index: SmallInts
) -> dict[str, pa.Array]:
    """The answers about some sentences under the documented thresholds, as columns for a table that has a row for each.

    Memory is that of the sentences of these traces under all models, so a long table is given in parts.

    Args:
        rule: says whether marks of format count; others have no answer.
        trace_no, sentence_index: (n,), which sentences, ascending; all that count of each of these traces.

    Returns:
        `attribution` and `attributed_to`, as in `attribution_rows`.
    """
    with as_it_is(reader, run) as own:
        sources = sources_of(own)
        index, evidence = load_few(reader, own, sources, rule, tuple(np.unique(trace_no).tolist()))
    judged = judge(evidence.part(slice(0, evidence.n_sentences)), AttributionRule.make())
    place = np.searchsorted(
        _keys(trace_no, sentence_index), _keys(np.repeat(evidence.trace_no, np.diff(evidence.start)), index)
    )
    codes: Codes = np.zeros(len(trace_no), judged.codes.dtype)
    members: Members = np.zeros(len(trace_no), judged.members.dtype)
    codes[place], members[place] = judged.codes, judged.members
    return _in_words(codes, members, sources)


def _keys(trace_no: SmallInts, sentence_index: SmallInts | Ints) -> Ints:
    """One number for each sentence, in the order of traces and sentences."""
    keys: Ints = trace_no.astype(np.int64) << 32 | sentence_index
    return keys


def _in_words(codes: Codes, members: Members, sources: Sources) -> dict[str, pa.Array]:
    """NULL where unscored."""
    answers = pa.array([None, *sources.answers], pa.string())
    sets, number = np.unique(members, return_inverse=True)
    words = pa.array([members_words(int(bits), sources) or None for bits in sets], pa.string())
    return {
        "attribution": answers.take(pa.array(codes.astype(np.int32))),
        "attributed_to": words.take(pa.array(number.astype(np.int32))),
    }


def _numbers(values: Doubles) -> pa.Array:
    """Missing is NULL, never NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)
