"""A family of kinds: groups of the sentences of a run by one way of looking at them."""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.arrays import Ints, SmallInts

WORDING, OPENING, PARTS_OF_SPEECH, LENS, TAG = "wording", "opening", "parts of speech", "lens", "tag"
FAMILIES = (WORDING, OPENING, PARTS_OF_SPEECH, LENS, TAG)
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class KindFamily:
    """Groups of sentences. A sentence may belong to several kinds of a family, or to none.

    Attributes:
        family: one of `FAMILIES`.
        names: (n_kinds,), what each kind is called; hostile text, as it comes from traces.
        start: (n_kinds + 1,); the sentences of kind k are `members[start[k] : start[k + 1]]`.
        members: places of sentences in the arrays of `RunData.gaps` and `RunData.codes`, ascending within a kind.
    """

    family: str
    names: tuple[str, ...]
    start: Ints
    members: SmallInts

    def places(self, name: str) -> SmallInts:
        """The sentences of a kind; none of a name that is not there."""
        if name not in self.names:
            return self.members[:0]
        k = self.names.index(name)
        return self.members[int(self.start[k]) : int(self.start[k + 1])]
