"""Careful ways to take a value: switches are no thoughts, and NaN is no value."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rdpt_core.traces.formats.fields import (
    brings_thinking,
    is_switch,
    optional_text,
    reference_of,
    thought_of,
    verdict_of,
)
from rdpt_core.traces.thinking import TAGS


@pytest.mark.parametrize(
    "value",
    [
        "on",
        "Off",
        " TRUE ",
        "false",
        "yes",
        "no",
        "none",
        "low",
        "medium",
        "high",
        "auto",
        "enabled",
        "/think",
        "/no_think",
        "no think",
        "detailed thinking on",
        "thinking: off",
        True,
        False,
        0,
        1,
        8192,
        0.5,
    ],
)
def test_what_says_how_much_to_think_is_a_switch(value: Any) -> None:
    assert is_switch(value)
    assert thought_of(value, "4") is None


@pytest.mark.parametrize(
    "value", ["On the one hand, 4.", "High numbers first.", "Hmm", "two and two", "no, 5", "on" * 30]
)
def test_a_thought_is_no_switch(value: str) -> None:
    assert not is_switch(value)
    assert thought_of(value, "4") == value


@pytest.mark.parametrize(("opening", "closing"), TAGS)
def test_a_response_with_thinking_of_its_own_needs_none_in_front(opening: str, closing: str) -> None:
    for response in (f"{opening}\nhm", f"\n {opening}hm{closing}4", f"hm{closing}4"):
        assert brings_thinking(response)
        assert thought_of("two and two", response) is None
    assert not brings_thinking("4")


@pytest.mark.parametrize("value", [None, "", [], {}, ["hm"]])
def test_what_is_no_text_is_no_thought(value: Any) -> None:
    assert thought_of(value, "4") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (7, "7"),
        (4.5, "4.5"),
        (3.0, "3.0"),
        (True, None),
        (None, None),
        (math.nan, None),
        (math.inf, "Infinity"),
        ([7], None),
    ],
)
def test_a_number_is_its_text_and_nan_is_none(value: Any, text: str | None) -> None:
    assert optional_text(value) == text


@pytest.mark.parametrize(
    ("value", "verdict"), [("Yes", True), ("no", False), ("maybe", None), (math.nan, None), (0.5, None)]
)
def test_a_verdict_says_so_plainly(value: Any, verdict: bool | None) -> None:
    assert verdict_of(value) is verdict


@pytest.mark.parametrize(
    ("label", "reference"),
    [
        ("4", "4"),
        ("", None),
        (True, None),
        (4, None),
        ([1, 2], None),
        ("x" * 301, None),
        ("<think>\nhm\n</think>\n\n4", None),
    ],
)
def test_a_label_is_a_reference_only_if_it_is_an_answer(label: Any, reference: str | None) -> None:
    assert reference_of(label) == reference
