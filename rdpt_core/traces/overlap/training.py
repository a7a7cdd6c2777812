"""Training texts, read once: their sentences, each text of one kept once, and their words in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rdpt_core.arrays import Hashes, Ints, SmallInts
from rdpt_core.errors import InputError
from rdpt_core.traces.overlap.stretches import IndexedWords
from rdpt_core.traces.overlap.words import U64, CutTexts, cut_texts, mixed
from rdpt_core.traces.splitters import Splitter
from rdpt_core.traces.templates import templates

MOST_CHARACTERS = 1 << 31
# Characters that are cut at once, texts whole.
_PIECE = 1 << 23
# No word's hash is made of so large a number.
_BETWEEN = U64(1 << 63)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingTexts:
    """All sentences of some training texts, in order, and what they are looked up by.

    Memory: 32 bytes a word, 12 a sentence, and the texts of distinct sentences.

    Attributes:
        record_ids: (n_records,), what each record is called.
        record_start: (n_records + 1,); the sentences of record i are `record_start[i] : record_start[i + 1]`.
        distinct: (n_sentences,), which of the distinct texts each sentence has.
        texts: (n_distinct,), in the order in which they come first.
        n_times: (n_distinct,), how often each stands in all records.
        first: (n_distinct,), the first sentence of each.
        words: all words and signs in a row.
        sentence: (n_words,), the sentence of each.
    """

    record_ids: tuple[str, ...]
    record_start: Ints
    distinct: SmallInts
    texts: pa.StringArray
    n_times: Ints
    first: Ints
    words: IndexedWords
    sentence: SmallInts

    def rows(self, numbers: Ints) -> pa.Table:
        """One row for each of some sentences: number, record, place in it, how often it stands anywhere, and text."""
        record = np.searchsorted(self.record_start, numbers, side="right") - 1
        distinct = self.distinct[numbers]
        return pa.table(
            {
                "sentence_no": pa.array(numbers, pa.int32()),
                "record_no": pa.array(record, pa.int32()),
                "record_id": pa.array([self.record_ids[number] for number in record.tolist()], pa.string()),
                "sentence_index": pa.array(numbers - self.record_start[record], pa.int32()),
                "n_times": pa.array(self.n_times[distinct], pa.int32()),
                "text": self.texts.take(pa.array(distinct)),
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """The templates of the distinct sentences of training texts.

    Attributes:
        names: what was taken as a name where a sentence begins.
        texts: (n_templates,), in the order in which they come first.
        n_times: (n_templates,), how many sentences of all records have each.
        first: (n_templates,), the first distinct text of each.
    """

    names: frozenset[str]
    texts: pa.StringArray
    n_times: Ints
    first: Ints

    @classmethod
    def of(cls, training: TrainingTexts, names: frozenset[str]) -> Templates:
        """Mask the sentences of training texts."""
        encoded = templates(training.texts, names).dictionary_encode()
        which = encoded.indices.to_numpy()
        _, first = np.unique(which, return_index=True)
        n_times = np.bincount(which, training.n_times, len(first)).astype(np.int64)
        return cls(names, encoded.dictionary, n_times, first)


def read_training(records: Iterable[tuple[str, str]], splitter: Splitter) -> TrainingTexts:
    """Cut and index training texts.

    Args:
        records: id and text of each.

    Raises:
        InputError: they hold no word, or more characters than can be indexed.
    """
    ids: list[str] = []
    pieces = _Pieces()
    for piece in _in_pieces(records):
        ids += [name for name, _ in piece]
        texts = [text for _, text in piece]
        starts = [np.array([span.char_start for span in splitter.split(text)], np.int64) for text in texts]
        pieces.add(texts, starts)
    if not pieces.n_words:
        raise InputError("the training texts hold no word", expected="responses of the teacher", got="none")
    return pieces.indexed(tuple(ids))


def _in_pieces(records: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    piece: list[tuple[str, str]] = []
    n, total = 0, 0
    for name, text in records:
        n, total = n + len(text), total + len(text)
        if total > MOST_CHARACTERS:
            raise InputError(
                "the training texts are too long to be indexed at once",
                expected=f"at most {MOST_CHARACTERS:,} characters",
                hint="Give a part of them.",
            )
        piece.append((name, text))
        if n >= _PIECE:
            yield piece
            piece, n = [], 0
    yield piece


class _Pieces:
    """Training texts that were cut one piece after another."""

    def __init__(self) -> None:
        self._sentences: list[pa.StringArray] = []
        self._lengths: list[Ints] = []
        self._hashes: list[Hashes] = []
        self._sentence: list[SmallInts] = []
        self._n_records, self._n_sentences, self.n_words = 0, 0, 0

    def add(self, texts: list[str], starts: list[Ints]) -> None:
        cut = cut_texts(texts, starts)
        lengths = np.array([len(at) for at in starts], np.int64)
        ends = cut.first_words()[np.cumsum(lengths)]  # behind the last word of each text
        between = mixed(_BETWEEN + np.arange(self._n_records, self._n_records + len(texts), dtype=U64))
        self._sentences.append(cut.sentences)
        self._lengths.append(lengths)
        self._hashes.append(np.insert(cut.hash, ends, between))
        self._sentence.append(np.insert(cut.sentence + np.int32(self._n_sentences), ends, -1))
        self._n_records += len(texts)
        self._n_sentences += len(cut.sentences)
        self.n_words += _n_words(cut)

    def indexed(self, ids: tuple[str, ...]) -> TrainingTexts:
        encoded = pa.chunked_array(self._sentences, pa.string()).dictionary_encode().unify_dictionaries()
        texts = encoded.chunk(0).dictionary
        distinct = np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks])
        _, first = np.unique(distinct, return_index=True)
        return TrainingTexts(
            ids,
            np.append(0, np.cumsum(np.concatenate(self._lengths))),
            distinct,
            texts,
            np.bincount(distinct, minlength=len(texts)),
            first,
            IndexedWords.of(np.concatenate(self._hashes)),
            np.concatenate(self._sentence),
        )


def _n_words(cut: CutTexts) -> int:
    return int(cut.is_word.sum())
