"""Equalities of math-verify that are none, and inequalities that are equalities."""

from __future__ import annotations

from typing import Any

import math_verify
import pytest

from rdpt_core.traces.grading import math_checks
from rdpt_core.traces.grading.math_checks import compare


def verdict(gold: str, answer: str) -> dict[str, Any]:
    return compare(math_verify, [gold], [rf"\boxed{{{answer}}}"], 5)


def by_itself(gold: str, answer: str) -> bool:
    return bool(math_verify.verify(math_verify.parse(rf"\boxed{{{gold}}}"), math_verify.parse(rf"\boxed{{{answer}}}")))


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\frac{1}{204!}", r"\frac{1}{206!}"),
        ("1/2^{99}", "1/2^{98}"),
        (r"\frac{2^{205}+1}{3 \cdot 2^{206}}", r"\frac{1}{3 \cdot 2^{206}}"),
        ("e^{-50}", "e^{-51}"),
        (r"1, 2, \ldots, n", r"1, 3, 5, \ldots, 2n-1"),
    ],
)
def test_false_equalities_are_caught(gold: str, answer: str) -> None:
    assert by_itself(gold, answer), "math-verify knows better by now: the check may go"
    assert verdict(gold, answer)["correct"] is False


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\frac{1}{204!}", r"\frac{1}{204!}"),
        (r"\frac{1}{2^{80}}", "2^{-80}"),
        (r"\frac{1}{3}", "0.3333333"),
        (r"\{1, \frac{1}{2}\}", r"\{0.5, 1\}"),
        (r"2, 4, \ldots, 2n", r"2, 4, \dots, 2n"),
        ("x^2-1", "(x-1)(x+1)"),
        (r"(-\infty, 3]", r"x \le 3"),
        (r"50\%", r"\frac{50}{100}"),
    ],
)
def test_true_equalities_stay(gold: str, answer: str) -> None:
    assert verdict(gold, answer)["correct"] is True


def test_a_root_of_a_fraction_is_the_fraction_of_the_root_but_a_modulus_is_not_its_number() -> None:
    assert verdict(r"\sqrt{1/n}", r"\frac{1}{\sqrt{n}}")["correct"] is True
    assert verdict("|x|", "x")["correct"] is False


def test_lines_are_compared_by_their_coefficients() -> None:
    assert verdict("3x+4y+14=0", "3x-y+13=0")["correct"] is False
    assert verdict("y=2x+1", "4x-2y+2=0")["correct"] is True


def test_a_quantifier_that_only_one_has_leaves_no_verdict() -> None:
    reply = verdict("f(x)=0", r"\forall x>0, f(x)=0")
    assert reply["correct"] is None
    assert "for all values" in reply["reason"]


def test_a_check_that_takes_too_long_leaves_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(first: Any, second: Any) -> bool:
        while True:
            pass

    monkeypatch.setattr(math_checks, "_CHECK_S", 0.1)
    monkeypatch.setattr(math_checks, "_confirmed", endless)
    assert verdict("x^2", "x^2")["correct"] is None
    monkeypatch.setattr(math_checks, "_agrees_everywhere", endless)
    assert verdict("x^2", "x^3")["correct"] is False


def test_a_reference_that_cannot_be_parsed_leaves_a_reason() -> None:
    assert "could not be parsed" in compare(math_verify, [""], [r"\boxed{1}"], 5)["reason"]
