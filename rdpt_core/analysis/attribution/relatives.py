"""Teachers that cannot be told apart: a model and its sibling, or two that learned from the same text.

Two teachers are relatives if, of the sentences that point to the pair and to nobody else, fewer than one in five says
which of the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from rdpt_core.arrays import Bools, Doubles

LEAST_FLOOR = 0.02
"""Below this share of the sentences no source is looked for: about as many mislead."""

TOLD_APART = 0.2


def find_relatives(member: Bools, total: Doubles, n_teachers: int) -> list[list[int]]:
    """Teachers in groups whose members cannot be told apart, in order; most groups are of one.

    Args:
        member: (n_sets, n_sources).
        total: (n_sets,), sentences of each set.
        n_teachers: the first of the sources.
    """
    pairs = np.zeros((n_teachers, n_teachers))
    everything = max(1.0, float(total.sum()))
    for k in range(n_teachers):
        for m in range(k + 1, n_teachers):
            only = only_of(member, [k, m])
            joint = only & member[:, k] & member[:, m]
            n_pair, n_joint = float(total[only].sum()), float(total[joint].sum())
            # Too few to matter are no reason to call two teachers alike.
            if n_joint >= LEAST_FLOOR * everything and n_pair - n_joint < TOLD_APART * n_pair:
                pairs[k, m] = 1
    _, component = connected_components(csr_array(pairs), directed=False)
    return [np.flatnonzero(component == number).tolist() for number in dict.fromkeys(component.tolist())]


def only_of(member: Bools, group: Sequence[int]) -> Bools:
    """(n_sets,), the sets that name some of a group and nothing else."""
    others = np.ones(member.shape[1], bool)
    others[list(group)] = False
    return np.asarray(member[:, list(group)].any(axis=1) & ~member[:, others].any(axis=1))
