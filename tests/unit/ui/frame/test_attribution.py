"""Thresholds of attribution as the address writes them."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.ui.frame import attribution


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (AttributionRule.make(0.95, 0.3, 1.0), "0.95,0.3,1"),
        (AttributionRule.make(0.9, 0.25, 0.0, calibrated=True), "0.9,0.25,0,scaled"),
    ],
)
def test_a_rule_comes_back_from_the_address(rule: AttributionRule, text: str) -> None:
    assert attribution._text(rule) == text
    assert attribution._parse(text) == rule


@pytest.mark.parametrize("text", ["", ",scaled", "0.9,0.3", "0.9,0.3,1,2", "0.4,0.3,1", "0.9,0.3,-1", "0.9,0.3,inf"])
def test_nonsense_is_no_rule(text: str) -> None:
    assert attribution._parse(text) is None
