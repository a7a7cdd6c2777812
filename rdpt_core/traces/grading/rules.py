"""Verdicts that need no mathematics: by the chosen letter, and by normalised text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdpt_core.traces.grading.answers import MAX_ANSWER_CHARS, marked_answer

TAIL_CHARS = 2_000
"""Only so much of an answer's end is searched for what it states."""

_LETTER = re.compile(r"\(?([A-Z])\)?[.:)]?")
_LETTER_FIRST = re.compile(r"^\W*(?:\\(?:text|mathrm|textbf)\{)?\W*([A-Z])(?![A-Za-z])")
_CHOSEN = re.compile(
    r"(?:answer|choice|option)\s*(?:is|:|=)?\s*(?:is|:)?\s*[*_$\s]*\(?\[?(?:\\(?:text|boxed|mathrm)\{)?\s*\(?"
    r"([A-J])(?![A-Za-z'])",
    re.I,
)
_LONE_LETTER = re.compile(r"^[\s*_(\[$]*([A-J])[\s*_)\].:$]*$", re.M)
_MARKED = (
    re.compile(r"^\W*(?:final\s+)?answer\W*:\s*[*_]*\s*(\S.*)", re.I | re.M),
    re.compile(r"(?:final answer|the answer) is[\s:*_]*(\S.*)", re.I),
)


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict and how it was reached.

    Attributes:
        correct: None if there is no verdict.
        method: `math-verify`, `choice` or `text`.
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


def choice_of_gold(gold: str, candidates: Sequence[str]) -> str | None:
    """The gold answer as a letter: itself, or the place of its text among the candidates."""
    match = _LETTER.fullmatch(gold.strip())
    if match is not None:
        return match[1]
    indices = [index for index, text in enumerate(candidates[:26]) if _normal(text) == _normal(gold)]
    return chr(ord("A") + indices[0]) if len(indices) == 1 else None


def grade_choice(answer: str, letter: str) -> Grade:
    """Whether the letter that the answer chooses last is the right one."""
    marked = marked_answer(answer)
    for text, pattern in (
        (marked, _LETTER_FIRST),
        (answer[-TAIL_CHARS:], _CHOSEN),
        (answer[-TAIL_CHARS:], _LONE_LETTER),
    ):
        matches = pattern.findall(text) if text is not None else []
        if matches:
            chosen = str(matches[-1]).upper()
            return Grade(chosen == letter, "choice", chosen)
    return Grade(False, "choice", reason="no choice was found")


def grade_text(answer: str, gold: str) -> Grade:
    """Normalised equality with the marked answer. Without a mark only equality is a verdict: prose proves nothing."""
    marked = marked_answer(answer)
    if marked is None:
        stated = next((matches for mark in _MARKED if (matches := mark.findall(answer[-TAIL_CHARS:]))), [])
        marked = str(stated[-1]).strip() if stated else None
    if marked is not None:
        return _compare_text(marked, gold)
    last = next((line for line in reversed(answer.strip().splitlines()) if line.strip()), "")
    for whole in (answer, last):
        if _normal(whole) == _normal(gold):
            return Grade(True, "text", whole.strip()[:MAX_ANSWER_CHARS])
    return Grade(None, "text", reason="no answer is marked as final, and free text cannot be compared")


def _compare_text(marked: str, gold: str) -> Grade:
    """Equality without its trifles. Where two answers could still mean the same, there is no verdict."""
    extracted = marked[:MAX_ANSWER_CHARS]
    ours, theirs = _normal(marked), _normal(gold)
    if ours == theirs:
        return Grade(True, "text", extracted)
    if f" {theirs} " in f" {ours} " or f" {ours} " in f" {theirs} ":
        return Grade(None, "text", extracted, "one answer contains the other, and free text cannot be compared further")
    if is_structure(gold):
        return Grade(None, "text", extracted, "the reference answer is a structure that may be right in other orders")
    return Grade(False, "text", extracted)


def is_structure(gold: str) -> bool:
    """Whether an answer is a board, a nested list or an object: no mathematics even where they are made of digits."""
    plain = gold.strip()
    return (
        "\n" in plain
        and "####" not in plain
        or re.sub(r"\s", "", plain[:20]).startswith(('{"', '["', "[[", "{'", "['"))
    )


def _normal(text: str) -> str:
    """Letters and digits of a text: case, width, spacing, punctuation and LaTeX text commands do not count."""
    plain = unicodedata.normalize("NFKC", re.sub(r"\\(?:text|mathrm|textbf|mathbf)\b", "", text)).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in plain).split())
