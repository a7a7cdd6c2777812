"""The sentences of a pattern, as places in the arrays of `RunData.gaps` and `RunData.codes`.

A text or an expression means what it means to the search: a hit is a stretch of a response, belongs to the sentence in
which it begins, and does not count where that is a mark of format that does not count. Unlike the search, which stops
after so many sentences, all are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from rdpt_core.analysis.behaviours.families import KindFamily
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.behaviours.kinds.tags import notes_state, tag_members
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.gaps.gap_arrays import read_in_order
from rdpt_core.analysis.run.kept import Family, Key
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.arrays import Ints, SmallInts
from rdpt_core.errors import UsageError
from rdpt_core.store import regex
from rdpt_core.store.beside.patterns import Pattern
from rdpt_core.store.reader import Reader, Run

_PLACES = Family("pattern_places", 16, message="Looking through all sentences …")
_TAGS = Family("pattern_tags", 2)
# Ten million sentences: 120 MB.
_SPANS = Family("sentence_spans", 1, message="Reading where sentences begin …")

_SHOWN_NAMES = 20
# Two characters that Unicode assigns to nothing, ever; should a response hold one, it is replaced before the cut.
_CUT, _CUT_SUBSTITUTE = "\U0010ffff", "\U0010fffe"
_TRACE_BITS = 32
_SENTENCES_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Where the sentences of a run begin and end.

    Attributes:
        trace_no: (n_traces,), ascending.
        begin: (n_sentences,), ascending: the index of the trace times 2**32, plus `char_start`.
        char_end: (n_sentences,).
    """

    trace_no: SmallInts
    begin: Ints
    char_end: SmallInts


def places_of(data: RunData, pattern: Pattern, marks: bool) -> SmallInts:
    """The sentences of a pattern, ascending: places in the arrays of `gaps` and `codes` under a rule with these marks.

    Args:
        marks: whether marks of format count like sentences.

    Raises:
        UsageError: it looks for nothing, its expression cannot be used, or the run knows no such kind or tag.
    """
    if pattern.how in ("kind", "tag"):
        return _of_kind(data, pattern, marks)
    sought = _checked(pattern)

    def find() -> SmallInts:
        spans = _spans(data, marks)
        found = [np.empty(0, np.int32)]
        with data.open_reader() as reader:
            for first, last in _batches(spans):
                found.append(_sentences_at(spans, *_hits(reader, data.run, pattern, sought, first, last)))
        return np.concatenate(found)

    key = (*data.key[:1], pattern.how, pattern.value, pattern.match_case, marks)
    places: SmallInts = data.keep(_PLACES, key, find)
    return places


def pattern_key(data: RunData, pattern: Pattern) -> Key:
    """What the sentences of a pattern depend on beside the run: not its name, but the notes where it is a tag."""
    key = (pattern.how, pattern.value, pattern.family, pattern.match_case)
    return (*key, *notes_state(data)) if pattern.how == "tag" else key


def _of_kind(data: RunData, pattern: Pattern, marks: bool) -> SmallInts:
    families = _families(data, pattern, marks)
    found = next((family for family in families if pattern.value in family.names), None)
    if found is None:
        what = "tag" if pattern.how == "tag" else f"kind of {pattern.family or 'sentence'}"
        known = [repr(name) for family in families for name in family.names[:_SHOWN_NAMES]]
        raise UsageError(
            f"no sentence of the run has this {what}",
            where=f"run {data.run.run_id}",
            expected=", ".join(known[:_SHOWN_NAMES]) or f"a run whose sentences have a {what}",
            got=repr(pattern.value),
        )
    return found.places(pattern.value)


def _families(data: RunData, pattern: Pattern, marks: bool) -> tuple[KindFamily, ...]:
    if pattern.how == "tag":
        key = (*data.key[:1], *notes_state(data), marks)
        return (data.keep(_TAGS, key, lambda: tag_members(data, marks)),)
    return tuple(family for family in kinds_of(data, marks) if pattern.family in ("", family.family))


def _checked(pattern: Pattern) -> str:
    """The regular expression that finds the pattern's hits."""
    if not pattern.value:
        raise UsageError("the pattern looks for nothing", expected="a text of at least one character")
    if pattern.how == "expression":
        return regex.checked(pattern.value, match_case=pattern.match_case)
    return regex.literal(pattern.value, match_case=pattern.match_case)


