"""Sentences and words of texts: what is a word, what is folded, and that equal words have equal hashes."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from rdpt_core.traces.overlap.words import Sums, cut_texts, mixed

HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "…",
    "\n\n\t",
    "word" * 5_000,
    "$" * 300,
    "中文没有空格",
    "é\u0301a",
    "x\u00a0y",
    "😀 a 😀",
]


def cut(*texts: str, starts: list[list[int]] | None = None) -> tuple[list[str], list[str]]:
    """The folded sentences, and the words."""
    at = starts or [[0] if text else [] for text in texts]
    found = cut_texts(texts, [np.array(places, np.int64) for places in at])
    joined = "".join(texts)
    return found.sentences.to_pylist(), [joined[a:b] for a, b in zip(found.start, found.end, strict=True)]


def test_words_are_runs_of_letters_and_digits_and_every_sign_stands_for_itself() -> None:
    assert cut("Wait, 8 - 4=4 don't x_1 né!")[1] == [
        *("Wait", ",", "8", "-", "4", "=", "4", "don", "'", "t", "x_1", "né", "!")
    ]


def test_scripts_without_spaces_have_a_word_a_character() -> None:
    assert cut("首先 abc ไทย")[1] == ["首", "先", "abc", "ไ", "ท", "ย"]


def test_no_word_goes_beyond_its_sentence() -> None:
    assert cut("abcd", starts=[[0, 2]]) == (["ab", "cd"], ["ab", "cd"])
    assert cut("ab", "cd") == (["ab", "cd"], ["ab", "cd"])


@pytest.mark.parametrize("text", [*HOSTILE, "a  b", "a\tb", " a\n", "\u2003a\u2003", "a \n\n b ", "a\t", "x\x85y"])
def test_white_space_is_folded(text: str) -> None:
    space = re.compile(r"[\s\x1c-\x1f\x85]+")
    assert cut(text)[0] == ([space.sub(" ", text).strip(" ")] if text else [])


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_hostile_texts_are_those_of_a_plain_loop(text: str) -> None:
    plain: list[str] = []
    runs = False
    for character in text:
        is_alone = "\u4e00" <= character <= "\u9fff"
        is_run = not is_alone and re.fullmatch(r"\w|\u0301", character) is not None
        if is_run and runs:
            plain[-1] += character
        elif not character.isspace():
            plain.append(character)
        runs = is_run
    assert cut(text)[1] == plain


def test_equal_words_have_equal_hashes_wherever_they_stand() -> None:
    rng = random.Random(1)
    known = ["a", "b", "ab", "ba", "aab", "é", "abcdefghij", "中", "7", "77", ".", "-"]
    words = [rng.choice(known) for _ in range(3_000)]
    found = cut_texts([" ".join(words)], [np.array([0])])
    assert len(found.hash) == len(words)
    assert len({(word, number) for word, number in zip(words, found.hash.tolist(), strict=True)}) == len(known)
    assert len(set(found.hash.tolist())) == len(known)


def test_sentence_of_each_word() -> None:
    found = cut_texts(["One two. Three.", "", "Four"], [np.array([0, 9]), np.array([], np.int64), np.array([0])])
    assert found.sentence.tolist() == [0, 0, 0, 1, 1, 2]
    assert found.char_start.tolist() == [0, 9, 15]
    assert found.first_words().tolist() == [0, 3, 5, 6]
    assert found.is_word.tolist() == [True, True, False, True, False, True]


def test_a_stretch_has_one_hash_wherever_it_stands() -> None:
    numbers = mixed(np.arange(1, 8, dtype=np.uint64))
    row = np.concatenate([numbers, numbers[2:5], numbers])
    sums = Sums.of(row)
    by_content: dict[tuple[int, ...], set[int]] = {}
    for start in range(len(row)):
        for end in range(start + 1, len(row) + 1):
            value = int(sums.between(np.array([start]), np.array([end]))[0])
            by_content.setdefault(tuple(row[start:end].tolist()), set()).add(value)
    assert all(len(values) == 1 for values in by_content.values())
    assert len(set.union(*by_content.values())) == len(by_content)
