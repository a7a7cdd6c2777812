"""Tags that others gave to stretches of a response: `meta.sentence_tags` of a trace.

An entry names a stretch by its characters, or by its text, and the tags that it has:

    {"char_start": 0, "char_end": 22, "tags": ["problem_setup"]}
    {"text": "Let me check that.", "tags": ["Verify"]}

Characters are half-open offsets in code points of the response. Texts are looked for one after another, each behind the
one before it, white space left out of account; a text that is not there, or only before, is found if it stands in the
response once. What cannot be placed so is counted and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdpt_core.arrays import Ints
from rdpt_core.records import Span

SENTENCE_TAGS = "sentence_tags"
"""Their key in `meta`."""

NOT_PLACED = f"{SENTENCE_TAGS}_not_placed"
"""What stands beside it in `meta` if an import could not place all that the source has tagged: how many."""

MOST_ENTRIES = 20_000
"""Of one trace; what is beyond is counted as bad. A hostile list must not cost hours of searching."""

MOST_TAGS, MOST_TAG_CHARACTERS = 20, 60
"""Of one entry, and of one tag; as for notes."""

_VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A stretch of a response and its tags."""

    char_start: int
    char_end: int
    tags: tuple[str, ...]

    def to_entry(self) -> dict[str, Any]:
        """The same as an entry of `meta.sentence_tags`."""
        return {"char_start": self.char_start, "char_end": self.char_end, "tags": list(self.tags)}


def read_tags(meta: Mapping[str, Any], response: str) -> tuple[tuple[TaggedSpan, ...], int]:
    """The tagged stretches of a trace, and how many entries are none: without tags, out of bounds, or not found.

    Args:
        meta: hostile; a `sentence_tags` that is no list is one bad entry.
    """
    entries = meta.get(SENTENCE_TAGS)
    if entries is None:
        return (), 0
    if not isinstance(entries, list):
        return (), 1
    finder, spans = _Finder(response), []
    for entry in entries[:MOST_ENTRIES]:
        tags = _tags(entry.get("tags")) if isinstance(entry, dict) else ()
        span = _bounds(entry, finder) if tags else None
        if span is not None:
            spans.append(TaggedSpan(*span, tags))
    return tuple(spans), len(entries) - len(spans)


def tag_names(meta: Mapping[str, Any]) -> frozenset[str]:
    """The tags that a trace names, wherever they belong.

    Args:
        meta: hostile.
    """
    entries = meta.get(SENTENCE_TAGS)
    given = entries[:MOST_ENTRIES] if isinstance(entries, list) else []
    return frozenset(tag for entry in given if isinstance(entry, dict) for tag in _tags(entry.get("tags")))


def place_tags(response: str, series: Iterable[Iterable[tuple[Any, Any]]]) -> dict[str, Any]:
    """Fields of `meta` for what a source has tagged.

    Args:
        series: (text, tags) of stretches of the response, in its order; a source that has tagged it twice gives two.

    Returns:
        `sentence_tags`, the stretches that were found, and `NOT_PLACED`, how many were not; each is left out if there
        are none.
    """
    entries, n_lost = [], 0
    for pieces in series:
        given = [{"text": text, "tags": tags} for text, tags in pieces if _tags(tags)]
        spans, n_bad = read_tags({SENTENCE_TAGS: given}, response)
        entries += [span.to_entry() for span in spans]
        n_lost += n_bad
    placed: dict[str, Any] = {SENTENCE_TAGS: entries} if entries else {}
    return placed | ({NOT_PLACED: n_lost} if n_lost else {})


def tagged_sentences(spans: Sequence[TaggedSpan], sentences: Sequence[Span], response: str) -> dict[str, Ints]:
    """Tag → the places of the sentences that it covers by more than half, ascending; white space around one apart.

    Equals, for each tag and sentence: 2 · |characters of the sentence in any stretch with this tag| > |characters|.
    """
    starts, ends = (np.array(bounds, np.int64) for bounds in _trimmed(sentences, response))
    by_tag: dict[str, list[tuple[int, int]]] = {}
    for span in spans:
        for tag in span.tags:
            by_tag.setdefault(tag, []).append((span.char_start, span.char_end))
    found = {}
    for tag, stretches in by_tag.items():
        covered = _covered_before(stretches, ends) - _covered_before(stretches, starts)
        places = np.flatnonzero(2 * covered > ends - starts)
        if len(places):
            found[tag] = places
    return found


def _trimmed(sentences: Sequence[Span], response: str) -> tuple[list[int], list[int]]:
    """Where sentences begin and end without the white space around them; one of nothing else is empty."""
    starts, ends = [], []
    for span in sentences:
        text = response[span.char_start : span.char_end]
        start = span.char_start + len(text) - len(text.lstrip())
        starts.append(start)
        ends.append(max(start, span.char_start + len(text.rstrip())))
    return starts, ends


def _covered_before(stretches: Iterable[tuple[int, int]], at: Ints) -> Ints:
    """(n,), how many characters before each place some stretches hold, each character once."""
    merged: list[list[int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    starts, ends = np.array(merged, np.int64).T
    whole = np.concatenate([[0], np.cumsum(ends - starts)])
    last = np.searchsorted(starts, at, side="right") - 1
    inside = np.minimum(at, ends[last]) - starts[last]
    covered: Ints = np.where(last < 0, 0, whole[last] + inside)
    return covered


class _Finder:
    """Finds texts in a response one after another, white space left out of account."""

    def __init__(self, response: str) -> None:
        self.n_characters = len(response)
        self._response = response
        self._places: list[int] | None = None
        self._visible = ""
        self._next = 0

    def find(self, text: str) -> tuple[int, int] | None:
        """Where a text stands: behind the last one found, else anywhere if it is there once; None if it is not."""
        if self._places is None:  # most entries have bounds, and need no search
            self._places = [match.start() for match in _VISIBLE.finditer(self._response)]
            self._visible = "".join(self._response[place] for place in self._places)
        wanted = "".join(_VISIBLE.findall(text))
        if not wanted:
            return None
        at = self._visible.find(wanted, self._next)
        if at >= 0:
            self._next = at + len(wanted)
        else:
            at = self._visible.find(wanted)
            if at < 0 or self._visible.find(wanted, at + 1) >= 0:
                return None
        return self._places[at], self._places[at + len(wanted) - 1] + 1


def _bounds(entry: Mapping[str, Any], finder: _Finder) -> tuple[int, int] | None:
    if "char_start" not in entry and "char_end" not in entry:
        text = entry.get("text")
        return finder.find(text) if isinstance(text, str) else None
    start, end = entry.get("char_start"), entry.get("char_end")
    # True and False are integers in Python, and none in JSON.
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= finder.n_characters:
        return None
    return start, end


def _tags(value: Any) -> tuple[str, ...]:
    """The tags of an entry, white space folded, none twice; none at all if one of them is no tag."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(tag, str) for tag in given):
        return ()
    tags = tuple(dict.fromkeys(" ".join(tag.split()) for tag in given if tag.strip()))
    return tags if len(tags) <= MOST_TAGS and all(len(tag) <= MOST_TAG_CHARACTERS for tag in tags) else ()
