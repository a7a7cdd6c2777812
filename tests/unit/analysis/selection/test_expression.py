"""A user's own formula: what it can say, and that it can do nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.analysis.selection.expression import MAX_CHARACTERS, check, evaluate
from rdpt_core.errors import UsageError

COLUMNS = {"a": np.array([1.0, 2.0, -3.0, np.nan]), "b": np.array([2.0, 0.0, 4.0, 1.0])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [1, 2, -3, math.nan]),
        ("2 * a + b ** 2 - 1", [5, 3, 9, math.nan]),
        ("a / b", [0.5, math.nan, -0.75, math.nan]),
        ("-a % 3", [2, 1, 0, math.nan]),
        ("log(a)", [0, math.log(2), math.nan, math.nan]),
        ("sqrt(abs(a)) + exp(0)", [2, 1 + math.sqrt(2), 1 + math.sqrt(3), math.nan]),
        ("min(a, b, 1.5)", [1, 0, -3, math.nan]),
        ("max(a, b)", [2, 2, 4, math.nan]),
        ("a if b > 0 else -1", [1, -1, -3, math.nan]),
        ("0 < a <= 2", [1, 1, 0, math.nan]),
        ("a > 0 and not b == 0", [1, 0, 0, math.nan]),
        ("a > 5 or b > 1", [1, 0, 1, math.nan]),
        ("missing(a)", [0, 0, 0, 1]),
        ("5 if missing(a) else a", [1, 2, -3, 5]),
        ("1e300 ** 2", [math.nan] * 4),
        ("3", [3, 3, 3, 3]),
        (" +a\n", [1, 2, -3, math.nan]),
    ],
)
def test_what_it_says(text: str, expected: list[float]) -> None:
    np.testing.assert_allclose(evaluate(text, COLUMNS), expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "c",
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "a.__class__",
        "a[0]",
        "[x for x in a]",
        "{a}",
        "lambda: 1",
        "(a := 1)",
        "f'{a}'",
        "'text'",
        "True",
        "None",
        "1j",
        "a @ b",
        "a // b",
        "a << 2",
        "~a",
        "a is b",
        "a in b",
        "log(a, b)",
        "min(a)",
        "log(*a)",
        "log(x=a)",
        "eval(a)",
        "(log)(log)",
        "await a",
        "a; b",
        "import os",
        "9" * 400,
        "-" * 60 + "a",
        "+".join(["a"] * 150),
        "(" * 300 + "a" + ")" * 300,
        "a" * (MAX_CHARACTERS + 1),
        "a\x00b",
        "\ud800",
    ],
)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(UsageError):
        evaluate(text, COLUMNS)
    with pytest.raises(UsageError):
        check(text, COLUMNS)


@given(st.text(max_size=80))
def test_any_text_gives_numbers_or_a_refusal(text: str) -> None:
    try:
        value = evaluate(text, COLUMNS)
    except UsageError:
        return
    assert value.shape == (4,)
    assert not np.isinf(value).any()


@given(st.text(alphabet="ab0123456789.+-*/%()<>= ,logminax", max_size=40))
def test_any_formula_gives_numbers_or_a_refusal(text: str) -> None:
    try:
        value = evaluate(text, COLUMNS)
    except UsageError:
        return
    assert value.shape == (4,)
