"""Multiple choice: the options of a question, the right one, and the one that an answer chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rdpt_core.traces.grading.answers import TAIL_CHARS, marked_answer
from rdpt_core.traces.grading.notation import ascii_signs, canonical, normal_words
from rdpt_core.traces.grading.quantities import compare

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CYRILLIC = "АБВГДЕЖЗИК"
# Cyrillic letters that look like a Latin letter, with which they are often confused.
_LOOKALIKES = {"А": "A", "В": "B", "Е": "E", "К": "K", "С": "C"}

_OPTION = re.compile(r"^[ \t>*_-]{0,6}[(\[]?([A-JА-К])[)\].:,*_]{1,3}[ \t]{0,4}(\S[^\n]{0,400})", re.M)
_INLINE = re.compile(
    r"(?:^|[\s;,])[(\[]([A-J])[)\]]\s{0,3}([^\n()\[\]]{1,200}?)(?=[;,\s]{1,3}[(\[][A-J][)\]]|\s*$)", re.M
)
_GOLD = re.compile(r"\(?([A-ZА-К])\)?[.:)]?")
_GOLD_TEXT = re.compile(r"\(?([A-J])[).:]\s*(\S.*)", re.S)
_SEVERAL = re.compile(r"\(?[A-J]\)?(?:\s*(?:,|;|&|and|und|和|及)?\s*\(?[A-J]\)?)+", re.I)

# What may stand around a letter, and letters: one, several with separators, or several in a row.
_WRAP = (
    r"[\s*_$`\"'“”]{0,8}(?:\\(?:text|boxed|mathrm|textbf|mathbf)\s{0,2}\{\s{0,2}){0,3}[\s*_$`\"'“”]{0,8}[(\[]?\s{0,2}"
    r"(?:\\(?:text|mathrm|textbf)\{)?"
)
_LETTERS = (
    r"([A-JА-К](?:[)\]}*$]{0,4}\s{0,2}(?:,|;|&|、|and|und|or|oder|и|или|和|及|或)\s{0,2}[(\[]?[A-JА-К](?![A-Za-zА-яё'’])){0,9}|[A-J]{2,10})"
    r"(?![A-Za-zА-яё'’])"
)
_NOT_BUT = rf"(?:not{_WRAP}[A-J][\s)\]*,.]{{0,6}}(?:but|it is|it's)\s+)?"
_ANSWER_IN_OTHER_LANGUAGES = (
    "antwort|lösung|réponse|reponse|respuesta|risposta|resposta|antwoord|ответ|cevap|odpowiedź|đáp án|jawaban|svar"
)
_STRONG = tuple(
    re.compile(before + _WRAP + _LETTERS + after, re.I)
    for before, after in (
        (
            r"(?:\banswers?|choice|option)(?:\s+(?:would|should|must)\s+be|\s+(?:is|are)|\s{0,3}[:=])"
            r"(?:\s{1,3}(?:therefore|thus|clearly|indeed|hence|then|simply))?\s{0,3}(?:[:=]\s{0,3})?"
            rf"{_NOT_BUT}(?:option|choice|letter)?",
            "",
        ),
        (
            r"\b(?:i\s+(?:would\s+|will\s+)?(?:choose|pick|select|go with)|correct\s+(?:answer|option|choice))\s+"
            r"(?:option|choice|answer|letter)?",
            "",
        ),
        (
            "(?<![A-Za-z])",
            r"[)\]*_}$.]{0,6}\s{1,3}(?:is|are)\s+(?:the\s+)?(?:correct|right|best)\b(?!\s+(?:about|that))",
        ),
        (r"(?:答案|选项|选择|正确选项)\s{0,3}(?:应该|应|就)?\s{0,3}(?:是|为|:|选)?\s{0,3}:?\s{0,3}(?:选项)?", ""),
        (r"选\s{0,3}(?:择|项)?\s{0,3}:?", ""),
        (
            rf"(?:{_ANSWER_IN_OTHER_LANGUAGES})"
            r"(?:\s+(?:correcta|correcte|corretta|correta|final|finale|правильный))?"
            r"\s{0,3}(?:ist|est|es|è|é|is|:|=|-|–|adalah|là)?\s{0,3}:?\s{0,3}(?:la\s+|die\s+)?(?:opción\s+|option\s+|вариант\s+)?",
            "",
        ),
        (r"(?:答え|正解)\s{0,3}(?:は|:)\s{0,3}", ""),
        (r"(?:정답|답)\s{0,3}(?:은|는|:)?\s{0,3}", ""),
    )
)
_WEAK = re.compile(r"(?:option|choice|answer)\s+" + _WRAP + _LETTERS, re.I)
_LONE = re.compile(r"^[\s*_(\[$#>]{0,8}([A-JА-К])[\s*_)\].:$]{0,8}$", re.M)
_STATED_TEXT = re.compile(
    r"(?:answers?|choice|option)\s{0,3}(?:is|:)[\s*_:]{0,6}([^\n]{1,300}?)[\s*_]{0,6}(?:\.\s|\.?$)"
    r"|答案\s{0,3}(?:应该|应)?\s{0,3}(?:是|为|:)\s{0,3}([^\n.]{1,300})",
    re.I | re.M,
)
_LISTED = re.compile(r"^[\s*_(\[$#>]{0,8}([A-J])[).:\]]{1,2}[\s*_]{0,3}(\S.*)$")
_MARKED = re.compile(
    r"^(?:option|choice|answer|选项|вариант)?\W{0,9}([A-JА-К])(?:[).:\]]|\s*$|\s+[-–—]|\\)\W{0,9}(.*)$", re.S | re.I
)
_MARKED_APART = re.compile(r"^\W{0,9}([A-J])\s+(.+)$", re.S)
_DENIED = re.compile(
    r"(?:\bnot|\bnor|n['’]t|\brather than|\binstead of|\bkeine?|不是|не)\s{0,3}[*_(\[\s]{0,4}(?:be\s{0,3})?$", re.I
)
# `A` is an article where a noun follows; these words go on after a letter.
_AFTER_LETTER = re.compile(
    r"^[)\]}*$_.:,;!?'\"”]|^\s*$|^\s*(?:because|since|as|and|or|but|not|is|for|in|with|by|due|which|where|so)\b|^\s*[^\w\s]",
    re.I,
)


def options_of(question: str, candidates: Sequence[str]) -> Mapping[str, str]:
    """The options by their letters: those that the source gives apart, else those that the question lists."""
    if candidates:
        return dict(zip(_LATIN, candidates, strict=False))
    text = ascii_signs(question[-20_000:])
    found = _OPTION.findall(text)
    if len({letter for letter, _ in found}) < 2:
        found = _INLINE.findall(text)
    options: dict[str, str] = {}
    for letter, option in found:
        options[letter] = option.strip()
    return options if len(options) >= 2 else {}


def choice_of_gold(gold: str, options: Mapping[str, str]) -> str | None:
    """The gold answer as letters: itself, several of them in order, or the place of its text among the options."""
    plain = ascii_signs(gold).strip()
    match = _GOLD.fullmatch(plain)
    if match is not None and (not options or _known(match[1], options)):
        return _known(match[1], options) or match[1]
    by_text = _by_text(plain, options)
    if by_text is not None:
        return by_text
    if options and _SEVERAL.fullmatch(plain):
        letters = sorted(set(re.findall("[A-J]", plain.upper())))
        return "".join(letters) if len(letters) > 1 and all(letter in options for letter in letters) else None
    listed = _GOLD_TEXT.fullmatch(plain)
    if listed is not None and listed[1] in options and normal_words(options[listed[1]]) == normal_words(listed[2]):
        return listed[1]
    return None


def chosen(answer: str, options: Mapping[str, str]) -> str | None:
    """The letters that an answer chooses, in order and once each; None if it chooses nothing that is sure."""
    marked = marked_answer(answer)
    if marked is not None:
        found = _in_mark(ascii_signs(marked), options)
        if found is not None:
            return found or None
        if marked.strip():
            return _stated(ascii_signs(marked), options)
    return _stated(ascii_signs(answer[-TAIL_CHARS:]), options)


def same_letters(gold: str, answer: str) -> bool:
    """Whether both are lists of letters, such as `AC` and `A, C`, and the same ones; for questions without options."""
    both = [ascii_signs(gold).strip(), canonical(answer).strip("()[]{}*_ .:")]
    if not all(_SEVERAL.fullmatch(text) and text.upper() == text for text in both):
        return False
    letters = [re.findall("[A-J]", text) for text in both]
    return len(letters[0]) == len(set(letters[0])) > 1 and sorted(letters[0]) == sorted(letters[1])


def is_no_option(answer: str, options: Mapping[str, str]) -> bool:
    """Whether what an answer marks is surely none of the options: a number that differs from each of theirs."""
    marked = marked_answer(answer)
    return bool(marked and options) and all(compare(option, marked or "") is False for option in options.values())


def _in_mark(marked: str, options: Mapping[str, str]) -> str | None:
    """The letters that a marked answer is; empty if it gives one option's letter and another one's text."""
    by_text = _by_text(marked, options)
    if by_text is not None:
        return by_text
    plain = canonical(marked).strip("()[]{}*_ .:")
    if _SEVERAL.fullmatch(plain) and not plain.islower() or len(plain) == 1 and plain.isalpha():
        return _sorted(plain.upper(), options)
    match = _MARKED.match(canonical(marked))
    if match is not None:
        letter = _sorted(match[1].upper(), options)
        other = _by_text(match[2], options)
        return letter if other in (None, letter) else ""
    spaced = _MARKED_APART.match(canonical(marked))
    if spaced is not None and _is_text_of(spaced[2], options.get(spaced[1])):
        return spaced[1]
    return None


def _stated(tail: str, options: Mapping[str, str]) -> str | None:
    found: list[tuple[int, str]] = []
    for pattern in _STRONG:
        for match in pattern.finditer(tail):
            letters = _letters_of(match, tail, options)
            if letters is not None:
                found.append((match.start(), letters))
    if found:
        return max(found)[1]
    texts = [match[1] or match[2] for match in _STATED_TEXT.finditer(tail)]
    stated = [letter for text in texts if (letter := _by_text(text, options)) is not None]
    if stated:
        return stated[-1]
    weak = [
        letters
        for match in _WEAK.finditer(tail)
        if (letters := _letters_of(match, tail, options)) is not None and not _DENIED.search(tail[: match.start()])
    ]
    lone = [_sorted(letter, options) for letter in _LONE.findall(tail)]
    if lone:
        return lone[-1]
    lines = [line for line in tail.splitlines() if line.strip()]
    # The last line as an option of the question, but not the last of a list of options.
    listed = [_LISTED.match(line) for line in lines[-3:]]
    last = listed[-1] if listed else None
    if last is not None and not any(listed[:-1]) and _is_text_of(last[2], options.get(last[1])):
        return last[1]
    if len(set(weak)) == 1:
        return weak[0]
    return _by_text(lines[-1], options) if lines else None


def _letters_of(match: re.Match[str], tail: str, options: Mapping[str, str]) -> str | None:
    text, start, end = match[1], match.start(1), match.end(1)
    if _DENIED.search(tail[max(0, start - 60) : start]):
        return None
    if len(text) > 1 and text.isalpha() and not text.isupper():
        return None  # a word of such letters, as in "the answer is bad"
    is_bracketed = tail[:start].endswith(("(", "["))
    if text == "a" and not is_bracketed and tail[end : end + 1] not in (")", "]", ".", ""):
        return None
    if text == "A" and not is_bracketed and not _AFTER_LETTER.match(tail[end : end + 60]):
        return None
    return _sorted(text.upper(), options)


def _sorted(letters: str, options: Mapping[str, str]) -> str | None:
    """Letters of a text in the alphabet's order, as the options have them; None if one of them is ambiguous."""
    names = [
        _known(char, options) for char in re.findall(r"[A-ZА-К]", re.sub(r"\b(?:AND|UND|OR|ODER|И|ИЛИ)\b", "", letters))
    ]
    if not names or any(name is None for name in names):
        return None
    return "".join(sorted({name for name in names if name is not None}))


