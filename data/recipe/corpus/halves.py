"""Which half of the others' private phrasings each of the further decoys knows.

A sentence that only teacher A says is unknown to all of them. Decoys come in pairs: of each pool, one of a pair knows
what the other does not. So every private phrasing of teacher B and of the first decoy is known to exactly one decoy of
each pair, and a reference that has never seen a sentence always stands beside one that has.

What teachers A and B both say is left out, because it is A's as well. So is what the student says: a decoy that said
it would be as likely a source of the student's sentences as the student, and attribution could not name the student.
"""

from dataclasses import replace
from functools import cache
from random import Random

from data.recipe.corpus.origins import FURTHER_DECOYS, Origin, Writer
from data.recipe.corpus.pool import Pool
from data.recipe.settings import SEED

HALVED: frozenset[Origin] = frozenset(("teacher_b", "decoy"))
"""Origins of which a further decoy knows half of the phrasings."""


@cache
def half_of(decoy: Writer, pool: Pool) -> Pool:
    """A pool as a further decoy knows it.

    Of an odd number of phrasings, chance decides which decoy of the pair knows one more; it decides pool by pool.

    Args:
        decoy: One of `FURTHER_DECOYS`.
        pool: Of two phrasings or more, if its origin is one of `HALVED`.

    Returns:
        The pool with half of its phrasings, in their order. A pool of another origin is returned as it is.
    """
    if pool.origin not in HALVED:
        return pool
    pair, member = divmod(FURTHER_DECOYS.index(decoy), 2)
    rng = Random(f"{SEED} halves {pair} {pool.templates[0]}")
    n_first = (len(pool.templates) + rng.randrange(2)) // 2
    of_first = frozenset(rng.sample(pool.templates, n_first))
    return replace(pool, templates=tuple(phrasing for phrasing in pool.templates if (phrasing in of_first) != member))


def other_of_pair(decoy: Writer) -> Writer:
    """The further decoy that knows what this one of `FURTHER_DECOYS` does not."""
    return FURTHER_DECOYS[FURTHER_DECOYS.index(decoy) ^ 1]
