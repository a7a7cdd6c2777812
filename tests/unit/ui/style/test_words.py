"""Texts of strangers as one plain line, and words for every reason."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.records import UnscoredReason
from rdpt_core.ui.style import words


@given(st.text(max_size=300))
def test_plain_is_one_short_visible_line(text: str) -> None:
    line = words.plain(text)
    assert 0 < len(line) <= 60
    assert not re.search(r"[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", line)


@given(st.text(max_size=100))
def test_no_markup_leaves_plotly_nothing_to_read(text: str) -> None:
    escaped = words.no_markup(text)
    assert not re.search(r"[<>$]", escaped)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|#36);)*", escaped)


def test_a_name_that_is_its_letter_stands_once() -> None:
    assert words.lettered("A", "A") == "A"
    assert words.lettered("M", "math") == "M math"
    assert words.lettered("A~", "A or sibling") == "A~ A or sibling"


def test_every_reason_has_words() -> None:
    assert set(words.UNSCORED) >= {str(reason) for reason in UnscoredReason}


def test_only_the_first_letter_is_made_a_capital() -> None:
    assert words.capitalised("benchmark AIME 2025") == "Benchmark AIME 2025"
    assert words.capitalised("") == ""


def test_effective_questions_stand_beside_their_number_where_they_differ() -> None:
    assert words.questions(100, 99.7) == "100 questions"
    assert words.questions(1200, 1049.6) == "1,200 questions (effective 1,050)"


def test_a_p_value_is_never_zero() -> None:
    assert [words.p_value(p) for p in (0.0, 0.00099, 0.001, 0.0124, 1.0, float("nan"))] == [
        "< 0.001",
        "< 0.001",
        "0.001",
        "0.012",
        "1.000",
        "–",
    ]
