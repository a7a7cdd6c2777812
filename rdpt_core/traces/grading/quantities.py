r"""Plain numbers, units, dates, times and ratios, decided exactly and without a parser of mathematics.

Where both answers are of such a kind, the verdict is sure; elsewhere there is none, and another method decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from rdpt_core.traces.grading.notation import DOLLAR, canonical

_MAX_EXPONENT = 4_000
_MAX_CHARS = 600
_APPROXIMATE_DIGITS = 6
"""A decimal with so many digits after its point counts as the rounded form of another number, as in math-verify."""

_DIGITS = r"\d{1,400}"
_NUMBER = rf"(?:{_DIGITS}(?:\.\d{{0,400}})?|\.{_DIGITS})"
_PLAIN = re.compile(_NUMBER)
_REPEATING = re.compile(
    rf"({_DIGITS})\.(\d{{0,60}})(?:\\(?:overline|bar|dot)\s*\{{?(\d{{1,60}})\}}?|\((\d{{1,60}})\))(?:\.\.\.|\\ldots)?"
)
_FRACTION = re.compile(rf"\\frac\{{([-+]?{_NUMBER})\}}\{{([-+]?{_NUMBER})\}}|({_NUMBER})/({_NUMBER})")
_MIXED = re.compile(rf"({_DIGITS})(?:\\frac\{{({_DIGITS})\}}\{{({_DIGITS})\}}| ({_DIGITS})/({_DIGITS}))")
_SCIENTIFIC = re.compile(rf"({_NUMBER})?(?:(?:\\times|\\cdot|\*|x) ?)?10(?:\^|\*\*)\{{?([-+]?\d{{1,5}})\}}?")
_E_NOTATION = re.compile(rf"({_NUMBER})[eE]([-+]?\d{{1,5}})")
_POWER = re.compile(r"(\d{1,6})(?:\^|\*\*)\{?([-+]?\d{1,4})\}?")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]{1,32})")
_NAMED = re.compile(r"([A-Za-z](?:_\w)?|[A-Za-z]\([A-Za-z]\))=")
_CURRENCY = f"{DOLLAR}€£¥₹"

_UNIT_NAMES: dict[str, dict[str, str]] = {
    "length": {
        "mm millimeter millimeters millimetre millimetres 毫米": "1/1000",
        "cm centimeter centimeters centimetre centimetres 厘米": "1/100",
        "m meter meters metre metres 米": "1",
        "km kilometer kilometers kilometre kilometres 千米 公里": "1000",
        "inch inches": "127/5000",
        "ft foot feet": "381/1250",
        "yd yard yards": "1143/1250",
        "mi mile miles": "201168/125",
    },
    "mass": {
        "mg milligram milligrams 毫克": "1/1000",
        "g gram grams 克": "1",
        "kg kilogram kilograms 千克 公斤": "1000",
        "lb lbs pound pounds": "45359237/100000",
        "oz ounce ounces": "45359237/1600000",
    },
    "time": {
        "ms millisecond milliseconds 毫秒": "1/1000",
        "s sec secs second seconds 秒": "1",
        "min mins minute minutes 分钟": "60",
        "h hr hrs hour hours 小时": "3600",
        "day days 天": "86400",
        "week weeks": "604800",
    },
    "volume": {
        "ml milliliter milliliters millilitre millilitres 毫升": "1/1000",
        "l L liter liters litre litres 升": "1",
    },
    "money": {"cent cents": "1/100", "dollar dollars USD": "1"},
    "angle": {"° degree degrees deg 度": "1"},
}
_UNITS = {
    name: (kind, Fraction(factor))
    for kind, units in _UNIT_NAMES.items()
    for names, factor in units.items()
    for name in names.split()
}
"""Kind and size of each unit."""

_WORDS = {
    word: number
    for number, word in [
        *enumerate(
            (
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
                "twenty",
            )
        ),
        *zip(range(30, 100, 10), ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), strict=True),
    ]
}

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), 1)
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? ?)?(?:({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\.?)(?:,? ?(\d{{4}}))?",
    re.I,
)
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))? ?(?:([ap])\.?m\b\.?)?", re.I)
_RATIO = re.compile(rf"{_NUMBER}(?::{_NUMBER}){{1,7}}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what is written beside it.

    Attributes:
        value: exactly what is written; a percentage is its number.
        digits: after the point of a decimal; None for fractions and whole numbers.
        unit: kind and size of a known unit; None without a unit.
        other_unit: a unit that is not known here.
        name: the unknown that the number is said to be, as in `x = 5`.
    """

    value: Fraction
    digits: int | None = None
    is_percent: bool = False
    unit: tuple[str, Fraction] | None = None
    other_unit: str | None = None
    name: str | None = None


