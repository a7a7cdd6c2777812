"""Verdicts that need no mathematics: by the chosen letter, and by normalised text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rdpt_core.traces.grading import choices
from rdpt_core.traces.grading.answers import MAX_ANSWER_CHARS, marked_answer, stated_answer
from rdpt_core.traces.grading.notation import ascii_signs, canonical, normal_words
from rdpt_core.traces.grading.quantities import compare


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict and how it was reached.

    Attributes:
        correct: None if there is no verdict.
        method: `choice`, `text`, `number` or `math-verify`.
        extracted: the answer that was compared, None if none was found.
        reason: why there is no verdict, or why it is False without a comparison.
    """

    correct: bool | None
    method: str
    extracted: str | None = None
    reason: str | None = None

    def to_meta(self) -> Mapping[str, Any]:
        """The grade as `meta["grading"]` keeps it."""
        entries = {"method": self.method, "extracted": self.extracted, "reason": self.reason}
        return {key: value for key, value in entries.items() if value is not None}


def grade_choice(answer: str, letters: str, options: Mapping[str, str]) -> Grade:
    """Whether the letters that the answer chooses are the right ones. Without a choice there is no verdict."""
    found = choices.chosen(answer, options)
    if found is not None:
        return Grade(found == letters, "choice", found)
    marked = marked_answer(answer)
    extracted = marked[:MAX_ANSWER_CHARS] if marked else None
    if choices.is_no_option(answer, options):
        return Grade(False, "choice", extracted, "the answer is a number that is none of the options")
    return Grade(None, "choice", extracted, "no choice was found")


def same_text(answer: str, gold: str) -> Grade | None:
    """The grade True if what an answer marks, or says in words, or all of it, is spelt like the gold answer."""
    theirs = canonical(gold)
    if not theirs or len(gold) > 4 * MAX_ANSWER_CHARS:
        return None
    marked = marked_answer(answer)
    for text in (marked,) if marked is not None else (stated_answer(answer), answer):
        if text is not None and len(text) <= 2 * MAX_ANSWER_CHARS and canonical(text) == theirs:
            return Grade(True, "text", text.strip()[:MAX_ANSWER_CHARS])
    return None


def grade_text(answer: str, gold: str) -> Grade:
    """Normalised equality with the marked answer. Without a mark only equality is a verdict: prose proves nothing."""
    marked = marked_answer(answer)
    if marked is None:
        marked = stated_answer(answer)
    if marked is not None:
        return _compare_text(marked, gold)
    last = next((line for line in reversed(answer.strip().splitlines()) if line.strip()), "")
    for whole in (answer, last):
        if _is_same(whole, gold):
            return Grade(True, "text", whole.strip()[:MAX_ANSWER_CHARS])
    return Grade(None, "text", reason="no answer is marked as final, and free text cannot be compared")


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ARTICLE = re.compile(r"^(?:the|a|an) ")


def _compare_text(marked: str, gold: str) -> Grade:
    """Equality without its trifles. Where two answers could still mean the same, there is no verdict."""
    extracted = marked[:MAX_ANSWER_CHARS]
    if _is_same(marked, gold):
        return Grade(True, "text", extracted)
    if is_structure(gold) or is_structure(marked):
        return Grade(None, "text", extracted, "a structure may be right in other orders")
    ours, theirs = _words(marked), _words(gold)
    if ours == theirs:
        return Grade(None, "text", extracted, "the answers have the same words and other signs")
    verdict = compare(gold, marked)
    if verdict is not None:
        return Grade(verdict, "text", extracted)
    if f" {theirs} " in f" {ours} " or f" {ours} " in f" {theirs} ":
        return Grade(None, "text", extracted, "one answer contains the other, and free text cannot be compared further")
    return Grade(False, "text", extracted)


_SIGNS = re.compile(r"[-\u2212](?=\d)|[^\w\s.,;:!?'\"`*$(){}\[\]\\\u2010-\u201f\u3000-\u303f\uff00-\uff1f-]")


def _is_same(answer: str, gold: str) -> bool:
    """Whether two texts are the same but for case, spacing and punctuation: in a structure, every character counts."""
    if is_structure(gold) or is_structure(answer):
        return ascii_signs(answer).split() == ascii_signs(gold).split()
    if len(answer) > 8 * len(gold) + MAX_ANSWER_CHARS:
        return False  # no spelling is so much longer, and a long response need not be normalised
    words = _words(answer)
    return words != "" and words == _words(gold) and _SIGNS.findall(answer) == _SIGNS.findall(gold)


def _words(text: str) -> str:
    words = _ARTICLE.sub("", normal_words(canonical(text)))
    full = [day for day in _DAYS if words in (day[:3], day[:4])]
    return full[0] if full else words


def is_structure(gold: str) -> bool:
    """Whether an answer is a board, a nested list or an object: no mathematics even where they are made of digits."""
    plain = gold.strip()
    return (
        "\n" in plain
        and "####" not in plain
        or re.sub(r"\s", "", plain[:20]).startswith(('{"', '["', "[[", "{'", "['"))
    )
