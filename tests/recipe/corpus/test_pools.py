"""Pools: every sentence has one origin, and pools of different origins never say the same."""

import re
from random import Random

import pytest

from data.recipe.corpus.origins import ORIGINS, WRITERS
from data.recipe.corpus.pool import Pool
from data.recipe.corpus.pools import POOLS, both_teachers, common, decoy, student, teacher_a, teacher_b
from data.recipe.corpus.slots import ENDS, FEET, QUANTITIES, UNITS

NUMBERS = [str(number) for number in range(31)]
NAMES = ["Tom", "Anna", "Ben", "Mia", "Sam", "Lucy", "Paul", "Nina"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EXAMPLES: dict[str, list[str]] = {
    **dict.fromkeys("abcdk", NUMBERS),
    **dict.fromkeys(("sign", "undo"), ["+", "-", "*", "/"]),
    **dict.fromkeys(("p", "q"), NAMES),
    **dict.fromkeys(("guess", "found"), [*NAMES, *DAYS]),
    "items": ["7 Tom pens", "Tom 12 pens key Friday"],
    "verb": ["add", "take away"],
    "day": DAYS,
    "feet": list(FEET),
    "answer": [*NUMBERS, *NAMES, *DAYS],
    "line": ["Tom, Anna", "Ben, Mia, Sam, Lucy"],
    "more": ["taller", "shorter", "older", "younger", "faster", "slower"],
    "end": ["front", "back"],
    "place": list(ENDS),
    "quantity": list(QUANTITIES),
    "unit": list(UNITS),
    "target": ["the number of pens", "the density of the key", "the second oldest of them", "the final day"],
    "given": ["Tom has 8 pens at first", "today is Friday", "there are 4 people", "the second part takes 1 hour"],
}
"""Some of what every slot holds, written down apart from the patterns."""


def sentences_of(pool: Pool, rng: Random, n: int = 5) -> list[str]:
    """Sentences of every phrasing of a pool, with any fillings, true or not."""
    return [
        template.format(**{slot: rng.choice(EXAMPLES[slot]) for slot in sorted(set(re.findall(r"{(\w+)}", template)))})
        for template in pool.templates
        for _ in range(n if "{" in template else 1)
    ]


def test_every_pool_is_listed() -> None:
    modules = (common, both_teachers, teacher_a, teacher_b, decoy, student)
    listed = {id(pool) for pool in POOLS}
    for module in modules:
        for value in vars(module).values():
            for pool in value.values() if isinstance(value, dict) else [value]:
                if isinstance(pool, Pool):
                    assert id(pool) in listed, pool.templates[0]
    assert {pool.origin for pool in POOLS} == set(ORIGINS) - {"slip", "none"}


def test_every_sentence_of_every_pool_has_exactly_one_origin() -> None:
    rng = Random(1)
    patterns = [(pattern, pool) for pool in POOLS for pattern in pool.patterns()]
    for pool in POOLS:
        for sentence in sentences_of(pool, rng, 3):
            origins = {other.origin for pattern, other in patterns if pattern.fullmatch(sentence)}
            assert origins == {pool.origin}, sentence


def test_private_ideas_are_said_in_several_ways() -> None:
    for pool in POOLS:
        if pool.origin in WRITERS:
            assert 3 <= len(pool.templates) <= 8, pool.templates


def test_every_sentence_is_one_sentence() -> None:
    for pool in POOLS:
        for template in pool.templates:
            assert re.fullmatch(r"[A-Z{][^.!?\n]*[.!?]", template), template


def test_private_pools_of_teachers_share_no_phrasing_with_the_students() -> None:
    openings = [set(module.OPENING.templates) for module in (teacher_a, teacher_b, decoy, student)]
    assert sum(map(len, openings)) == len(set.union(*openings))


@pytest.mark.parametrize("text", ["Now we add 31.", "Now we add .", "Now we drop 3.", "now we add 3.", "Now we add 3"])
def test_patterns_refuse_what_the_pool_cannot_say(text: str) -> None:
    assert not any(pattern.fullmatch(text) for pattern in common.ANNOUNCE.patterns())


def test_a_slot_named_twice_holds_the_same_twice() -> None:
    (pattern,) = common.WRAP.patterns()
    assert pattern.fullmatch("That is past 12, so 15 - 12 = 3.")
    assert not pattern.fullmatch("That is past 12, so 15 - 11 = 4.")