def compare(gold: str, answer: str) -> bool | None:
    """Whether two answers are the same quantity, date, time or ratio; None if either is something else, or unclear."""
    if len(gold) > _MAX_CHARS or len(answer) > _MAX_CHARS:
        return None
    ours, theirs = canonical(answer), canonical(gold)
    for kind in (_dates, _times, _ratios):
        is_decided, verdict = kind(theirs, ours)
        if is_decided:
            return verdict
    left, right = read(theirs), read(ours)
    return _same(left, right) if left is not None and right is not None else None


def read(text: str) -> Quantity | None:
    """A canonical text as a quantity; None if it is anything else."""
    if len(text) > _MAX_CHARS:
        return None
    named = _NAMED.match(text)
    name = named[1] if named else None
    text = text[named.end() :] if named else text
    text = text.removeprefix("+")
    is_negative = text.startswith("-")
    text = text.removeprefix("-")
    money = bool(text) and text[0] in _CURRENCY
    text = text.lstrip(_CURRENCY)
    if text.lower() in _WORDS:
        return Quantity(Fraction(_WORDS[text.lower()]), name=name) if not is_negative else None
    for pattern, make in _FORMS:
        match = pattern.match(text)
        if match is None or not match[0]:
            continue
        rest = text[match.end() :]
        if rest and (rest[0].isdigit() or not _is_unit(rest)):
            continue
        rest = rest.strip()
        try:
            value, digits = make(match)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        value = -value if is_negative else value
        if rest in ("%", "percent", "per cent"):
            return Quantity(value, digits, is_percent=True, name=name)
        unit = ("money", Fraction(1)) if money else _UNITS.get(rest.rstrip("."))
        return Quantity(value, digits, False, unit, rest if rest and unit is None else None, name)
    return None


_JOINING = re.compile(
    r"\b(?:and|or|to|und|oder|et|ou|is|if|not|but|mod|sqrt|pi|more|less|from|sin|cos|tan|cot|sec|csc|log|ln|exp|max|gcd|lcm|"
    r"alpha|beta|gamma|theta|phi|lambda)\b",
    re.I,
)
_COUNTED = re.compile(
    r"[^\W\d_]{2,20}\.?(?:(?:[ -][^\W\d_]{2,20}|/[^\W\d_]{1,20})\.?){0,3}|[\u3040-\u9fff\uac00-\ud7af]{1,6}"
)


def _is_unit(rest: str) -> bool:
    """Whether what follows a number can only be what is counted or measured: words, no formula and no sentence.

    Letters right after a number are unknowns, as in `3m`, unless they are a unit of several letters.
    """
    plain = rest.strip().rstrip(".")
    if plain in ("%", "percent", "per cent"):
        return True
    is_apart = rest[:1].isspace() or not rest.isascii()
    if plain in _UNITS:
        return is_apart or len(plain) > 1
    return is_apart and _COUNTED.fullmatch(rest.strip()) is not None and not _JOINING.search(rest)


def _whole(match: re.Match[str]) -> tuple[Fraction, int | None]:
    text = match[0]
    return Fraction(text.rstrip(".") if text[-1] == "." else text), len(text.partition(".")[2]) or None


def _repeating(match: re.Match[str]) -> tuple[Fraction, int | None]:
    whole, fixed, period = match[1], match[2], match[3] or match[4]
    scale, nines = 10 ** len(fixed), 10 ** len(period) - 1
    return Fraction(int(whole)) + Fraction(int(fixed or 0), scale) + Fraction(int(period), scale * nines), None


def _fraction(match: re.Match[str]) -> tuple[Fraction, int | None]:
    top, bottom = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
    return Fraction(top) / Fraction(bottom), None


def _mixed(match: re.Match[str]) -> tuple[Fraction, int | None]:
    return int(match[1]) + Fraction(int(match[2] or match[4]), int(match[3] or match[5])), None


