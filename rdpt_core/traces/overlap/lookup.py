"""Sentences of a run looked up in training texts: how often they stand there, in what part, and beside which sentence.

copied    the whole sentence, with white space folded                                     n_verbatim
template  its template: with any numbers, names and formulas                              n_template
stretch   the longest stretch of its words, also across sentences of a training text      span
nearest   itself, else the first sentence in its template, else the likest of a few
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import Bools, Ints
from rdpt_core.records.overlap import OverlapColumns
from rdpt_core.traces.overlap.likest import likest
from rdpt_core.traces.overlap.stretches import FEWEST, Stretches
from rdpt_core.traces.overlap.training import Templates, TrainingTexts
from rdpt_core.traces.overlap.words import CutTexts, cut_texts
from rdpt_core.traces.templates import templates

FEWEST_WORDS = 3
"""Of a stretch that is told: words in it that are no signs, unless it is the whole sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Training texts as sentences are looked up in them."""

    training: TrainingTexts
    templates: Templates

    def look_up(self, texts: Sequence[str], starts: Sequence[Ints], is_mark: Bools) -> OverlapColumns:
        """Look up all sentences of some responses.

        Args:
            starts: for each text, where its sentences begin; the first at 0.
            is_mark: (all their sentences,), which are marks of format and so none. These, and sentences without a
                word, stay unknown.
        """
        cut = cut_texts(texts, starts)
        n = len(cut.sentences)
        has_words = np.bincount(cut.sentence[cut.is_word], minlength=n) > 0
        one = _Distinct.of(cut, np.flatnonzero(has_words & ~is_mark), self)
        columns = OverlapColumns.unknown(n)
        columns.n_verbatim[one.sentences] = one.n_verbatim[one.which]
        columns.n_template[one.sentences] = one.n_template[one.which]
        stretches, nearest = one.searched()
        columns.nearest[one.sentences] = nearest[one.which]
        length, first = stretches.n_words[one.which], one.first_words[one.sentences]
        begin = first + stretches.at[one.which]
        told = length > 0
        before = np.repeat(_before(texts), [len(at) for at in starts])[one.sentences[told]]
        columns.span_start[one.sentences[told]] = cut.start[begin[told]] - before
        columns.span_end[one.sentences[told]] = cut.end[begin[told] + length[told] - 1] - before
        columns.span_in[one.sentences[told]] = stretches.place[one.which[told]]
        return columns


def _before(texts: Sequence[str]) -> Ints:
    """(n_texts,), the characters of all texts before each."""
    lengths = np.array([len(text) for text in texts], np.int64)
    return np.cumsum(lengths) - lengths


@dataclass(frozen=True, slots=True, eq=False)
class _Distinct:
    """The different texts among some sentences, and what the training texts say of each.

    Attributes:
        cut: all sentences.
        first_words: (n_all + 1,), where the words of each begin.
        sentences: (n,), which of them are looked up.
        which: (n,), the text of each of those.
        first: (n_distinct,), the first sentence with each text.
        texts: (n_distinct,).
        known: (n_distinct,), the same text in the training texts; -1 for none.
        template: (n_distinct,), its template there; -1 for none.
    """

    index: Index
    cut: CutTexts
    first_words: Ints
    sentences: Ints
    which: Ints
    first: Ints
    texts: pa.StringArray
    known: Ints
    template: Ints

    @classmethod
    def of(cls, cut: CutTexts, sentences: Ints, index: Index) -> _Distinct:
        encoded = cut.sentences.take(pa.array(sentences)).dictionary_encode()
        which = encoded.indices.to_numpy().astype(np.int64)
        texts = encoded.dictionary
        _, first = np.unique(which, return_index=True)
        masked = templates(texts, index.templates.names)
        return cls(
            index,
            cut,
            cut.first_words(),
            sentences,
            which,
            sentences[first],
            texts,
            _places(texts, index.training.texts),
            _places(masked, index.templates.texts),
        )

    @property
    def n_verbatim(self) -> Ints:
        """(n_distinct,)."""
        return np.where(self.known >= 0, self.index.training.n_times[self.known], 0)

    @property
    def n_template(self) -> Ints:
        """(n_distinct,), never fewer than word for word."""
        return np.where(self.template >= 0, self.index.templates.n_times[self.template], 0)

    def searched(self) -> tuple[Stretches, Ints]:
        """The stretches of all texts, with `at` counted in words of its sentence and `place` as a sentence's number;
        and the number of the nearest sentence of each, -1 for none."""
        training = self.index.training
        n_words = self.first_words[self.first + 1] - self.first_words[self.first]
        found = Stretches(
            np.where(self.known >= 0, n_words, 0).astype(np.int32),
            np.zeros(len(self.first), np.int64),
            np.where(self.known >= 0, training.first[self.known], -1),
            np.full(len(self.first), -1, np.int64),
        )
        nearest = np.where(self.known >= 0, self.known, -1)
        in_template = (self.known < 0) & (self.template >= 0)
        nearest[in_template] = self.index.templates.first[self.template[in_template]]
        rest = np.flatnonzero(self.known < 0)
        stretches, rare = self._stretches(rest, n_words[rest])
        is_new = nearest[rest] < 0
        alike = likest(training, self.texts.take(pa.array(rest[is_new])), _some(stretches, is_new), rare[is_new])
        nearest[rest[is_new]] = alike
        told = self._told(rest, stretches, n_words[rest])
        found.n_words[rest[told]] = stretches.n_words[told]
        found.at[rest[told]] = stretches.at[told]
        found.place[rest[told]] = training.sentence[stretches.place[told]]
        return found, np.where(nearest >= 0, training.first[nearest], -1)

    def _stretches(self, rest: Ints, n_words: Ints) -> tuple[Stretches, Ints]:
        """The stretches of some texts, with `at` counted in words of its sentence, and where the rarest three words of
        each stand in the index; -1 for none."""
        sentence = np.repeat(np.arange(len(rest), dtype=np.int32), n_words)
        ends = np.cumsum(n_words)
        place = np.arange(len(sentence)) - np.repeat(ends - n_words, n_words)
        hashes = self.cut.hash[np.repeat(self.first_words[self.first[rest]], n_words) + place]
        words = self.index.training.words
        found = words.longest(hashes, sentence, np.repeat(ends, n_words), len(rest))
        rare = np.full(len(rest), -1, np.int64)
        has = np.flatnonzero(found.rare_at >= 0)
        rare[has] = np.searchsorted(words.starts, words.hashes_of(hashes, found.rare_at[has]))
        begins = ends - n_words
        return Stretches(found.n_words, found.at - begins, found.place, found.rare_at), rare

    def _told(self, rest: Ints, stretches: Stretches, n_words: Ints) -> Bools:
        """Which stretches hold three words, or are the whole sentence."""
        counted = np.append(0, np.cumsum(self.cut.is_word))
        begin = self.first_words[self.first[rest]] + stretches.at
        has = stretches.n_words >= FEWEST
        begin = np.where(has, begin, 0)
        n_real = counted[begin + stretches.n_words * has] - counted[begin]
        return has & ((n_real >= FEWEST_WORDS) | (stretches.n_words == n_words))


def _some(stretches: Stretches, chosen: Bools) -> Stretches:
    return Stretches(
        *(values[chosen] for values in (stretches.n_words, stretches.at, stretches.place, stretches.rare_at))
    )


def _places(texts: pa.StringArray, known: pa.StringArray) -> Ints:
    """(n,), where each text stands among distinct ones; -1 for nowhere."""
    found = pc.fill_null(pc.index_in(texts, value_set=known), -1)
    return found.to_numpy().astype(np.int64)
