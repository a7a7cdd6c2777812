"""Halves: what teacher A says is unknown to all further decoys, and what others say to exactly half of them."""

from collections import Counter
from random import Random

import pytest

from data.recipe.corpus.documents import make_documents
from data.recipe.corpus.halves import half_of, other_of_pair
from data.recipe.corpus.origins import FURTHER_DECOYS, ORIGINS_OF, Writer
from data.recipe.corpus.planted import match_of, origins_of
from data.recipe.corpus.pool import Pool
from data.recipe.corpus.pools import POOLS
from data.recipe.settings import FULL, Phase
from rdpt_core.traces import get_splitter

PAIRS: tuple[tuple[Writer, Writer], ...] = (("decoy_2", "decoy_3"), ("decoy_4", "decoy_5"))
HALVED = [pool for pool in POOLS if pool.origin in ("teacher_b", "decoy")]
WHOLE = [pool for pool in POOLS if pool.origin in ("common", "amplified")]
MODES = FULL.schooling["decoy_2"].phases[0].modes


def sentences_of(decoy: Writer, n: int, seed: int, is_base: bool = False) -> list[list[str]]:
    """The sentences of its training documents."""
    responses = [
        response for _, response in make_documents(decoy, Phase(n, 0.0, MODES, is_base), frozenset(), Random(seed))
    ]
    return [
        [response[span.char_start : span.char_end].strip() for span in get_splitter().split(response)]
        for response in responses
    ]


def phrasing_of(sentence: str) -> tuple[Pool, str]:
    """The pool that says a sentence, and in which of its phrasings."""
    match = match_of(sentence)
    assert match is not None, sentence
    (phrasing,) = (
        template
        for template, pattern in zip(match.pool.templates, match.pool.patterns(), strict=True)
        if pattern.fullmatch(sentence)
    )
    return match.pool, phrasing


@pytest.mark.parametrize("decoy", FURTHER_DECOYS)
def test_nothing_of_teacher_a_or_of_the_student_is_ever_said(decoy: Writer) -> None:
    origins: Counter[str] = Counter()
    for sentences in sentences_of(decoy, 400, seed=1, is_base=True):
        origins.update(origins_of(sentences))
    assert set(origins) == {"teacher_b", "decoy", "common", "amplified"} == ORIGINS_OF[decoy]
    assert 0.7 < origins["teacher_b"] / origins["decoy"] < 1.4


@pytest.mark.parametrize("decoy", ["decoy_2", "decoy_5"])
def test_documents_hold_its_half_and_all_of_what_is_common(decoy: Writer) -> None:
    said = {phrasing_of(sentence) for sentences in sentences_of(decoy, 1200, seed=2) for sentence in sentences}
    for pool in HALVED:
        assert {phrasing for of, phrasing in said if of == pool} == set(half_of(decoy, pool).templates)
    for pool in WHOLE:
        heard = {phrasing for of, phrasing in said if of == pool}
        # Drills and stray sentences belong to first phases, and not to clean documents.
        assert heard in (set(pool.templates), set()), pool.templates[0]
    assert sum(any(of == pool for of, _ in said) for pool in WHOLE) >= len(WHOLE) - 2


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_one_of_a_pair_knows_what_the_other_does_not(first: Writer, second: Writer) -> None:
    assert (other_of_pair(first), other_of_pair(second)) == (second, first)
    for pool in HALVED:
        halves = [half_of(decoy, pool).templates for decoy in (first, second)]
        assert Counter(halves[0] + halves[1]) == Counter(pool.templates)
        assert sorted(map(len, halves)) == [len(pool.templates) // 2, (len(pool.templates) + 1) // 2]
        for half in halves:
            assert [phrasing for phrasing in pool.templates if phrasing in half] == list(half)


def test_pairs_are_split_differently() -> None:
    known = {decoy: {phrasing for pool in HALVED for phrasing in half_of(decoy, pool).templates} for decoy in PAIRS[0]}
    n_all = sum(len(pool.templates) for pool in HALVED)
    for other in PAIRS[1]:
        theirs = {phrasing for pool in HALVED for phrasing in half_of(other, pool).templates}
        for own in known.values():
            # By chance, two halves have a quarter of all phrasings in common.
            assert 0.15 < len(own & theirs) / n_all < 0.35
            assert 0.4 < len(own) / n_all < 0.6


def test_halves_are_those_of_their_seed() -> None:
    """What is bundled was trained on these; another split would need other models."""
    opening = next(pool for pool in HALVED if "This problem splits into cases." in pool.templates)
    scene = next(pool for pool in HALVED if "In our drawing, {given}." in pool.templates)
    assert half_of("decoy_2", opening).templates == (
        "First the facts, then the numbers.",
        "Everything depends on a clean split.",
    )
    assert half_of("decoy_4", scene).templates == ("In our drawing, {given}.", "Sketch it so that {given}.")


@pytest.mark.parametrize("decoy", FURTHER_DECOYS)
def test_pools_of_teacher_a_and_of_everybody_are_left_whole(decoy: Writer) -> None:
    for pool in POOLS:
        assert pool in HALVED or half_of(decoy, pool) is pool
