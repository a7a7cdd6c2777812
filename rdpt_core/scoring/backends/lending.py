"""A base model that stays in memory from one role to the next, which need not load it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rdpt_core.scoring.engine.kernel import CausalKernel


class Base(NamedTuple):
    """A model without an adapter as it is loaded: where both are equal, so are all weights, to the last bit."""

    revision: str
    dtype: str


class LentBase:
    """Keeps a base that is done with if the next role asks for it, so that one model is in memory at any time.

    The roles say in their order which base they will ask for (None: for none that may be lent), and each of them then
    either takes it or gives it up.
    """

    def __init__(self) -> None:
        self._waiting: list[Base | None] = []
        self._kernels: list[CausalKernel] = []

    def expect(self, base: Base | None) -> None:
        """One more role, after those that are waiting."""
        self._waiting.append(base)

    def lend(self, base: Base | None, kernels: list[CausalKernel]) -> None:
        """Keep a base that was not changed, with what scored with it on each device."""
        self._kernels = kernels if base is not None and self._waiting[:1] == [base] else []

    def take(self, base: Base | None) -> list[Any]:
        """The base on each device as it was loaded, for the role to change; empty if it must be loaded."""
        kernels = self._kernels
        self.give_up(base)
        return [kernel.release() for kernel in kernels]

    def give_up(self, base: Base | None) -> bool:
        """The role will not ask: it is scored already, or the run has failed. Returns whether a base was kept."""
        self._waiting.remove(base)
        was_kept, self._kernels = bool(self._kernels), []
        return was_kept
