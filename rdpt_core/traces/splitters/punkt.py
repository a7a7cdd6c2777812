"""The decisions of Punkt: does this stop end a sentence, given the word before it and the word after it?

Kiss and Strunk, Unsupervised Multilingual Sentence Boundary Detection (Computational Linguistics 32, 2006), as NLTK
implements it. Punkt's parameters (abbreviations, collocations, orthographic context) come from `lexicon`, not from a
trained model. Two of its habits are changed through its own extension points:

* *Initials.* Punkt takes any single letter before a stop for an initial, so "Find x. Let me" would never split. Here a
  letter is one only where a name may stand.
* *Unknown words.* Punkt's table of orthographic context grows with every word it is asked about; ours does not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from nltk.tokenize.punkt import _ORTHO_MID_LC, PunktParameters, PunktSentenceTokenizer, PunktToken

from rdpt_core.traces.splitters.lexicon import COMMON_WORDS, MAYBE_FINAL, NEVER_FINAL, NUMBERED

ABBREVIATIONS = NEVER_FINAL | MAYBE_FINAL

_NUMBER = "##number##"
_NUMERIC = re.compile(r"-?[.,]?\d[\d,.-]*+")
_REMEMBERED = 1 << 16


class _Orthography(dict[str, int]):
    def __missing__(self, key: str) -> int:
        return 0


class _Collocations:
    """Punkt's set of word pairs that no boundary parts, given by rule: "Dr." and anything, "No." and a number."""

    def __contains__(self, pair: tuple[str, str]) -> bool:
        word, following = pair
        return word in NEVER_FINAL or (word in NUMBERED and following.startswith(_NUMBER))


class _PlainToken(PunktToken):  # type: ignore[misc]
    """A token whose single letters are variables, not initials."""

    is_initial = False


def _tokenizer(token: type[Any]) -> Any:
    parameters = PunktParameters()
    parameters.abbrev_types = set(ABBREVIATIONS)
    parameters.collocations = _Collocations()
    parameters.ortho_context = _Orthography(dict.fromkeys(COMMON_WORDS, _ORTHO_MID_LC))
    return PunktSentenceTokenizer(parameters, token_cls=token)


_PLAIN = _tokenizer(_PlainToken)
_WITH_INITIALS = _tokenizer(PunktToken)


@lru_cache(maxsize=_REMEMBERED)
def ends_sentence(word: str, following: str, maybe_initial: bool = False) -> bool:
    """Whether Punkt ends a sentence between `word` and `following`.

    Args:
        word: the word before, with its stop.
        following: the word after, as it stands.
        maybe_initial: whether a single letter may be a name's initial here.
    """
    tokenizer = _WITH_INITIALS if maybe_initial else _PLAIN
    return bool(tokenizer.text_contains_sentbreak(f"{word} {following}"))


@lru_cache(maxsize=_REMEMBERED)
def is_plain(word: str) -> bool:
    """Whether Punkt ends a sentence after `word` and a stop whatever follows, so that it need not be asked.

    True for words that are no abbreviation, no number and no single letter: Punkt's first pass marks them as breaks,
    and none of its second pass applies to them.
    """
    lower = word.lower()
    return not (
        len(lower) < 2
        or lower in ABBREVIATIONS
        or lower in NUMBERED
        or lower.rpartition("-")[2] in ABBREVIATIONS
        or is_number(lower)
    )


def is_number(word: str) -> bool:
    """Whether Punkt takes `word` for a number. All numbers are one type to it."""
    return _NUMERIC.fullmatch(word) is not None
