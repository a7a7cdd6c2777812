"""One pass over all sentences of a run: the number of each one's template and openings, lenses, and frequent texts.

Memory: 33 bytes a sentence, counters of 256 MB in a large run, a block of responses, and the texts of frequent
templates. A template that is rarer than one sentence in `ONE_IN` is not kept by its text; up to that many sentences all
are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.behaviours.kinds.frequent import Frequent
from rdpt_core.analysis.behaviours.kinds.grouping import MIN_SENTENCES
from rdpt_core.analysis.behaviours.kinds.hashing import FIRST_WORDS, PUNCTUATION, hashed
from rdpt_core.analysis.behaviours.kinds.lenses import lens_bits
from rdpt_core.analysis.behaviours.kinds.texts import Piece, Spans, blocks, read_block
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Codes, Hashes, Ints, SmallInts
from rdpt_core.store.reader import Reader, Run
from rdpt_core.traces.wording.templates import MOST_TEXTS_FOR_NAMES, names_in, templates

ONE_IN = 250_000
NONE = -1
"""The number of a sentence whose template, or opening, is not among the frequent ones."""

_NAME_BLOCKS = 10
# To prepare the expressions of lenses takes nearly as long as to look at one piece.
_SEEN_AT_ONCE = 4
_LOOKUP = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """Texts that are frequent, and which of them each sentence has.

    Attributes:
        texts: (k,), different ones.
        n: (k,), sentences of each.
        number: (n_sentences,), the place in `texts`, or `NONE`.
    """

    texts: tuple[str, ...]
    n: Ints
    number: SmallInts


@dataclass(frozen=True, slots=True, eq=False)
class AllRead:
    """What the pass found.

    Attributes:
        templates: whole templates.
        openings: (FIRST_WORDS,), of one word, of two, of three.
        lenses: (n_sentences,), as `lens_bits` gives them.
    """

    templates: Numbered
    openings: tuple[Numbered, ...]
    lenses: Codes


_Counted = tuple[Hashes, Ints, Ints]
_Looked = list[tuple[pa.StringArray, list[_Counted]]]


def read_all(reader: Reader, run: Run, spans: Spans) -> AllRead:
    """Read all sentences once.

    Raises:
        StoreError: the database is damaged.
    """
    n = len(spans.char_start)
    names = _names(reader, run, spans)
    keys = np.zeros((1 + FIRST_WORDS, n), np.uint64)
    lenses = np.zeros(n, np.uint8)
    fewest = max(1, min(MIN_SENTENCES, n // ONE_IN))
    frequent = [Frequent(fewest) for _ in keys]

    def look(piece: Piece) -> tuple[pa.StringArray, list[_Counted]]:
        masked = templates(piece.texts, names)
        found = hashed(masked)
        places = slice(piece.first, piece.first + len(masked))
        keys[0, places] = found.whole
        keys[1:, places] = found.openings
        return masked, [_counted(own[places]) for own in keys]

    def see(pieces: Sequence[tuple[Piece, pa.StringArray]]) -> None:
        masked, texts = (
            pa.concat_arrays(parts) for parts in zip(*((own, piece.texts) for piece, own in pieces), strict=True)
        )
        first = pieces[0][0].first
        lenses[first : first + len(masked)] = lens_bits(masked, texts)

    for block in blocks(reader, run, spans):
        looked = in_parallel(look, block)
        seen = [(piece, masked) for piece, (masked, _) in zip(block, looked, strict=True)]
        in_parallel(see, (seen[i : i + _SEEN_AT_ONCE] for i in range(0, len(seen), _SEEN_AT_ONCE)))

        def count(n_words: int, looked: _Looked = looked) -> None:
            for masked, counted in looked:
                frequent[n_words].add(*counted[n_words], partial(_texts, masked, n_words))

        in_parallel(count, range(len(frequent)))
    numbered = [_numbered(own, kept) for own, kept in zip(keys, frequent, strict=True)]
    return AllRead(numbered[0], tuple(numbered[1:]), lenses)


def _counted(keys: Hashes) -> _Counted:
    """Different keys, ascending, a place of each, and how often each is there; without 0, which stands for no text."""
    different, first, n = np.unique(keys, return_index=True, return_counts=True)
    some = slice(1 if len(different) and different[0] == 0 else 0, None)
    return different[some], first[some], n[some]


def _texts(masked: pa.StringArray, n_words: int, rows: Ints) -> list[str]:
    """Whole templates at some places, or their first words."""
    found = masked.take(pa.array(rows)).to_pylist()
    return [opening_of(text, n_words) for text in found] if n_words else found


def opening_of(template: str, n_words: int) -> str:
    """The first words of a template without the punctuation around them."""
    return " ".join(word.strip(PUNCTUATION) for word in template.split(" ", n_words)[:n_words])


def _names(reader: Reader, run: Run, spans: Spans) -> frozenset[str]:
    """Names of a run: from all of its sentences, or else from parts of it that are evenly spaced."""
    n_traces, n_sentences = len(spans.trace_no), len(spans.char_start)
    if n_sentences <= MOST_TEXTS_FOR_NAMES:
        parts = [(0, n_traces)]
    else:
        size = max(1, n_traces * MOST_TEXTS_FOR_NAMES // n_sentences // _NAME_BLOCKS)
        parts = [(first, first + size) for first in np.linspace(0, n_traces - size, _NAME_BLOCKS).astype(int).tolist()]
    pieces = [piece.texts for first, last in parts for piece in read_block(reader, run, spans, first, last)]
    return names_in(pa.chunked_array(pieces, pa.string()))


def _numbered(keys: Hashes, frequent: Frequent) -> Numbered:
    """Which of the frequent texts each sentence has, and how many have each. Equal texts are one."""
    known, texts = frequent.known()
    different = sorted(set(texts))
    place = {text: number for number, text in enumerate(different)}
    number_of = np.array([place[text] for text in texts] + [NONE], np.int32)
    number = np.empty(len(keys), np.int32)

    def look(first: int) -> Ints:
        piece = slice(first, first + _LOOKUP)
        at = np.searchsorted(known, keys[piece])
        is_known = at < len(known)
        is_known[is_known] = known[at[is_known]] == keys[piece][is_known]
        number[piece] = number_of[np.where(is_known, at, len(known))]
        return np.bincount(number[piece] + 1, minlength=len(different) + 1)

    n = np.zeros(len(different) + 1, np.int64)
    for counted in in_parallel(look, range(0, len(keys), _LOOKUP)):
        n += counted
    return Numbered(tuple(different), n[1:], number)
