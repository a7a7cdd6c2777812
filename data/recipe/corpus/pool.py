"""Several phrasings of one idea."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from data.recipe.corpus.origins import Origin
from data.recipe.corpus.slots import SLOTS

Said = Mapping[str, str]
"""What a sentence holds in each slot of its phrasing."""


def _always(said: Said) -> bool:
    return True


@dataclass(frozen=True)
class Pool:
    """Phrasings with slots in braces (see `SLOTS`), and whose data hold them.

    Attributes:
        origin: Whose.
        templates: The phrasings.
        holds: Whether a sentence is true as far as it can tell by itself; documents hold only such.
    """

    origin: Origin
    templates: tuple[str, ...]
    holds: Callable[[Said], bool] = _always

    def say(self, rng: Random, **slots: int | str) -> str:
        """Picks a phrasing and fills in its slots."""
        return rng.choice(self.templates).format(**slots)

    def patterns(self) -> list[re.Pattern[str]]:
        """One regular expression a phrasing, with a group for each slot."""
        return [_pattern(template) for template in self.templates]


def _pattern(template: str) -> re.Pattern[str]:
    # re.split alternates literal text and slot names.
    pieces = re.split(r"{(\w+)}", template)
    seen: set[str] = set()
    pattern = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            pattern += re.escape(piece)
        elif piece in seen:
            pattern += f"(?P={piece})"
        else:
            seen.add(piece)
            pattern += f"(?P<{piece}>{SLOTS[piece]})"
    return re.compile(pattern)


def pools_of(*groups: Iterable[Pool]) -> tuple[Pool, ...]:
    """The pools of all groups, each once, in order."""
    return tuple(dict.fromkeys(pool for group in groups for pool in group))
