"""Full-text search over the sentences of all traces.

A *hit* is a stretch of a response that fits the query; it belongs to the sentence in which it begins, so that a phrase
that runs over the end of a sentence is found, too. One that begins in a mark of format is found only if marks count.
First one pass over the responses finds the traces with a hit; then those traces are taken in order, some at a time, and
their hits are mapped to sentences until enough are found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.analysis.catalog import GRADE_SQL
from rdpt_core.analysis.labels import LabelRule, labels_sql
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.sentences import class_sql, sentences_sql
from rdpt_core.store import regex
from rdpt_core.store.reader import Reader, Run

MOST_SENTENCES = 100_000
"""Where a search stops: more sentences than anybody reads, and few enough to count them in moments."""

_SENTENCES_AT_ONCE = 100_000
_CLASS = class_sql("n_verbatim[sentence_index + 1]", "n_template[sentence_index + 1]")
# Two characters that Unicode assigns to nothing, ever; should a response hold one, it is replaced before the cut.
_CUT, _CUT_SUBSTITUTE = "\U0010ffff", "\U0010fffe"


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        text: taken as it is, or as a regular expression.
        label: keep only sentences that carry it, under the label rule of the search; None keeps all.
        training: keep only sentences of this class: copied, template or new; none is kept of a run that was not looked
            up in training texts. None keeps all.
    """

    text: str
    regex: bool = False
    match_case: bool = False
    label: str | None = None
    training: str | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether some sentences with a hit are left out."""
        return self.label is not None or self.training is not None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Sentences of a run with a hit, in the order of traces and sentences.

    Attributes:
        sentences: columns trace_no, sentence_index (NULL where the trace has no sentences yet), char_start, char_end,
            label, direction, hit_start and hit_length (lists, in code points of the response).
        n_traces: all traces with a hit that are in scope; only those with a sentence here, where all were looked at and
            neither a label nor a class is asked for.
        n_searched: traces of those whose sentences were looked at; fewer than `n_traces` where the search stopped.
    """

    sentences: pa.Table
    n_traces: int
    n_searched: int

    @property
    def n_found(self) -> int:
        """Sentences found before the search stopped."""
        return int(self.sentences.num_rows)

    @property
    def is_complete(self) -> bool:
        """Whether `n_found` is the number of all sentences with a hit."""
        return self.n_searched == self.n_traces

    def hits(self, first: int, last: int) -> tuple[Hit, ...]:
        """Rows `first` up to, not including, `last`."""
        rows = self.sentences.slice(first, last - first).to_pylist()
        return tuple(
            Hit(**{**row, "hit_start": tuple(row["hit_start"]), "hit_length": tuple(row["hit_length"])}) for row in rows
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of `SearchResult.sentences`."""

    trace_no: int
    sentence_index: int | None
    char_start: int | None
    char_end: int | None
    label: str | None
    direction: str | None
    hit_start: tuple[int, ...]
    hit_length: tuple[int, ...]


def find(reader: Reader, run: Run, query: Query, scope: Scope, rule: LabelRule) -> SearchResult:
    """The sentences of a run with a hit; see the top of this file.

    Args:
        query: what to look for.
        scope: which traces are searched.
        rule: labels the sentences.

    Raises:
        UsageError: the query's regular expression cannot be used.
    """
    pattern = _pattern(query)
    fitting = _fitting(reader, run, query, scope, pattern)
    tables, n_searched, n_found = [_EMPTY], 0, 0
    for trace_nos in _batches(fitting):
        if n_found >= MOST_SENTENCES:
            break
        tables.append(_sentences(reader, run, trace_nos, query, pattern, rule))
        n_found += tables[-1].num_rows
        n_searched += len(trace_nos)
    found, n_traces = pa.concat_tables(tables), fitting.num_rows
    if not query.is_narrowed and n_searched == n_traces:
        # Without those whose only hits begin in marks that do not count.
        n_traces = n_searched = pc.count_distinct(found.column("trace_no")).as_py()
    return SearchResult(found, n_traces, n_searched)


def _pattern(query: Query) -> str:
    make = regex.checked if query.regex else regex.literal
    return make(query.text, match_case=query.match_case)


def _fitting(reader: Reader, run: Run, query: Query, scope: Scope, pattern: str) -> pa.Table:
    """The traces of a run that are in scope and hold a hit: trace_no and n_sentences, in order."""
    where, parameters = scope.where()
    if query.regex:
        holds, sought = "regexp_matches(response, ?)", pattern
    elif query.match_case:
        holds, sought = "contains(response, ?)", query.text
    else:
        holds, sought = "contains(lower(response), lower(?))", query.text
    return reader.query(
        f"SELECT trace_no, n_sentences FROM traces WHERE run_no = ? AND {where} AND {holds} ORDER BY trace_no",
        [run.run_no, *parameters, sought],
    )


def _batches(fitting: pa.Table) -> Iterator[list[int]]:
    batch: list[int] = []
    n_sentences = 0
    for trace_no, n in zip(*(fitting.column(i).to_pylist() for i in range(2)), strict=True):
        batch.append(trace_no)
        n_sentences += n
        if n_sentences >= _SENTENCES_AT_ONCE:
            yield batch
            batch, n_sentences = [], 0
    if batch:
        yield batch


def _sentences(
    reader: Reader, run: Run, trace_nos: Sequence[int], query: Query, pattern: str, rule: LabelRule
) -> pa.Table:
    # Cut around every hit, a response is a list in which every second piece is a hit; sums of lengths are positions.
    # `regexp_replace` sees the whole text at every hit, which cutting at the expression itself would not.
    chosen = "trace_no IN (SELECT unnest($3::INTEGER[]))"
    source = f"(SELECT * FROM sentences WHERE run_no = $1 AND {chosen})"
    overlap = ""
    if query.training is not None:
        overlap = f"LEFT JOIN (SELECT * FROM overlap WHERE run_no = $1 AND {chosen}) USING (trace_no)"
    wanted = "TRUE" if rule.marks else "is_mark IS NOT TRUE"
    parameters: list[Any] = [run.run_no, pattern, list(trace_nos)]
    if query.label is not None:
        parameters.append(query.label)
        wanted += f" AND label = ${len(parameters)}"
    if query.training is not None:
        parameters.append(query.training)
        wanted += f" AND {_CLASS} = ${len(parameters)}"
    return reader.query(
        "WITH cut AS (SELECT trace_no, string_split(regexp_replace("
        f"replace(response, '{_CUT}', '{_CUT_SUBSTITUTE}'), $2, '{_CUT}\\0{_CUT}', 'g'), '{_CUT}') AS pieces "
        f"FROM traces WHERE run_no = $1 AND {chosen}), "
        "piece AS (SELECT trace_no, unnest(range(len(pieces))) AS i, length(unnest(pieces))::INTEGER AS n FROM cut), "
        "placed AS (SELECT trace_no, i, n, (sum(n) OVER (PARTITION BY trace_no ORDER BY i) - n)::INTEGER AS start "
        "FROM piece), "
        "hit AS (SELECT trace_no, start, n FROM placed WHERE i % 2 = 1 AND n > 0), "
        f"s AS (SELECT trace_no, sentence_index, char_start, char_end, is_mark, label, direction "
        f"FROM ({labels_sql(rule, run.roles, source)})), "
        "mapped AS (SELECT hit.trace_no, s.sentence_index, s.char_start, s.char_end, s.is_mark, s.label, s.direction, "
        "hit.start, hit.n FROM hit ASOF LEFT JOIN s ON hit.trace_no = s.trace_no AND hit.start >= s.char_start) "
        "SELECT trace_no, sentence_index, any_value(char_start) AS char_start, "
        "any_value(char_end) AS char_end, any_value(label) AS label, any_value(direction) AS direction, "
        "list(start ORDER BY start) AS hit_start, list(n ORDER BY start) AS hit_length "
        f"FROM mapped {overlap} WHERE {wanted} GROUP BY trace_no, sentence_index ORDER BY trace_no, sentence_index",
        parameters,
    )


_LIST = pa.list_(pa.int32())
_EMPTY = pa.table(
    {
        **{name: pa.array([], pa.int32()) for name in ("trace_no", "sentence_index", "char_start", "char_end")},
        **{name: pa.array([], pa.string()) for name in ("label", "direction")},
        **{name: pa.array([], _LIST) for name in ("hit_start", "hit_length")},
    }
)


def hits_at(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    trace_nos: tuple[int, ...],
    places: tuple[int, ...],
    query: Query | None = None,
) -> tuple[Hit, ...]:
    """Given sentences as hits, in the order in which they are given.

    Args:
        trace_nos: the trace of each sentence.
        places: the place of each in its trace, counted from 0 among the sentences that the rule counts.
        query: what to mark in them; with None, or where it is not found, nothing is marked.
    """
    chosen = "trace_no IN (SELECT unnest($1::INTEGER[]))"
    rows = reader.query(
        "SELECT trace_no, sentence_index, char_start, char_end, label, direction FROM ("
        "SELECT *, row_number() OVER (PARTITION BY trace_no ORDER BY sentence_index) - 1 AS place "
        f"FROM ({labels_sql(rule, run.roles, sentences_sql(run.run_no, rule, chosen))})) "
        "JOIN (SELECT unnest($1::INTEGER[]) AS trace_no, unnest($2::INTEGER[]) AS place, "
        "unnest(range(len($1::INTEGER[]))) AS number) USING (trace_no, place) ORDER BY number",
        [list(trace_nos), list(places)],
    ).to_pylist()
    marked: dict[tuple[int, int], tuple[tuple[int, ...], tuple[int, ...]]] = {}
    if query is not None:
        found = _sentences(reader, run, sorted(set(trace_nos)), query, _pattern(query), rule)
        for hit in SearchResult(found, 0, 0).hits(0, found.num_rows):
            if hit.sentence_index is not None:
                marked[hit.trace_no, hit.sentence_index] = hit.hit_start, hit.hit_length
    nothing: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    hits = []
    for row in rows:
        start, length = marked.get((row["trace_no"], row["sentence_index"]), nothing)
        hits.append(Hit(**{**row, "hit_start": start, "hit_length": length}))
    return tuple(hits)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: inside the sentence or around it, and whether it belongs to a hit."""

    text: str
    is_inside: bool
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence with a hit and what stands around it.

    Attributes:
        trace: trace_id, question_id, benchmark, model, sample, grade, n_sentences.
        sentence_index: None where the trace has no sentences yet; then the hit itself stands for the sentence.
        pieces: joined, they are the response from `char_start` to `char_end`.
        char_start, char_end: the stretch of the response that is shown; half-open.
        n_characters: the length of the response.
    """

    run: Run
    trace: dict[str, Any]
    sentence_index: int | None
    label: str | None
    direction: str | None
    n_hits: int
    pieces: tuple[Piece, ...]
    char_start: int
    char_end: int
    n_characters: int


CONTEXT = 120
"""Characters of context shown on each side of a sentence."""

LONGEST = 1_000
"""A longer sentence is shown around its first hit."""


def passages(reader: Reader, run: Run, hits: Sequence[Hit]) -> tuple[Passage, ...]:
    """The texts of hits and of what stands around them, in the order of `hits`."""
    traces = reader.query(_TRACES, [run.run_no, sorted({hit.trace_no for hit in hits})]).to_pylist()
    by_no = {trace["trace_no"]: trace for trace in traces}
    return tuple(_passage(run, by_no[hit.trace_no], hit) for hit in hits)


_TRACES = (
    "SELECT trace_no, trace_id, question_id, benchmark, model, sample, n_sentences, response, "
    f"{GRADE_SQL} AS grade FROM traces WHERE run_no = ? AND trace_no IN (SELECT unnest(?::INTEGER[]))"
)


def _passage(run: Run, trace: dict[str, Any], hit: Hit) -> Passage:
    response = trace["response"]
    hits = [(start, start + length) for start, length in zip(hit.hit_start, hit.hit_length, strict=True)]
    has_sentence = hit.char_start is not None and hit.char_end is not None
    sentence = (hit.char_start or 0, hit.char_end or 0) if has_sentence else hits[0]
    # A sentence that was not searched for has no hits: it is shown from its beginning.
    last = max(sentence[1], hits[-1][1]) if hits else sentence[1]
    shown = (max(0, sentence[0] - CONTEXT), min(len(response), last + CONTEXT))
    if shown[1] - shown[0] > LONGEST + 2 * CONTEXT:
        start = max(shown[0], hits[0][0] - LONGEST // 2) if hits else shown[0]
        shown = (start, min(shown[1], start + LONGEST + 2 * CONTEXT))
    return Passage(
        run=run,
        trace={name: value for name, value in trace.items() if name != "response"},
        sentence_index=hit.sentence_index,
        label=hit.label,
        direction=hit.direction,
        n_hits=len(hits),
        pieces=tuple(_pieces(response, shown, sentence, hits)),
        char_start=shown[0],
        char_end=shown[1],
        n_characters=len(response),
    )


def _pieces(
    response: str, shown: tuple[int, int], sentence: tuple[int, int], hits: Sequence[tuple[int, int]]
) -> Iterator[Piece]:
    """Cut wherever the sentence or a hit begins or ends. Hits are in order and do not overlap."""
    edges = {edge for span in (sentence, *hits) for edge in span if shown[0] < edge < shown[1]}
    cuts = sorted({*shown, *edges})
    for start, end in pairwise(cuts):
        last = bisect_right(hits, (start, len(response) + 1)) - 1
        is_hit = last >= 0 and hits[last][0] <= start < hits[last][1]
        yield Piece(response[start:end], sentence[0] <= start < sentence[1], is_hit)
