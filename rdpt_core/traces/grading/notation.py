r"""One notation for what is written in many ways: full-width characters, thin spaces, `½`, `\dfrac`, `\text{…}`."""

from __future__ import annotations

import re
import unicodedata

DOLLAR = "\N{CURRENCY SIGN}"
"""What a canonical text has for a dollar that is money and opens no formula."""

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": "/", "π": r"\pi ",
     "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "±": r"\pm ", "°": r"^{\circ}",
     "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∀": r"\forall ", "∃": r"\exists ", "…": r"\ldots ", "⋯": r"\cdots ",
     "。": ".", "、": ",", "⟨": r"\langle ", "⟩": r"\rangle ", "〈": r"\langle ", "〉": r"\rangle ", "％": "%"}
)  # fmt: skip
_RAISED = re.compile("[" + "".join(_SUPERSCRIPTS) + "]+")
_LOWERED = re.compile("[" + "".join(_SUBSCRIPTS) + "]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_ROOT = re.compile(r"√\s*(?:\(([^()]{1,60})\)|(\d+|[A-Za-z]))")
_CJK = re.compile(r"[぀-ヿ㐀-鿿가-힯豈-﫿]+")
# Groups of three digits, as they are set in type. A plain space or a comma may also separate two numbers.
_THIN = re.compile(r"(?<=\d)(?:\\[,;:! ]|\{,\}|\\!,|[\u2009\u202f\u00a0'’])(?=\d{3}(?!\d))")
_GROUPED = re.compile(r"([-+]?)(\d{1,3}(?:([, ])\d{3})(?:\3\d{3})*)(\.\d+)?")
_PLUS_MINUS = re.compile(r"\\pm(?![A-Za-z])\s?")
_MINUS_PLUS = re.compile(r"\\mp(?![A-Za-z])\s?")
_LEAD = re.compile(
    r"^\W{0,6}(?:(?:so|thus|therefore|hence)\b,?\s*)?(?:the\s+)?(?:(?:final|correct|right)\s+)?(?:answer|result|solution)"
    r"\s*(?:is|:|=|equals)(?:\s*:)?\s*|^\s*(?:最终|正确)?答案\s*(?:是|为|:)\s*",
    re.I,
)
_DOLLARS = re.compile(r"^\$+|(?<!\\)\$+$")
_MARKDOWN = re.compile(r"^[*_`\s]+|[*_`\s]+$")
_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathsf|mbox|operatorname|emph|bm|boldsymbol)\s*\{([^{}]*)\}"
)
_SIZES = re.compile(
    r"\\(?:left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits)(?![A-Za-z])|\\!"
)
_SPACES = re.compile(r"\\(?:[,;: ]|q?quad(?![A-Za-z]))|~")
_SHORT_FRAC = re.compile(r"\\frac\s*([0-9a-zA-Z])\s*([0-9a-zA-Z])")
_HALF_SHORT_FRAC = re.compile(r"\\frac\s*(\{[^{}]*\})\s*([0-9a-zA-Z])(?![0-9])")
_CANONICAL = (
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\(?:leqslant|leq)(?![A-Za-z])"), r"\\le "),
    (re.compile(r"\\(?:geqslant|geq)(?![A-Za-z])"), r"\\ge "),
    (re.compile(r"\\neq(?![A-Za-z])"), r"\\ne "),
    (re.compile(r"\\(?:dots|cdots|dotsc)(?![A-Za-z])|\.{3}"), r"\\ldots "),
    (re.compile(r"\\langle(?![A-Za-z])"), "<"),
    (re.compile(r"\\rangle(?![A-Za-z])"), ">"),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?"), "°"),
    (re.compile(r"([_^])\s*\{(\w)\}"), r"\1\2"),
    (re.compile(r"\\approx(?![A-Za-z])"), ""),
    (re.compile(r"\\varnothing(?![A-Za-z])"), r"\\emptyset"),
    (re.compile(r"\\([%$#&])"), r"\1"),
)  # fmt: skip
_RUNS = re.compile(r"\s{2,}")
_LOOSE = re.compile(r"(?<!\w)\s+|\s+(?!\w)")


def ascii_signs(text: str) -> str:
    """A text with full-width characters, typographic signs, raised digits and fractions as ASCII and LaTeX."""
    if text.isascii():
        return text
    text = _RAISED.sub(lambda match: "^{" + "".join(_SUPERSCRIPTS[char] for char in match[0]) + "}", text)
    text = _LOWERED.sub(lambda match: "_{" + "".join(_SUBSCRIPTS[char] for char in match[0]) + "}", text)
    text = _VULGAR.sub(_fraction, text)
    text = _ROOT.sub(lambda match: r"\sqrt{" + (match[1] or match[2]) + "}", text)
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def _fraction(match: re.Match[str]) -> str:
    top, _, bottom = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return rf"\frac{{{top}}}{{{bottom}}}"


def clean(text: str) -> str:
    """An answer as a parser of mathematics can read it: nothing around it, no groups of digits, no signs of its own."""
    text = ascii_signs(_THIN.sub("", text))
    text = _THIN.sub("", text)
    text = _MARKDOWN.sub("", text)
    unwrapped = _LEAD.sub("", _unwrapped(text)) if "nswer" in text or "esult" in text or "答案" in text else text
    if unwrapped != _unwrapped(text):
        text = unwrapped
    text = _DOLLARS.sub("", _MARKDOWN.sub("", text)).strip()
    text = ungrouped(text.rstrip(" .。;,") if not text.endswith("...") else text)
    return text.strip()


def without_words_of_other_scripts(text: str) -> str:
    """A text without its Chinese, Japanese and Korean characters, around which numbers would not be seen as such."""
    return _CJK.sub(" ", text)


def both_signs(text: str) -> str:
    r"""An answer with `\pm` as the two answers that it stands for; any other text as it is."""
    if not _PLUS_MINUS.search(text):
        return text
    upper = _MINUS_PLUS.sub("-", _PLUS_MINUS.sub("+", text))
    lower = _MINUS_PLUS.sub("+", _PLUS_MINUS.sub("-", text))
    return f"{upper}, {lower}"


def ungrouped(text: str) -> str:
    """A number that is written in groups of three digits, without what separates them; any other text as it is."""
    match = _GROUPED.fullmatch(text)
    return match[1] + match[2].replace(match[3], "") + (match[4] or "") if match else text


def _unwrapped(text: str) -> str:
    for _ in range(4):
        text, n_found = _WRAPPED.subn(r"\1", text)
        if not n_found:
            break
    return text


def canonical(text: str) -> str:
    """A text by which two spellings of the same formula are equal; spaces count only between words."""
    text = _unwrapped(clean(text))
    text = _SIZES.sub("", text).replace("\\$", DOLLAR).replace("$", "")
    text = text.replace("\\(", "").replace("\\)", "").replace("\\[", "").replace("\\]", "")
    for pattern, other in _CANONICAL:
        text = pattern.sub(other, text)
    text = _SHORT_FRAC.sub(r"\\frac{\1}{\2}", text)
    text = _HALF_SHORT_FRAC.sub(r"\\frac\1{\2}", text)
    text = _LOOSE.sub("", _RUNS.sub(" ", _SPACES.sub(" ", text)))
    return ungrouped(text.strip(" ;,").rstrip(" .;,"))


def normal_words(text: str) -> str:
    """Letters and digits of a text: case, width, spacing, punctuation and LaTeX text commands do not count."""
    plain = unicodedata.normalize("NFKC", re.sub(r"\\(?:text|mathrm|textbf|mathbf)\b", "", text)).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in plain).split())
