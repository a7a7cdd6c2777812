r"""What an answer states: the part that it marks as final, and the same for reference answers (`\boxed{…}`, `####`)."""

from __future__ import annotations

import re

MAX_ANSWER_CHARS = 2_000
"""Longer answers are not compared."""

_TAGGED = re.compile(r"<answer>(.*?)</answer>", re.S | re.I)
_HASHES = re.compile(r"####\s*(.+)")


def marked_answer(answer: str) -> str | None:
    r"""What an answer marks as final: the last `\boxed{…}`, `<answer>…</answer>` or `#### …`; None if nothing is."""
    boxed = _last_boxed(answer)
    if boxed is not None:
        return boxed
    for pattern in (_TAGGED, _HASHES):
        matches = pattern.findall(answer[-20_000:])
        if matches:
            return str(matches[-1]).strip()
    return None


def _last_boxed(text: str) -> str | None:
    """Content of the last box whose braces close."""
    position = len(text)
    for _ in range(8):  # boxes that never close are the exception; a text made of them must not cost its square
        position = max(text.rfind("\\boxed{", 0, position), text.rfind("\\fbox{", 0, position))
        if position < 0:
            return None
        start = text.index("{", position) + 1
        depth = 1
        for index in range(start, min(len(text), start + 4 * MAX_ANSWER_CHARS)):
            depth += {"{": 1, "}": -1}.get(text[index], 0)
            if depth == 0:
                return text[start:index].strip()
    return None


def bare_gold(gold: str) -> str:
    """A reference answer without its box, or without the working that GSM8K writes before `####`."""
    boxed = _last_boxed(gold)
    if boxed is not None:
        return boxed
    hashes = _HASHES.findall(gold)
    return str(hashes[-1]).strip() if hashes else gold.strip()
