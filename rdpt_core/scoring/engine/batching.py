"""Which traces go through the model together.

The longest go first, so that a batch that does not fit in memory fails early. Responses to one prompt go together,
because the prompt is then computed once:

    one pack     [ prompt a | response | response | response | prompt b | response ]
    its rows     len(a) + sum of (len(response) − 1) + len(b) + …        the last token of a response predicts nothing

The plan depends on the traces and the budget only. It changes no number: the kernel is batch-invariant.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlanItem:
    """What the plan knows of a trace: `prompt` identifies the prompt, the counts are tokens."""

    prompt: Hashable
    n_prompt: int
    n_response: int

    @property
    def n_own_rows(self) -> int:
        """Rows that no other trace shares."""
        return max(0, self.n_response - 1)


@dataclass(slots=True)
class _Pack:
    rows: int
    positions: list[int] = field(default_factory=list)


def plan_batches(items: Sequence[PlanItem], budget_rows: int, *, share: bool = True) -> list[list[int]]:
    """Positions in `items`, grouped into batches of at most `budget_rows` rows, the largest batch first.

    Pieces (a prompt with as many of its responses as the budget holds) are placed largest first, each into the fullest
    batch that still has room. A trace longer than the budget is a batch of its own.

    Args:
        share: False puts every trace into a batch of its own, for models that are not batch-invariant.
    """
    if not share:
        order = sorted(range(len(items)), key=lambda position: (-_rows(items, [position]), position))
        return [[position] for position in order]
    pieces = [piece for group in _groups(items) for piece in _split(items, group, budget_rows)]
    pieces.sort(key=lambda piece: (-_rows(items, piece), piece[0]))
    packs: list[_Pack] = []
    for piece in pieces:
        rows = _rows(items, piece)
        fitting = [pack for pack in packs if pack.rows + rows <= budget_rows]
        # `max` keeps the earliest of equals, so the plan is the same every time.
        pack = max(fitting, key=lambda pack: pack.rows, default=None)
        if pack is None:
            pack = _Pack(0)
            packs.append(pack)
        pack.rows += rows
        pack.positions.extend(piece)
    packs.sort(key=lambda pack: (-pack.rows, pack.positions[0]))
    return [pack.positions for pack in packs]


def _rows(items: Sequence[PlanItem], piece: Sequence[int]) -> int:
    return items[piece[0]].n_prompt + sum(items[position].n_own_rows for position in piece)


def _groups(items: Sequence[PlanItem]) -> list[list[int]]:
    """Positions by prompt, in order of appearance; within a prompt the longest response first."""
    groups: dict[Hashable, list[int]] = {}
    for position, item in enumerate(items):
        groups.setdefault(item.prompt, []).append(position)
    for group in groups.values():
        group.sort(key=lambda position: (-items[position].n_response, position))
    return list(groups.values())


def _split(items: Sequence[PlanItem], group: Sequence[int], budget_rows: int) -> list[list[int]]:
    pieces: list[list[int]] = []
    rows = 0
    for position in group:
        own = items[position].n_own_rows
        if pieces and rows + own <= budget_rows:
            pieces[-1].append(position)
            rows += own
        else:
            pieces.append([position])
            rows = items[position].n_prompt + own
    return pieces