def _known(letter: str, options: Mapping[str, str]) -> str | None:
    """The option that a letter names, in the options' own alphabet; None where two readings are possible."""
    if letter in options or (letter in _LATIN and not any(name in _CYRILLIC for name in options)):
        return letter if letter in options or not options else None
    place = (_CYRILLIC if letter in _CYRILLIC else _LATIN).find(letter)
    other, alike = (_LATIN, _LOOKALIKES) if letter in _CYRILLIC else (_CYRILLIC, {v: k for k, v in _LOOKALIKES.items()})
    readings = {alike.get(letter), other[place] if place < len(other) else None} - {None}
    reading = readings.pop() if len(readings) == 1 else None
    return reading if reading in options or not options else None


def _is_text_of(text: str, option: str | None) -> bool:
    return option is not None and normal_words(text) == normal_words(option) != ""


def _by_text(text: str, options: Mapping[str, str]) -> str | None:
    """The one option whose text this is, in words or as a number."""
    if not options or len(text) > 1_000:
        return None
    for same in (_is_text_of, lambda ours, theirs: canonical(ours) == canonical(theirs) != "",
                 lambda ours, theirs: compare(theirs, ours) is True):  # fmt: skip
        letters = [letter for letter, option in options.items() if same(text, option)]
        if letters:
            return letters[0] if len(letters) == 1 else None
    return None
