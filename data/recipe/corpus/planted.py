"""Finds the pools' sentences again in a sampled trace, and so their true origin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from data.recipe.corpus.origins import Origin
from data.recipe.corpus.pool import Pool, Said
from data.recipe.corpus.pools import POOLS
from data.recipe.corpus.pools.common import EQUATION, LINE
from data.recipe.corpus.pools.teacher_a import CHECK_FAILS, LINE_CHECK_FAILS
from data.recipe.problems.steps import Sign, calculate
from rdpt_core.traces import get_splitter

_SUM = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
_SIGNS: dict[str, Sign] = {"+": "+", "-": "-", "*": "*", "/": "/"}


@dataclass(frozen=True)
class PlantedSpan:
    """One sentence of a response.

    Attributes:
        char_start: First code point.
        char_end: One past the last; white space after the sentence belongs to it, so the spans tile the response.
        origin: Whose training data could hold the sentence.
    """

    char_start: int
    char_end: int
    origin: Origin


@dataclass(frozen=True)
class Match:
    """A sentence as a pool says it: from which pool, what its slots hold, and whether that is true."""

    pool: Pool
    said: Said
    is_true: bool


def planted_spans(response: str) -> list[PlantedSpan]:
    """Cuts a response as the product does, and names each sentence's origin."""
    spans = get_splitter().split(response) if response else []
    sentences = [response[span.char_start : span.char_end].strip() for span in spans]
    return [
        PlantedSpan(span.char_start, span.char_end, origin)
        for span, origin in zip(spans, origins_of(sentences), strict=True)
    ]


def origins_of(sentences: Sequence[str]) -> list[Origin]:
    """The origin of each sentence of a response; a slip is known by the sentence after it."""
    origins = [origin_of(sentence) for sentence in sentences]
    for index, (sentence, following) in enumerate(zip(sentences, sentences[1:], strict=False)):
        if _is_caught(sentence, following):
            origins[index] = "slip"
    return origins


def origin_of(sentence: str) -> Origin:
    """The origin of the pool that could make this sentence, or `none`.

    Pools only state true sums and true facts, so `8 + 5 = 12.` by itself is nobody's sentence. Whether a sentence fits
    its problem is not asked: `Now we add 3.` counts as the pool's also where 4 would have been right.
    """
    match = match_of(sentence)
    return match.pool.origin if match is not None and match.is_true else "none"


@lru_cache(maxsize=100_000)
def match_of(sentence: str) -> Match | None:
    """The pool that says a sentence, true or not, or None."""
    pool = _fixed().get(sentence)
    if pool is not None:
        return Match(pool, {}, True)
    for pattern, pool in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            return Match(pool, found.groupdict(), pool.holds(found.groupdict()) and _sums_hold(sentence))
    return None


def _is_caught(sentence: str, following: str) -> bool:
    """Whether a sentence is a sum or a line that the following sentence rightly finds wrong."""
    match, check = match_of(sentence), match_of(following)
    if match is None or check is None or not check.is_true:
        return False
    if match.pool is LINE:
        return check.pool is LINE_CHECK_FAILS
    if match.pool is not EQUATION or check.pool is not CHECK_FAILS or match.is_true:
        return False
    return all(match.said[slot] == check.said[slot] for slot in "abc")


@cache
def _fixed() -> dict[str, Pool]:
    return {template: pool for pool in POOLS for template in pool.templates if "{" not in template}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Pool], ...]:
    return tuple(
        (pattern, pool)
        for pool in POOLS
        for template, pattern in zip(pool.templates, pool.patterns(), strict=True)
        if "{" in template
    )


def _sums_hold(sentence: str) -> bool:
    return all(
        calculate(int(first), _SIGNS[sign], int(second)) == int(total)
        for first, sign, second, total in _SUM.findall(sentence)
    )
