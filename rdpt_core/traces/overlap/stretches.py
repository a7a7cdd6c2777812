"""The longest stretch of words that a sentence shares with training texts, for many sentences at once.

A sentence that shares a stretch of k words with a text shares all shorter stretches of it. So k grows, and what shared
none of fewer words is never looked at again, neither on the side of the sentences nor on that of the texts: the first
step finds three words in a row in a sorted list of all that the texts hold, and each further one compares the hashes of
what is left on both sides. Beyond sixteen words k grows by more than one, and what falls between is halved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Bools, Hashes, Ints, SmallInts
from rdpt_core.traces.overlap.words import BASE, U64, Sums, mixed, powers

FEWEST = 3
"""Words of the shortest stretch that is looked for, signs counted."""

_ONE_BY_ONE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """What was found for each sentence.

    Attributes:
        n_words: (n_sentences,), words and signs of its longest shared stretch; 0 if it shares no three.
        at: (n_sentences,), where the first such stretch begins, as a place among all words looked up.
        place: (n_sentences,), where the texts hold it first, as a place among their words.
        rare_at: (n_sentences,), where the three words in a row begin that the texts hold least often.
    """

    n_words: SmallInts
    at: Ints
    place: Ints
    rare_at: Ints


@dataclass(frozen=True, slots=True, eq=False)
class IndexedWords:
    """The words of all training texts in a row, what they hold three words long, and where.

    Memory: 28 bytes a word.

    Attributes:
        sums: of the hashes of the words; between two texts stands a number that no word has.
        starts: (n,), sorted hashes of three words in a row; `places` says where each begins, equal ones ascending.
    """

    sums: Sums
    starts: Hashes
    places: SmallInts

    @classmethod
    def of(cls, hashes: Hashes) -> IndexedWords:
        """Index words.

        Args:
            hashes: (n_words,), of words and of what stands between texts.
        """
        sums = Sums.of(hashes)
        begin = np.arange(max(0, len(hashes) - FEWEST + 1))
        starts = mixed(sums.between(begin, begin + FEWEST))
        order = np.argsort(starts, kind="stable")
        return cls(sums, starts[order], order.astype(np.int32))

    @property
    def n_words(self) -> int:
        """Words, signs, and what stands between texts."""
        return len(self.sums.sums) - 1

    @staticmethod
    def hashes_of(hashes: Hashes, places: Ints) -> Hashes:
        """What `starts` holds for three words in a row.

        Args:
            hashes: (n,), of words; places: where three of them begin.
        """
        three = [hashes[places + number] * powers(BASE, FEWEST)[number] for number in range(FEWEST)]
        return mixed(three[0] + three[1] + three[2])

    def longest(self, hashes: Hashes, sentence: SmallInts, last: Ints, n_sentences: int) -> Stretches:
        """The longest stretch that each sentence shares with the texts; of equally long ones the first.

        Args:
            hashes: (n,), of the words of sentences.
            sentence: (n,), ascending, the sentence of each.
            last: (n,), behind the last word of its sentence.
        """
        found = Stretches(np.zeros(n_sentences, np.int32), *(np.full(n_sentences, -1, np.int64) for _ in range(3)))
        search = _Search(self, Sums.of(hashes), sentence, last, found)
        search.run()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    texts: IndexedWords
    sums: Sums
    sentence: SmallInts
    last: Ints
    found: Stretches

    def run(self) -> None:
        """Fill in what is found."""
        wanted, there = self._begin()
        length = FEWEST
        while len(wanted):
            longer = length + max(1, length // _ONE_BY_ONE)
            # Sentences and texts that share a stretch of so many words, too; the others lie between.
            wanted, there = self._settle(wanted, there, length, longer)
            length = longer

    def _settle(self, wanted: Ints, there: Ints, low: int, high: int) -> tuple[Ints, Ints]:
        """Finish the sentences that share a stretch of `low` words and none of `high`.

        Args:
            wanted: places among the words of sentences at which a shared stretch of `low` words begins; `there` are
                those among the words of the texts.

        Returns:
            The places of both at which one of `high` words begins.
        """
        above = self._shared(wanted, there, high)
        goes_on = np.zeros(len(self.found.n_words), bool)
        goes_on[self.sentence[above[0]]] = True
        rest = wanted[~goes_on[self.sentence[wanted]]]
        if high - low == 1:
            self._finish(rest, there, low)
        else:
            middle = (low + high) // 2
            for places, texts, first, last in self._halves(rest, there, low, middle, high):
                self._settle(places, texts, first, last)
        return above

    def _halves(
        self, wanted: Ints, there: Ints, low: int, middle: int, high: int
    ) -> Iterator[tuple[Ints, Ints, int, int]]:
        if not len(wanted):
            return
        longer, texts = self._shared(wanted, there, middle)
        is_longer = np.zeros(len(self.found.n_words), bool)
        is_longer[self.sentence[longer]] = True
        yield wanted[~is_longer[self.sentence[wanted]]], there, low, middle
        yield longer, texts, middle, high

    def _begin(self) -> tuple[Ints, Ints]:
        """The places of both sides at which a shared stretch of three words begins; notes the rarest of each."""
        places = np.flatnonzero(np.arange(len(self.sentence)) + FEWEST <= self.last)
        hashes = mixed(self.sums.between(places, places + FEWEST))
        # In order of their hashes, the search in a long list stays in the processor's cache.
        order = np.argsort(hashes)
        places, hashes = places[order], hashes[order]
        first = np.searchsorted(self.texts.starts, hashes)
        is_there = first < len(self.texts.starts)
        is_there[is_there] = self.texts.starts[first[is_there]] == hashes[is_there]
        places, hashes, first = places[is_there], hashes[is_there], first[is_there]
        n_times = np.searchsorted(self.texts.starts, hashes, side="right") - first
        is_new = np.ones(len(hashes), bool)
        is_new[1:] = hashes[1:] != hashes[:-1]
        there = self.texts.places[_ranges(first[is_new], n_times[is_new])].astype(np.int64)
        self._note_rarest(places, n_times)
        return np.sort(places), np.sort(there)

    def _note_rarest(self, places: Ints, n_times: Ints) -> None:
        # The last to be written stays: the rarest, and of equally rare ones the first of the sentence.
        order = np.lexsort((-places, -n_times))
        self.found.rare_at[self.sentence[places[order]]] = places[order]

    def _shared(self, wanted: Ints, there: Ints, length: int) -> tuple[Ints, Ints]:
        """Those of both sides at which a stretch of so many words begins that the other has, too."""
        wanted = wanted[wanted + length <= self.last[wanted]]
        there = there[there + length <= self.texts.n_words]
        mine = self.sums.between(wanted, wanted + length)
        theirs = self.texts.sums.between(there, there + length)
        maybe = _may_be_in(theirs, mine)
        there, theirs = there[maybe], theirs[maybe]
        maybe = _may_be_in(mine, theirs)
        wanted, mine = wanted[maybe], mine[maybe]
        return wanted[_is_in(mine, theirs)], there[_is_in(theirs, mine)]

    def _finish(self, wanted: Ints, there: Ints, length: int) -> None:
        """Note the first stretch of so many words of each sentence, and where the texts hold it first."""
        sentence, first = np.unique(self.sentence[wanted], return_index=True)
        if not len(sentence):
            return
        at = wanted[first]
        mine = self.sums.between(at, at + length)
        theirs = self.texts.sums.between(there, there + length)
        maybe = _may_be_in(theirs, mine)
        there, theirs = there[maybe], theirs[maybe]
        order = np.argsort(theirs, kind="stable")
        place = there[order[np.searchsorted(theirs[order], mine)]]
        self.found.n_words[sentence] = length
        self.found.at[sentence] = at
        self.found.place[sentence] = place


def _ranges(first: Ints, length: Ints) -> Ints:
    """`first[0] … first[0] + length[0] - 1, first[1] …`."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - (ends - length), length)


def _may_be_in(values: Hashes, others: Hashes) -> Bools:
    """Whether each is among the others; now and then wrongly True, one time in eight or less."""
    bits = min(max(10, int(len(others) * 8).bit_length()), 26)
    shift = U64(64 - bits)
    table = np.zeros(1 << bits, bool)
    table[others * _SPREAD >> shift] = True
    return table[values * _SPREAD >> shift]


_SPREAD = U64(0xD1342543DE82EF95)


def _is_in(values: Hashes, others: Hashes) -> Bools:
    """Whether each is among the others."""
    if not len(others):
        return np.zeros(len(values), bool)
    others = np.sort(others)
    place = np.minimum(np.searchsorted(others, values), len(others) - 1)
    return others[place] == values
