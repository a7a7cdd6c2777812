"""First words as kinds, as far as they add something."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.kinds.openings import openings
from rdpt_core.analysis.behaviours.kinds.reading import NONE, Numbered, opening_of
from rdpt_core.arrays import Ints


def numbered(values: list[str | None]) -> Numbered:
    texts = sorted({value for value in values if value})
    number = np.array([texts.index(value) if value else NONE for value in values], np.int32)
    return Numbered(tuple(texts), np.bincount(number[number >= 0], minlength=len(texts)), number)


def names(templates: list[str], leader: Ints | None = None) -> set[str]:
    whole = numbered(list(templates))
    found = [
        numbered([opening_of(text, k) if len(text.split()) >= k else None for text in templates]) for k in (1, 2, 3)
    ]
    question = np.arange(len(templates)) % 50
    family = openings(found, whole, np.arange(len(whole.texts)) if leader is None else leader, question)
    for name in family.names:
        n_words = len(name.split())
        assert family.places(name).tolist() == [
            place for place, text in enumerate(templates) if opening_of(text, n_words) == name
        ]
    return set(family.names)


def several(opening: str, n: int) -> list[str]:
    return [f"{opening} {k % 7}-{k % 3} on." for k in range(n)]


def test_the_longest_opening_of_the_same_sentences_is_kept() -> None:
    assert names(several("well, then we", 100)) == {"well then we"}
    assert names(several("so we go", 60) + several("so we take", 60)) == {"so we", "so we go", "so we take"}
    # 95 of 100: the shorter one adds five sentences.
    assert names(several("so we go", 95) + several("so he", 5)) == {"so we go"}
    assert names(several("so we go", 90) + several("so he", 10)) == {"so", "so we go"}


def test_what_is_one_wording_is_no_opening() -> None:
    assert names(["hope that helps!"] * 100) == set()
    one, other = ["hope that it helps!"] * 50, ["hope that it helps"] * 50
    assert names(one + other) == {"hope that it"}
    assert names(one + other, np.zeros(2, np.int64)) == set()  # near-duplicates are one wording


def test_rare_openings_are_left_out() -> None:
    assert names(several("so we go", 19) + several("then he", 30)) == {"then he"}
