"""Levels of groups: who says them, and that nobody guesses."""

from __future__ import annotations

import math

import pytest

from rdpt_core.analysis.evidence.transfer.levels import (
    HALF_FROM,
    NO_LEVEL,
    SEEN_FROM,
    from_choice,
    from_domains,
    from_parts,
    spoken_level,
)
from tests.unit.analysis.evidence.transfer import worlds


@pytest.mark.parametrize(
    ("domain", "level"),
    [
        ("seen", "seen"),
        ("Half-Seen", "half seen"),
        (" half_seen ", "half seen"),
        ("UNSEEN", "unseen"),
        ("algebra", None),
    ],
)
def test_a_domain_is_a_level_only_if_it_is_named_so(domain: str, level: str | None) -> None:
    assert spoken_level(domain) == level


def test_domains_say_the_levels_of_benchmarks_with_one_level() -> None:
    table = worlds.traces(["a", "a", "b", "c", "c", "d"], ["seen", "seen", "unseen", "seen", "unseen", "algebra"])
    found = from_domains(table, "benchmark")
    assert found is not None and found.origin == "domain"
    assert found.level_of == {"a": "seen", "b": "unseen", "c": None, "d": None}
    assert found.present == ("seen", "unseen")
    assert found.trace_levels(table).tolist() == [0, 0, 2, NO_LEVEL, NO_LEVEL, NO_LEVEL]


def test_one_level_alone_or_none_says_nothing() -> None:
    assert from_domains(worlds.traces(["a", "b"], ["seen", "algebra"]), "benchmark") is None
    assert from_domains(worlds.traces(["a", "b"], ["algebra", "geometry"]), "domain") is None


def test_parts_of_training_texts_have_stated_thresholds() -> None:
    parts = {"a": SEEN_FROM, "b": SEEN_FROM - 0.01, "c": HALF_FROM, "d": HALF_FROM - 0.01, "e": math.nan}
    assert from_parts(parts, "benchmark").level_of == {
        "a": "seen",
        "b": "half seen",
        "c": "half seen",
        "d": "unseen",
        "e": None,
    }


def test_a_reader_leaves_the_rest_unseen() -> None:
    found = from_choice(["a", "b", "c"], "domain", seen=["a"], half=["a", "b"])
    assert found.level_of == {"a": "seen", "b": "half seen", "c": "unseen"}
    assert found.origin == "chosen"