def _scientific(match: re.Match[str]) -> tuple[Fraction, int | None]:
    exponent = int(match[2])
    if abs(exponent) > _MAX_EXPONENT:
        raise OverflowError
    return Fraction(match[1] or "1") * Fraction(10) ** exponent, None


def _power(match: re.Match[str]) -> tuple[Fraction, int | None]:
    if abs(int(match[2])) > _MAX_EXPONENT:
        raise OverflowError
    return Fraction(int(match[1])) ** int(match[2]), None


def _hex(match: re.Match[str]) -> tuple[Fraction, int | None]:
    return Fraction(int(match[1], 16)), None


_FORMS = (
    (_HEX, _hex),
    (_REPEATING, _repeating),
    (_MIXED, _mixed),
    (_FRACTION, _fraction),
    (_SCIENTIFIC, _scientific),
    (_E_NOTATION, _scientific),
    (_POWER, _power),
    (_PLAIN, _whole),
)


def _same(gold: Quantity, answer: Quantity) -> bool | None:
    if gold.name is not None and answer.name is not None and gold.name != answer.name:
        return False if gold.value != answer.value else None
    if gold.is_percent != answer.is_percent:
        other = answer if gold.is_percent else gold
        if other.unit is not None:
            return None
        percent = gold if gold.is_percent else answer
        # 50% stands for 50 where the question asks for a percentage, and for one half everywhere.
        return _close(percent, other, Fraction(1)) or _close(percent, other, Fraction(1, 100))
    if gold.unit is not None and answer.unit is not None and gold.unit != answer.unit:
        if gold.unit[0] != answer.unit[0]:
            return None if gold.value == answer.value else False
        return gold.value * gold.unit[1] == answer.value * answer.unit[1]
    if _close(gold, answer, Fraction(1)):
        if gold.other_unit and answer.other_unit and not _alike(gold.other_unit, answer.other_unit):
            return None
        return (
            None if bool(gold.other_unit) and bool(answer.unit) or bool(gold.unit) and bool(answer.other_unit) else True
        )
    return False


def _close(first: Quantity, second: Quantity, factor: Fraction) -> bool:
    """Equality, or equality to the digits of a decimal that is long enough to be meant as another number, rounded."""
    a, b = first.value * factor, second.value
    if a == b:
        return True
    digits = max(item.digits or 0 for item in (first, second))
    exact = [value for value, item in ((a, first), (b, second)) if item.digits is None]
    if digits < _APPROXIMATE_DIGITS or any(10**_APPROXIMATE_DIGITS % value.denominator == 0 for value in exact):
        return False
    return abs(a - b) * 2 <= Fraction(1, 10**_APPROXIMATE_DIGITS) and abs(a - b) <= abs(b) / 100_000


def _alike(first: str, second: str) -> bool:
    a, b = first.casefold(), second.casefold()
    return a.startswith(b[:3]) or b.startswith(a[:3])


def _dates(gold: str, answer: str) -> tuple[bool, bool | None]:
    dates = [_DATE.fullmatch(text) for text in (gold, answer)]
    if dates[0] is None or dates[1] is None:
        return False, None
    first, second = (
        (_MONTHS[(date[1] or date[4]).lower()], int(date[2] or date[3]), date[5]) for date in dates if date
    )
    years = {year for year in (first[2], second[2]) if year is not None}
    return True, first[:2] == second[:2] and len(years) < 2


def _times(gold: str, answer: str) -> tuple[bool, bool | None]:
    times = [_TIME.fullmatch(text) for text in (gold, answer)]
    if times[0] is None or times[1] is None:
        return False, None
    first, second = ((int(time[1]), int(time[2]), int(time[3] or 0), (time[4] or "").lower()) for time in times if time)
    if first[:3] == second[:3]:
        return True, not (first[3] and second[3] and first[3] != second[3])
    # Two ratios may be written like times, and be equal.
    is_ratio = first[0] * second[1] == second[0] * first[1] and first[1] and second[1] and not first[3] + second[3]
    return True, None if is_ratio else False


def _ratios(gold: str, answer: str) -> tuple[bool, bool | None]:
    if not (_RATIO.fullmatch(gold) and _RATIO.fullmatch(answer)):
        return False, None
    first, second = ([Fraction(part) for part in text.split(":")] for text in (gold, answer))
    if len(first) != len(second):
        return True, False
    return True, all(a * second[0] == b * first[0] for a, b in zip(first, second, strict=True))
