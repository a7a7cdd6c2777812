"""What is left of a sentence without its numbers, names and formulas: sentences of one template say the same of others.

    formulas   $…$, $$…$$, \\(…\\), \\[…\\], \\boxed{…}                          → ∑
    numbers    1,234.5, 3/4, -2, 50%, 2nd, and words from zero to ninety-nine   → #
    names      runs of capitalised words inside a sentence, days, months        → @

The rest is put in lower case, with one kind of quote and dash, and single spaces. Everything is done by expressions of
RE2 over whole arrays: linear in the length of a text, whatever the text is, and the same for every language that has
letters and numbers. Texts in ASCII, which most are, take shorter expressions that say the same of them, and are looked
through byte by byte first: an expression takes several times as long as the bytes without which it finds nothing.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import Bools, Ints
from rdpt_core.traces.splitters.lexicon import COMMON_WORDS
from rdpt_core.traces.wording.text_bytes import Octets, TextBytes

FORMULA, NUMBER, NAME = "∑", "#", "@"
"""What stands for a formula, a number, a name."""

MOST_TEXTS_FOR_NAMES = 50_000
"""`names_in` looks at no more texts than this, evenly spaced over those it is given."""

FEWEST_CAPITALS, MOST_IN_LOWER_CASE = 3, 0.1
"""A name stands capitalised inside a sentence at least so often, and at most this part of the times in lower case."""

Expression = tuple[str, str]
"""A pattern of RE2 and what replaces it."""

# Nothing that replaces a formula may become part of another one, or a second pass would find more than the first.
_FORMULAS: tuple[Expression, ...] = (
    (r"\$\$[^$∑]+\$\$", FORMULA),
    (r"(?s)\\\[[^∑]*?\\\]", FORMULA),
    (r"(?s)\\\([^∑]*?\\\)", FORMULA),
    # A dollar before a space, or after one, is money.
    (r"\$[^\s$∑](?:[^$∑]*[^\s$∑])?\$", FORMULA),
    (r"\\boxed ?\{(?:[^{}∑]|\{(?:[^{}∑]|\{[^{}∑]*\})*\})*\}", FORMULA),
)
_SPACES_ASCII: Expression = (r"[\x00-\x20\x7f][\x00-\x20\x7f]+|[\x00-\x1f\x7f]", " ")
_SPACES: Expression = (r"[\x00-\x20\x7f-\x{a0}\p{Z}\x{200b}\x{feff}]+", " ")
_MARKS: tuple[Expression, ...] = ((r"[‘’‚‛´ʼ]", "'"), (r"[“”„‟«»]", '"'), (r"[‐‑‒–—―−]", "-"))


def _names(word: str, before: str) -> Expression:
    """Capitalised words after a word or a comma: what follows a full stop, a colon, a quote or a bullet only begins."""
    return rf"([{before},;'%{FORMULA}{NAME}{NUMBER}] ){word}(?: {word})*", rf"\1{NAME}"


# "I" is no name; "II" and "Ivy" are. A possessive stays outside, "O'Brien" and "Smith-Jones" are one name.
_NAMES_ASCII = _names(r"(?:[A-HJ-Z]|I[A-Za-z])[A-Za-z0-9]*(?:['-][A-Z][A-Za-z]*)*", "A-Za-z0-9")
_NAMES = _names(r"(?:[A-HJ-Z]|[^\P{Lu}A-Z]|I\p{L})[\p{L}\p{M}\p{N}]*(?:['-]\p{Lu}[\p{L}\p{M}]*)*", r"\p{L}\p{M}\p{N}")
_FIRST_WORD_ASCII = r"^[^A-Za-z]*(?P<word>[A-Za-z][A-Za-z0-9]*(?:['-][A-Z][A-Za-z]*)*)"
_FIRST_WORD = r"^[^\p{L}]*(?P<word>\p{L}[\p{L}\p{M}\p{N}]*(?:['-]\p{Lu}[\p{L}\p{M}]*)*)"

_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_NUMBER_WORDS: Expression = (rf"\b(?:zero|{_ONES}|{_TEENS}|(?:{_TENS})(?:-(?:{_ONES}))?)\b", NUMBER)
_DIGITS_ASCII: Expression = (r"[0-9]+(?:[.,/][0-9]+)*(?:(?:st|nd|rd|th)\b|%)?", NUMBER)
_DIGITS: Expression = (r"\p{N}+(?:[.,/]\p{N}+)*(?:(?:st|nd|rd|th)\b|%)?", NUMBER)
_SIGN: Expression = (rf"(^|[ (\[=,:${FORMULA}])-{NUMBER}", rf"\1{NUMBER}")
# Without "may" and "march", which are words; capitalised inside a sentence they are names anyway.
_DATES: Expression = (
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|january|february|april|june|july|august|september|october|november|december)\b",
    NAME,
)
_ROW_OF_NAMES: Expression = (f"{NAME}(?: {NAME})+", NAME)


def templates(texts: pa.StringArray | pa.ChunkedArray, names: frozenset[str]) -> pa.StringArray:
    """The template of every text; see the top of this file. A template is its own template.

    Args:
        texts: (n,), sentences, at most 2 GB together; null stays null.
        names: what counts as a name at the beginning of a sentence, where every word has a capital; see `names_in`.
    """
    if isinstance(texts, pa.ChunkedArray):
        made = [templates(chunk, names) for chunk in texts.chunks]
        return pa.concat_arrays(made) if made else pa.array([], pa.string())
    in_ascii = _filled(pc.string_is_ascii(texts))
    if in_ascii.all():
        return _masked_ascii(texts, names)
    places = np.concatenate((np.flatnonzero(in_ascii), np.flatnonzero(~in_ascii)))
    other = pa.array(~in_ascii)
    made = [_masked_ascii(texts.filter(pa.array(in_ascii)), names), _masked(texts.filter(other), names)]
    return pa.concat_arrays(made).take(pa.array(_inverse(places)))


def names_in(texts: pa.StringArray | pa.ChunkedArray) -> frozenset[str]:
    """The words that are names: capitalised inside sentences, and rarely in lower case; as they are written.

    Args:
        texts: (n,), sentences; `MOST_TEXTS_FOR_NAMES` of them are looked at.
    """
    if len(texts) > MOST_TEXTS_FOR_NAMES:
        texts = texts.take(pa.array(np.linspace(0, len(texts) - 1, MOST_TEXTS_FOR_NAMES).astype(np.int64)))
    texts = pc.drop_null(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
    cut = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts))
    words, starts = cut.flatten(), cut.offsets.to_numpy()[:-1]
    follows = np.zeros(len(words) + 1, bool)
    follows[1:] = _filled(pc.match_substring_regex(words, r"[\p{L}\p{M}\p{N},;'%]$"))
    follows[starts] = False
    is_capitalised = _filled(pc.match_substring_regex(words, r"^\p{Lu}[\p{L}\p{M}]*\p{Ll}"))
    n_inside = _counted(words.filter(pa.array(is_capitalised & follows[:-1])))
    n_lower = _counted(words.filter(pa.array(~is_capitalised)))
    return frozenset(
        name
        for name, n in n_inside.items()
        if name
        and n >= FEWEST_CAPITALS
        and name.lower() not in COMMON_WORDS
        and n_lower[name.lower()] <= MOST_IN_LOWER_CASE * (n + n_lower[name.lower()])
    )


def _counted(words: pa.StringArray) -> Counter[str]:
    """How often each word is there, without what stands around it, and without a possessive."""
    counted = pc.value_counts(words)
    bare = _replaced(counted.field("values"), (r"^[^\p{L}]+|(?:['’]s)?[^\p{L}\p{M}\p{N}]*$", ""))
    total: Counter[str] = Counter()
    for word, n in zip(bare.to_pylist(), counted.field("counts").to_pylist(), strict=True):
        total[word] += n
    return total


def _masked_ascii(texts: pa.StringArray, names: frozenset[str]) -> pa.StringArray:
    texts = pc.ascii_trim_whitespace(texts)
    texts = pc.ascii_trim_whitespace(_replaced_where(_with_blanks(texts), texts, _SPACES_ASCII))
    texts = _formulas(texts)
    texts = _without_first_name(texts, _FIRST_WORD_ASCII, names)
    texts = _replaced_where(_with_capitals(texts), texts, _NAMES_ASCII)
    return _numbers(pc.ascii_lower(texts), _DIGITS_ASCII, pa.array(TextBytes(texts).rows(_is_digit)))


def _with_blanks(texts: pa.StringArray) -> pa.BooleanArray:
    """Which texts may have white space other than single spaces; all that have are among them."""

    def found(data: Octets) -> Bools:
        blank = (data < 0x21) | (data == 0x7F)
        other: Bools = blank & (data != 0x20)
        other[1:] |= blank[1:] & blank[:-1]
        return other

    return pa.array(TextBytes(texts).rows(found))


def _with_capitals(texts: pa.StringArray) -> pa.BooleanArray:
    """Which texts may have a capital after a space; all that have are among them."""

    def found(data: Octets) -> Bools:
        capital: Bools = (data >= 0x41) & (data <= 0x5A)
        capital[1:] &= data[:-1] == 0x20
        return capital

    return pa.array(TextBytes(texts).rows(found))


def _is_digit(data: Octets) -> Bools:
    is_digit: Bools = (data >= 0x30) & (data <= 0x39)
    return is_digit


def _masked(texts: pa.StringArray, names: frozenset[str]) -> pa.StringArray:
    for expression in (_SPACES, *_MARKS):
        texts = _replaced(texts, expression)
    texts = _formulas(pc.utf8_trim(texts, " "))
    texts = _replaced(_without_first_name(texts, _FIRST_WORD, names), _NAMES)
    texts = pc.utf8_lower(texts)
    return _numbers(texts, _DIGITS, pc.match_substring_regex(texts, r"\p{N}"))


def _formulas(texts: pa.StringArray) -> pa.StringArray:
    has_some = TextBytes(texts).rows(lambda data: (data == ord("$")) | (data == ord("\\")))
    return _replaced_where(pa.array(has_some), texts, *_FORMULAS)


def _without_first_name(texts: pa.StringArray, first_word: str, names: frozenset[str]) -> pa.StringArray:
    """The texts with the mask of names for their first word where that is a name."""
    if not names:
        return texts
    words = pc.extract_regex(texts, first_word).field("word")
    is_name = pc.is_in(words, value_set=pa.array(sorted(names), pa.string()))
    up_to = first_word.replace("(?P<word>", ")(?:").replace("^", "^(", 1)
    return _replaced_where(is_name, texts, (up_to, rf"\1{NAME}"))


def _numbers(texts: pa.StringArray, digits: Expression, with_digits: pa.BooleanArray) -> pa.StringArray:
    """Numbers of texts in lower case, and what else is looked for there."""
    texts = _replaced_where(with_digits, texts, digits)
    # One look for both: most sentences have none.
    with_words = pc.match_substring_regex(texts, rf"{_NUMBER_WORDS[0]}|{_DATES[0]}")
    texts = _replaced_where(with_words, texts, _NUMBER_WORDS, _DATES)
    for marks, expression in ((f"-{NUMBER}", _SIGN), (f"{NAME} {NAME}", _ROW_OF_NAMES)):
        texts = _replaced_where(pa.array(TextBytes(texts).rows_with(marks)), texts, expression)
    return texts


def _replaced(texts: pa.StringArray, expression: Expression) -> pa.StringArray:
    return pc.replace_substring_regex(texts, *expression)


def _replaced_where(chosen: pa.BooleanArray, texts: pa.StringArray, *expressions: Expression) -> pa.StringArray:
    """Replace in the chosen texts only: to copy the others costs less than to look at them again."""
    chosen = pc.fill_null(chosen, False)
    found = texts.filter(chosen)
    if not len(found):
        return texts
    for expression in expressions:
        found = _replaced(found, expression)
    return pc.replace_with_mask(texts, chosen, found)


def _filled(flags: pa.BooleanArray) -> Bools:
    filled: Bools = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return filled


def _inverse(order: Ints) -> Ints:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse
