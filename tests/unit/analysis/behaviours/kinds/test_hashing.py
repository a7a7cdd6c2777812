"""Numbers for texts: equal exactly where texts, or their first words, are equal."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.behaviours.kinds.hashing import FIRST_WORDS, PUNCTUATION, hashed

_WORD = st.text(st.sampled_from("ab#é."), min_size=1, max_size=4)
_TEXT = st.lists(_WORD, max_size=5).map(" ".join)


def opening(text: str, n: int) -> tuple[str, ...] | None:
    """The first n words, naively; up to three marks of punctuation go on each side."""
    words = [word for word in text.split(" ")[:n]]
    bare = []
    for word in words:
        for _ in range(3):
            word = word[1:] if word[:1] and word[0] in PUNCTUATION else word
            word = word[:-1] if word[-1:] and word[-1] in PUNCTUATION else word
        bare.append(word)
    return tuple(bare) if len(bare) == n and all(bare) else None


@settings(max_examples=100, deadline=None)
@given(st.lists(_TEXT, max_size=30), st.integers(0, 3))
def test_numbers_are_equal_where_texts_are(texts: list[str], before: int) -> None:
    found = hashed(pa.array(["x y é"] * before + texts, pa.string()).slice(before))
    number_of: dict[str, int] = {}
    for text, number in zip(texts, found.whole.tolist(), strict=True):
        assert number_of.setdefault(text, number) == number
        assert (number == 0) == (text == "")
    assert len(set(number_of.values())) == len(number_of)
    for n in range(1, FIRST_WORDS + 1):
        of_opening: dict[tuple[str, ...], int] = {}
        for text, number in zip(texts, found.openings[n - 1].tolist(), strict=True):
            words = opening(text, n)
            assert (words is None) == (number == 0)
            if words is not None:
                assert of_opening.setdefault(words, number) == number
        assert len(set(of_opening.values())) == len(of_opening)


def test_order_and_number_of_words_count() -> None:
    found = hashed(pa.array(["a b", "b a", "a", "ab", "a b c", "wait, so", "wait so.", "wait so"]))
    assert len(set(found.whole.tolist())) == 8
    assert len(set(found.openings[0].tolist())) == 4  # a, b, ab, wait
    assert found.openings[1][5] == found.openings[1][6] == found.openings[1][7]
    assert found.openings[1].tolist().count(0) == 2
