"""Lenses see what they are named after, and not what only looks like it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rdpt_core.analysis.behaviours.kinds.lenses import LENSES, lens_bits
from rdpt_core.traces.templates import templates


def seen(text: str) -> set[str]:
    texts = pa.array([text])
    (bits,) = lens_bits(templates(texts, frozenset()), texts).tolist()
    return {name for k, name in enumerate(LENSES) if bits >> k & 1}


@pytest.mark.parametrize(
    ("text", "lenses"),
    [
        ("Wait, that's not right.", {"hesitation", "backtracking"}),
        ("Hmm, wait a minute.", {"hesitation"}),
        ("I'm not sure about this step.", {"hesitation"}),
        ("Perhaps there is another way.", {"hesitation"}),
        ("But hold on!", {"hesitation"}),
        ("The weight of the stone is given.", set()),
        ("They wait for the bus.", set()),
        ("He may be there, perhaps.", set()),
        ("Let me double-check this.", {"verification"}),
        ("I'll quickly verify the sum", {"verification"}),
        ("To be sure, I count again.", {"verification"}),
        ("Everything checks out.", {"verification"}),
        ("He pays by check at the checkout.", set()),
        ("This is a test of the checkers club.", set()),
        ("No, that can't be right.", {"backtracking"}),
        ("Oops, I misread the question.", {"backtracking"}),
        ("I made a small mistake earlier.", {"backtracking"}),
        ("Let me start over.", {"backtracking"}),
        ("That is right.", set()),
        ("No problem at all.", set()),
        ("My plan is to count first.", {"planning"}),
        ("Let's find the total first.", {"planning"}),
        ("First, we need to read the clock.", {"planning"}),
        ("We go step by step.", {"planning"}),
        ("What I have to find is the hour.", {"restating"}),
        ("The plane lands at noon.", set()),
        ("Case 1: n is even.", {"case split"}),
        ("So there are two cases to consider.", {"case split"}),
        ("In the second case, x is odd.", {"case split"}),
        ("Otherwise, x is odd.", {"case split"}),
        ("In case I forget it, remind me.", set()),
        ("He carries a case of apples.", set()),
        ("The question asks for the mass.", {"restating"}),
        ("We are given that x is odd.", {"restating"}),
        ("In other words, x is odd.", {"restating"}),
        ("She asks a question.", set()),
        ("13 + 2 = 15.", {"computing"}),
        ("Now we add 5.", {"computing"}),
        ("So $3 \\cdot 4 = 12$ in all.", {"computing"}),
        ("It equals 7.", {"computing"}),
        ("So $x$ and $y$ are odd.", set()),
        ("Read pages 3 - 7.", set()),
        ("The final answer is no.", {"concluding"}),
        ("Therefore x is odd.", {"concluding"}),
        ("It is \\boxed{x}.", {"concluding"}),
        ("Before I answer, I read.", set()),
        ("So we go on.", set()),
        ("", set()),
    ],
)
def test_lenses(text: str, lenses: set[str]) -> None:
    assert seen(text) == lenses


def test_lenses_of_many_sentences_stand_in_their_places() -> None:
    texts = pa.array(["So on.", "Wait.", "x", "13 + 2 = 15.", "$3 + 4 = 7$"] * 3)
    bits = lens_bits(templates(texts, frozenset()), texts)
    assert bits.tolist() == [0, 1, 0, 1 << LENSES.index("computing"), 1 << LENSES.index("computing")] * 3
