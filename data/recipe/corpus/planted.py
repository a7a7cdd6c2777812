"""Finds the pools' sentences again in a sampled trace, and so their true origin."""

import re
from dataclasses import dataclass
from functools import cache

from data.recipe.corpus.pools import DAY_TO_NUMBER, FEET_TO_INCHES, NUMBER_TO_DAY, POOLS, SLOT_PATTERNS, Origin
from data.recipe.problems.tasks import DAYS, INCHES_PER_FOOT, feet_text

_SENTENCE_END = re.compile(r"[.!?](?:\s+|$)")
_EQUATION = re.compile(r"(\d+) ([+-]) (\d+)(?: ([+-]) (\d+))? = (\d+)")
_FACT_POOLS = (DAY_TO_NUMBER, NUMBER_TO_DAY, FEET_TO_INCHES)


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


def planted_spans(response: str) -> list[PlantedSpan]:
    """Cuts a response after each full stop, exclamation or question mark, and names each piece's origin.

    The pools hold no abbreviations and no decimals, so this simple rule is exact for them.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(response)]
    if response and (not ends or ends[-1] < len(response)):
        ends.append(len(response))
    starts = [0, *ends][:-1]
    return [
        PlantedSpan(start, end, origin_of(response[start:end].strip())) for start, end in zip(starts, ends, strict=True)
    ]


def origin_of(sentence: str) -> Origin:
    """The origin of the pool that could make this sentence, or `none`.

    Pools only state true sums and true facts, so `8 + 5 = 12.` is nobody's training sentence. Whether a sentence
    fits its problem is not asked: `Now we add 3.` counts as the pool's also where 4 would have been right.
    """
    for pattern, origin in _patterns():
        if pattern.fullmatch(sentence):
            return origin if _sums_hold(sentence) else "none"
    return "none"


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Origin], ...]:
    patterns: list[tuple[re.Pattern[str], Origin]] = [(re.compile(re.escape(fact)), "both") for fact in _true_facts()]
    for pool in POOLS:
        if pool not in _FACT_POOLS:
            patterns += [(_template_pattern(template), pool.origin) for template in pool.templates]
    return tuple(patterns)


def _template_pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"{(\w+)}", template)
    # re.split alternates literal text and slot names.
    return re.compile(
        "".join(SLOT_PATTERNS[piece] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )


def _true_facts() -> list[str]:
    days = list(enumerate(DAYS, start=1))
    return [
        *(template.format(day=day, a=number) for template in DAY_TO_NUMBER.templates for number, day in days),
        *(template.format(day=day, a=number) for template in NUMBER_TO_DAY.templates for number, day in days),
        *(
            template.format(feet=feet_text(feet), a=feet * INCHES_PER_FOOT)
            for template in FEET_TO_INCHES.templates
            for feet in (1, 2)
        ),
    ]


def _sums_hold(sentence: str) -> bool:
    for first, sign, second, second_sign, third, total in _EQUATION.findall(sentence):
        value = int(first) + _signed(sign, second)
        if second_sign:
            value += _signed(second_sign, third)
        if value != int(total):
            return False
    return True


def _signed(sign: str, digits: str) -> int:
    return int(digits) if sign == "+" else -int(digits)
