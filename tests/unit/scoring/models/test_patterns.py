"""Patterns that a stranger wrote end, or are ended."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models import patterns
from rdpt_core.scoring.models.patterns import check_patterns

NAMES = ["", "model.layers.0.self_attn.q_proj", "model.layers.10.mlp.down_proj", "lm_head"]
ENDLESS = "(([a-z_.0-9])+)+X"


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ENDLESS},
        {"target_modules": ["q_proj"], "exclude_modules": ENDLESS},
        {"rank_pattern": {"q_proj": 8, ENDLESS: 4}},
        {"alpha_pattern": {ENDLESS: 4}},
        {"layers_pattern": ENDLESS},
        {"modules_to_save": [ENDLESS]},
    ],
)
def test_a_pattern_that_does_not_end_is_refused(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LIMIT_S", 0.5)
    with pytest.raises(ModelError, match=r"does not come to an end: f; expected .* got .*\+X"):
        check_patterns(settings, NAMES, "f")


@pytest.mark.parametrize("pattern", [r".*\.(self_attn|mlp)\.(q|down)_proj", "(((a", "model.*"])
def test_any_other_pattern_goes_to_the_library(pattern: str) -> None:
    check_patterns({"target_modules": pattern, "rank_pattern": {pattern: 8}}, NAMES, "f")


def test_plain_names_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(patterns, "WorkerProcess")
    check_patterns({"target_modules": ["q_proj"], "rank_pattern": {"layers.1.q_proj": 8}}, NAMES, "f")
