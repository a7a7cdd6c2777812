"""Two spellings of the same become one; what differs stays different."""

from __future__ import annotations

import pytest

from rdpt_core.traces.grading.notation import ascii_signs, both_signs, canonical, clean


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１，２", "1,2"),
        ("½", r"\frac{1}{2}"),
        ("x²", "x^2"),
        ("√2", r"\sqrt{2}"),
        ("−5", "-5"),
        (r"\dfrac12", r"\frac{1}{2}"),
        (r"10\,000", "10000"),
        ("10\u202f000", "10{,}000"),
        ("1,234,567", "1234567"),
        (r"\langle 1, 2\rangle", r"\langle 1,2 \rangle"),
        (r"\left( 1,2 \right)", "(1,2)"),
        (r"\text{March } 5", "March 5"),
        ("$42$.", "42"),
        (r"\text{The answer is } 42", "42"),
        ("**42**", "42"),
        (r"90^{\circ}", "90°"),
        (r"1, \dots, n", r"1,\ldots,n"),
    ],
)
def test_spellings_of_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("x²", "x2"), (".5", "5"), ("1 2", "12"), ("1,2", "12"), ("12,34", "1234"), ("a b", "ab"), (r"\$5", "5")],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_both_signs() -> None:
    assert both_signs(r"x = 1 \pm \sqrt{2}") == r"x = 1 +\sqrt{2}, x = 1 -\sqrt{2}"
    assert both_signs(r"1 \pm 2 \mp 3") == "1 +2 -3, 1 -2 +3"
    assert both_signs(r"\pmod 7") == r"\pmod 7"


def test_ascii_text_is_not_touched() -> None:
    assert ascii_signs(r"\frac{1}{2} 'x'") == r"\frac{1}{2} 'x'"
    assert clean("answers vary") == "answers vary"
