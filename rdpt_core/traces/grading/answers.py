r"""What an answer states: the part that it marks as final, and the same for reference answers (`\boxed{…}`, `####`)."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

MAX_ANSWER_CHARS = 2_000
"""Longer answers are not compared."""

TAIL_CHARS = 2_000
"""Only so much of an answer's end is searched for what it states."""

MAX_ACCEPTED = 200
"""So many accepted answers of one question are looked at."""

_MARK_CHARS = 20_000
_MAX_BOXES = 12

_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,3}\{")
_BARE_BOX = re.compile(r"\\boxed\s{1,3}([-+]?\w[\w.,]*)")
_TAGGED = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.S | re.I)
_HASHES = re.compile(r"####[ \t]*([^\n#]+)")
_HEADING = re.compile(r"\W*(?:step|case|part|method|approach|question|problem|section)\b", re.I)
# What may stand between boxes that count together: separators, a word that joins, the name of the next unknown.
_SEPARATOR = r"(?:[\s,;、，；$]|\\[,;()\[\] ]|\\q?quad\b)"
_JOINT = re.compile(
    rf"{_SEPARATOR}*(?:(?:\\(?:text|mathrm)\{{\s*)?(?:and|or|und|oder|et|ou|y|o|и|или|和|或|或者|以及|及|&)\s*\}}?)?"
    rf"{_SEPARATOR}*(?:[A-Za-z](?:_\{{?\w{{1,3}}\}}?)?\s*=\s*)?{_SEPARATOR}*"
)
_STATED = (
    re.compile(r"(?:final|the(?: correct)?) (?:answer|result) (?:is|=|equals)\s{0,9}:?(?=\s{0,9}([^\n]+))", re.I),
    re.compile(r"^\W{0,8}(?:final\s+|correct\s+)?answer\W{0,4}:[\s*_]*([^\n]+)", re.I | re.M),
    re.compile(r"(?:最终|正确)?答案\s*(?:应该|应)?\s*(?:是|为|：|:)\s*(?:：|:)?\s*([^\n。；]+)"),
    re.compile(r"^\W{0,8}(?:antwort|réponse|respuesta|risposta|resposta|ответ|antwoord|答え)\W{0,4}[:：][\s*_]*([^\n]+)",
               re.I | re.M),
)  # fmt: skip
_CORRECTED = re.compile(r"\b(?:correction|corrected|actually|wait|sorry|mistake|instead)\b|更正|不对", re.I)
_REFUSES = re.compile(
    r"\b(?:can(?:not|['’]t)|could(?: not|n['’]t)|(?:am |was )?(?:unable|not able) to|do(?: not|n['’]t) know|"
    r"fail(?:ed)? to|give up|gave up)\b(?:\s+(?:how|to|what|really|actually|seem)){0,3}\s*"
    r"(?:(?:solve|answer|determine|find|compute|calculate|work|figure|give|provide)\b|$|[.,;!])"
    r"|\b(?:give|gave) up\b|无法(?:解|求|确定|回答)|不知道",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")


class Marked(NamedTuple):
    """What an answer marks or states as final, and the code point of it at which that begins."""

    text: str
    start: int


class _Box(NamedTuple):
    start: int
    end: int
    content: str


def marked_answer(answer: str) -> str | None:
    r"""What an answer marks as final: its last boxes, `<answer>…</answer>` or `#### …`; None if nothing is.

    Boxes that stand together (`\boxed{1} and \boxed{2}`) count together, separated by commas.
    """
    marked = find_marked(answer)
    return None if marked is None else marked.text


def find_marked(answer: str) -> Marked | None:
    """What `marked_answer` gives, and where it begins: the last of several boxes."""
    boxes = _last_boxes(answer)
    base = max(0, len(answer) - _MARK_CHARS)
    if boxes:
        end = boxes[-1].end
        after = answer[end:][:_MARK_CHARS]
        tagged = list(_TAGGED.finditer(after))
        if tagged and not _BOX.search(tagged[-1][1]):
            return _found(tagged[-1], end)
        if _CORRECTED.search(after) and (corrected := find_stated(after)) is not None:
            return Marked(corrected.text, end + corrected.start)
        return Marked(_joined(boxes), boxes[-1].start)
    tags = list(_TAGGED.finditer(answer[base:]))
    if tags:
        return _found(tags[-1], base)
    return _hashed(answer[base:], base) or _bare_box(answer[base:], base)


def stated_answer(answer: str) -> str | None:
    """What an answer says in words to be its answer, up to the end of the line: `The answer is …`; the last of them."""
    stated = find_stated(answer)
    return None if stated is None else stated.text


def find_stated(answer: str) -> Marked | None:
    """What `stated_answer` gives, and where it begins."""
    base = max(0, len(answer) - TAIL_CHARS)
    matches = [match for pattern in _STATED for match in pattern.finditer(answer[base:])]
    # Of those that begin together, the one that goes on longest.
    return _found(max(matches, key=lambda match: (match.start(1), match[1])), base) if matches else None


def _found(match: re.Match[str], base: int) -> Marked:
    """The first group of a match in a text that begins at `base`."""
    return Marked(match[1].strip(), base + match.end(1) - len(match[1].lstrip()))


def without_refusals(answer: str) -> tuple[str, bool]:
    """The end of an answer without the sentences that say that there is none, and whether its last sentence is one."""
    sentences = [part for part in _SENTENCE.split(answer[-TAIL_CHARS:]) if part.strip()]
    kept = [part for part in sentences if not _REFUSES.search(part)]
    if len(kept) == len(sentences):
        return answer[-TAIL_CHARS:], False
    return "\n".join(kept), bool(_REFUSES.search(sentences[-1]))


def _last_boxes(text: str) -> list[_Box]:
    """The last box whose braces close, and the boxes right before it that belong to it."""
    starts = [(match.start(), match.end()) for match in _BOX.finditer(text[-40 * _MARK_CHARS :])]
    base = max(0, len(text) - 40 * _MARK_CHARS)
    boxes: list[_Box] = []
    for start, inside in reversed(starts[-_MAX_BOXES:]):
        box = _closed(text, base + start, base + inside)
        if box is None or not box.content:
            if boxes:
                break
            continue
        if boxes:
            between = text[box.end : boxes[0].start]
            if box.end > boxes[0].start or len(between) > 60 or "\n\n" in between or not _JOINT.fullmatch(between):
                break
        boxes.insert(0, box)
    return boxes


def every_box(answer: str) -> str | None:
    """The contents of all boxes of an answer, separated by commas; None if it has fewer than two different ones."""
    starts = [(match.start(), match.end()) for match in _BOX.finditer(answer[-_MARK_CHARS:])][: _MAX_BOXES + 1]
    tail = answer[-_MARK_CHARS:]
    boxes = [box for start, inside in starts if (box := _closed(tail, start, inside)) is not None and box.content]
    if len(starts) > _MAX_BOXES or len({box.content for box in boxes}) < 2:
        return None
    return _joined(boxes)


def _closed(text: str, start: int, inside: int) -> _Box | None:
    depth = 1
    for index in range(inside, min(len(text), inside + 4 * MAX_ANSWER_CHARS)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return _Box(start, index + 1, text[inside:index].strip())
    return None


def _joined(boxes: list[_Box]) -> str:
    return ", ".join(dict.fromkeys(box.content for box in boxes))


def _hashed(text: str, base: int) -> Marked | None:
    """What follows the last `####`, unless that is a heading: one with other text after it and no number in it."""
    for match in reversed(list(_HASHES.finditer(text))[-20:]):
        stated, rest = match[1].strip(), text[match.end() :]
        if stated and (not rest.strip() or any(char.isdigit() for char in stated)) and not _HEADING.match(stated):
            return _found(match, base)
    return None


def _bare_box(text: str, base: int) -> Marked | None:
    matches = list(_BARE_BOX.finditer(text))
    if not matches or not any(char.isdigit() for char in matches[-1][1]):
        return None
    return Marked(matches[-1][1].rstrip(".,"), base + matches[-1].start(1))


def bare_gold(gold: str) -> str:
    """A reference answer without its boxes, or without the working that GSM8K writes before `####`."""
    boxes = _last_boxes(gold)
    if boxes:
        return _joined(boxes)
    hashes = _HASHES.findall(gold)
    return str(hashes[-1]).strip() if hashes else gold.strip()


def accepted_answers(gold: str) -> list[str]:
    """The answers of which each one is right: the members of a JSON array that has texts, else the gold answer itself.

    An array of numbers alone is one answer, a list.
    """
    plain = gold.strip()
    if plain.startswith("[") and plain.endswith("]"):
        try:
            members = json.loads(plain)
        except (ValueError, RecursionError):
            return [gold]
        if all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in members):
            texts = [item if isinstance(item, str) else json.dumps(item) for item in members]
            if texts and any(isinstance(item, str) for item in members):
                return list(dict.fromkeys(text for text in texts if text.strip()))[:MAX_ACCEPTED] or [gold]
    return [gold]
