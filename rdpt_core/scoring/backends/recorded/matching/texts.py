"""Recordings by their visible ASCII text, which survives every way of writing tokens down.

Marks of thinking and special tokens do not count, since servers and `import` write them otherwise. A text is found
whole, without a last token or two, by its end where the recording begins earlier, or by its beginning where a stop
string cut it. Only the alignment decides.
"""

from __future__ import annotations

from bisect import bisect_left

from rdpt_core.scoring.backends.recorded.matching.seams import MARK
from rdpt_core.scoring.backends.recorded.spelling import Spelled

_PART_CHARACTERS = 48
REACH_CHARACTERS = 64
"""How many visible characters a recording may go on behind a response that is found by its text: a stop string, which
is cut off the text and not off the tokens, is a few words. One that is found by its id may go on for any length."""


class TextIndex:
    """Numbers of recordings by their text. Memory: about 550 bytes for each, however long it is."""

    def __init__(self) -> None:
        # Texts by their hashes: two that collide are two candidates, of which the alignment refuses one.
        self._whole: dict[int, list[int]] = {}
        self._beginnings: list[tuple[str, int, int]] = []
        self._ends: list[tuple[str, int]] = []
        self._is_sorted = True

    def add(self, number: int, tokens: Spelled, *, is_prompt: bool) -> None:
        """Take a recording up. Numbers come in rising order."""
        self._is_sorted = False
        whole = text_key(text_of(tokens))
        keys = {whole: None}
        for n_dropped in (1, 2):
            ending = text_key(text_of(tokens[-n_dropped:]))
            kept = tokens[: max(0, len(tokens) - n_dropped)]
            keys[whole[: len(whole) - len(ending)] if whole.endswith(ending) else text_key(text_of(kept))] = None
        # Backwards and sorted: what ends alike stands together.
        self._ends += {(key[: -_PART_CHARACTERS - 1 : -1], number) for key in keys}
        if not is_prompt:
            self._beginnings.append((whole[:_PART_CHARACTERS], len(whole), number))
            for key in keys:
                self._whole.setdefault(hash(key), []).append(number)

    def whole(self, key: str) -> list[int]:
        """Recordings of this text."""
        return self._whole.get(hash(key), [])

    def partly(self, key: str) -> list[int]:
        """Recordings that end like this text, or begin like it and go on for little more."""
        if not self._is_sorted:
            self._beginnings.sort()
            self._ends.sort()
            self._is_sorted = True
        numbers: list[int] = []
        wanted = key[: -_PART_CHARACTERS - 1 : -1]
        for index in range(bisect_left(self._ends, (wanted, -1)), len(self._ends)):
            end, number = self._ends[index]
            if not end.startswith(wanted):
                break
            numbers.append(number)
        wanted = key[:_PART_CHARACTERS]
        for index in range(bisect_left(self._beginnings, (wanted, len(key), -1)), len(self._beginnings)):
            beginning, length, number = self._beginnings[index]
            is_over = beginning == wanted and length > len(key) + REACH_CHARACTERS and len(wanted) == _PART_CHARACTERS
            if not wanted or not beginning.startswith(wanted) or is_over:
                break
            if len(key) <= length <= len(key) + REACH_CHARACTERS:
                numbers.append(number)
        return list(dict.fromkeys(numbers))


def squeezed(text: str) -> str:
    """The visible ASCII characters of a text: what is left of it however its tokens were written down."""
    return "".join(text.encode("ascii", "ignore").decode().split())


def text_key(text: str) -> str:
    """What of a text is compared to find it: its visible ASCII characters, without marks."""
    return squeezed(MARK.sub("", text) if "<" in text or "[" in text else text)


def text_of(tokens: Spelled) -> str:
    """What tokens spell, without those of which the bytes are unknown."""
    return b"".join(token or b"" for token in tokens).decode("utf-8", "ignore")