def _batches(spans: _Spans) -> Iterator[tuple[int, int]]:
    """The first and the last number of traces that are looked at together: a frequent letter has more hits than memory
    holds at once."""
    n_sentences = np.searchsorted(spans.begin, np.arange(1, len(spans.trace_no) + 1, dtype=np.int64) << _TRACE_BITS)
    first = 0
    while first < len(spans.trace_no):
        n_before = int(n_sentences[first - 1]) if first else 0
        last = max(first, int(np.searchsorted(n_sentences, n_before + _SENTENCES_AT_ONCE, side="right")) - 1)
        yield int(spans.trace_no[first]), int(spans.trace_no[last])
        first = last + 1


def _hits(reader: Reader, run: Run, pattern: Pattern, sought: str, first: int, last: int) -> tuple[SmallInts, Ints]:
    """(n_hits,) the trace of each hit, and where it starts in code points of the response; of traces `first` to `last`.

    Cut around every hit, a response is a list in which every second piece is a hit; sums of lengths are positions.
    """
    if pattern.how == "expression":
        holds, held = "regexp_matches(response, $2)", sought
    elif pattern.match_case:
        holds, held = "contains(response, $5)", pattern.value
    else:
        holds, held = "contains(lower(response), lower($5))", pattern.value
    cut = (
        f"string_split(regexp_replace(replace(response, '{_CUT}', '{_CUT_SUBSTITUTE}'), $2, "
        f"'{_CUT}\\0{_CUT}', 'g'), '{_CUT}')"
    )
    found = reader.query(
        f"SELECT trace_no, [length(piece)::INTEGER FOR piece IN {cut}] AS lengths FROM traces "
        f"WHERE run_no = $1 AND trace_no BETWEEN $3 AND $4 AND {holds} ORDER BY trace_no",
        [run.run_no, sought, first, last, *([held] if "$5" in holds else [])],
    )
    trace_no, lengths = found.column("trace_no").to_numpy(), found.column("lengths").combine_chunks()
    n_pieces = pc.list_value_length(lengths).to_numpy(zero_copy_only=False).astype(np.int64)
    length = lengths.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    begin = np.concatenate([[0], np.cumsum(n_pieces)])
    start = np.concatenate([[0], np.cumsum(length)])
    row = np.repeat(np.arange(len(n_pieces)), n_pieces)
    number = np.arange(len(length)) - begin[row]
    is_hit = (number % 2 == 1) & (length > 0)
    within = start[:-1] - start[begin[row]]
    return trace_no[row[is_hit]].astype(np.int32), within[is_hit]


def _spans(data: RunData, marks: bool) -> _Spans:
    def read() -> _Spans:
        rule = LabelRule.make(marks=marks)
        columns = {name: name for name in ("char_start", "char_end")}
        with data.open_reader() as reader:
            source = sentences_sql(data.run.run_no, rule)
            found = read_in_order(reader, data.run, rule, columns, source, dict.fromkeys(columns, np.int32))
        trace = np.repeat(np.arange(len(found.trace_no), dtype=np.int64), np.diff(found.start))
        return _Spans(found.trace_no, (trace << _TRACE_BITS) + found.columns["char_start"], found.columns["char_end"])

    spans: _Spans = data.keep(_SPANS, (*data.key[:1], marks), read)
    return spans


def _sentences_at(spans: _Spans, trace_no: SmallInts, start: Ints) -> SmallInts:
    """The sentences in which hits begin, each once, ascending. Traces without sentences have none."""
    if not len(spans.trace_no) or not len(trace_no):
        return np.empty(0, np.int32)
    trace = np.minimum(np.searchsorted(spans.trace_no, trace_no), len(spans.trace_no) - 1)
    place = np.searchsorted(spans.begin, (trace.astype(np.int64) << _TRACE_BITS) + start, side="right") - 1
    is_known = (spans.trace_no[trace] == trace_no) & (place >= 0)
    place, trace, start = place[is_known], trace[is_known], start[is_known]
    is_inside = (spans.begin[place] >> _TRACE_BITS == trace) & (start < spans.char_end[place])
    return np.unique(place[is_inside]).astype(np.int32)
