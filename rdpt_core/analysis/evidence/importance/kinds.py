"""What kind of sentence it is, by what it says: a few lexical rules, asked in a fixed order, so that each has one kind.

    equation  a digit, and an equals sign or ≈
    check     else a word of doubt or of checking: wait, hmm, check, verify, …
    plan      else a word of what comes next: first, next, let us, we need to, …
    other     else: filler, statements in words, and whatever is not English and no equation

Ours. Words are English: a check or a plan in another language is `other`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import Codes, Ints, SmallInts
from rdpt_core.errors import StoreError
from rdpt_core.store.soundness import damaged

KINDS = ("equation", "check", "plan", "other")
"""In the order in which the rules are asked."""

_DIGIT = r"\p{Nd}"
_EQUALS = r"=|＝|≈|≡|\\approx\b|\\equiv\b"
_CHECK = (
    r"\b(wait|hmm+|(re|double-?|cross-?)?check(s|ed|ing)?|verif(y|ies|ied|ying|ication)|confirm(s|ed|ing)?|"
    r"make sure|to be sure|sanity|looking back|is (that|this) (right|correct|true)|(is|are) consistent|"
    r"mistakes?|plug(ging)? .{0,40}\bback)\b"
)
_PLAN = (
    r"\b(first(ly)?|next|second(ly)?|third(ly)?|finally|step by step|step \p{Nd}+|plan|approach|strategy|"
    r"(we|i) (need|have|want|ought) to|(we|i) (can|could|should|must) (now )?(try|use|start|begin|find|compute)|"
    r"let['’]?s|let us|let me|(we|i)['’]ll|(we|i) will|going to|(start|begin) by|to do (so|this|that)|"
    r"one (way|option) (is|would be))\b"
)
_RULES = (
    ("equation", (_DIGIT, _EQUALS)),
    ("check", (_CHECK,)),
    ("plan", (_PLAN,)),
)
"""A sentence is of the first kind all of whose patterns it holds. They are read by RE2, upper and lower case alike."""


def kinds_of(sentences: pa.Array) -> Codes:
    """(n,), the kind of each sentence as an index into `KINDS`.

    Args:
        sentences: (n,) strings.
    """
    codes = np.full(len(sentences), KINDS.index("other"), np.uint8)
    is_open = np.ones(len(sentences), bool)
    for kind, patterns in _RULES:
        fits = is_open.copy()
        for pattern in patterns:
            # Only what is left is read again.
            rest = np.flatnonzero(fits)
            found = pc.match_substring_regex(sentences.take(pa.array(rest)), pattern, ignore_case=True)
            fits[rest] = np.asarray(found)
        codes[fits] = KINDS.index(kind)
        is_open &= ~fits
    return codes


def cut(responses: pa.ChunkedArray | pa.Array, n_bytes: SmallInts, n_sentences: Ints) -> pa.Array:
    """The sentences of some responses as strings, without copying them: they tile their responses.

    Args:
        responses: (n_traces,) strings.
        n_bytes: (all their sentences,), the length of each in UTF-8.
        n_sentences: (n_traces,).

    Raises:
        StoreError: the database is damaged: sentences do not tile their responses.
    """
    texts = responses.cast(pa.large_binary())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    trace = np.repeat(np.arange(len(n_sentences)), n_sentences)
    length = np.bincount(trace, n_bytes, len(n_sentences)).astype(np.int64)
    stored = np.asarray(pc.binary_length(texts))
    if not np.array_equal(length, stored):
        raise _not_tiled(int(length.sum()), int(stored.sum()))
    _, offsets, data = texts.buffers()
    first = int(np.frombuffer(offsets, np.int64)[texts.offset])
    ends = first + np.concatenate([[0], np.cumsum(n_bytes, dtype=np.int64)])
    return pa.LargeStringArray.from_buffers(len(n_bytes), pa.py_buffer(ends.tobytes()), data)


def _not_tiled(cut_bytes: int, stored_bytes: int) -> StoreError:
    return damaged("sentences of the run", f"as many bytes as their responses, {stored_bytes:,}", f"{cut_bytes:,}")
