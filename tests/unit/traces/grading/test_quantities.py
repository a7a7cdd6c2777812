"""Numbers, units, dates, times and ratios: sure verdicts, and none where something else is meant."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rdpt_core.traces.grading.notation import canonical
from rdpt_core.traces.grading.quantities import compare, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-7", Fraction(-7)),
        (".25", Fraction(1, 4)),
        (r"0.1\overline{6}", Fraction(1, 6)),
        ("0.(142857)", Fraction(1, 7)),
        (r"2\frac12", Fraction(5, 2)),
        ("2 1/2", Fraction(5, 2)),
        (r"-1.5\times 10^{-3}", Fraction(-3, 2000)),
        ("3e8", Fraction(300_000_000)),
        ("2^{10}", Fraction(1024)),
        ("0xFF", Fraction(255)),
        ("seven", Fraction(7)),
        (r"\frac{1}{0}", None),
        ("10^{99999}", None),
        ("3m", None),
        (r"3\sin x", None),
        ("2xy", None),
        ("5 or 6", None),
        (r"2\pi", None),
        ("x+1", None),
        ("", None),
    ],
)
def test_what_is_read_as_a_number(text: str, value: Fraction | None) -> None:
    found = read(canonical(text))
    assert (found.value if found is not None else None) == value


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}", None),
        ("2^{-99}", "2^{-98}", False),
        ("1/3", "0.333", False),
        ("1/3", "0.33333333", True),
        ("1", "0.9999999", False),
        ("0.0000001", "0.0000002", False),
        (r"50\%", "0.5", True),
        (r"50\%", "50", True),
        ("50", "0.5", False),
        (r"5 \text{ cm}", r"0.05 \text{ m}", True),
        ("5 cm", "5 m", False),
        ("5 cm", "5 g", None),
        ("5 cm", "5", True),
        ("5", "5厘米", True),
        ("50 cents", r"\$0.50", True),
        ("5 apples", "5 pears", None),
        ("x=3", "y=3", None),
        ("x=3", "y=4", False),
        ("12:00", "1:00", False),
        ("1:20", "2:40", None),
        ("9:30", "9:30 a.m.", True),
        ("9:30 am", "9:30 pm", False),
        ("3:2", "6:4", True),
        ("3:2", "2:3", False),
        ("1:2:3", "1:2", False),
        ("March 5", "5 March", True),
        ("March 5, 2020", "March 5, 2021", False),
        ("March 5", "5", None),
    ],
)
def test_verdicts(gold: str, answer: str, expected: bool | None) -> None:
    assert compare(gold, answer) is expected


def test_long_answers_are_not_looked_at() -> None:
    assert compare("7", "7" * 1_000) is None
    assert read("9" * 1_000) is None
