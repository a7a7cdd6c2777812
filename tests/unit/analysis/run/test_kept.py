"""Kept answers: computed once for equal arguments, forgotten in the order of their last use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.analysis.run.kept import Family, Keep, Key, Memory, kept


@dataclass(frozen=True, eq=False)
class Squares:
    """Counts how often it computes."""

    keep: Keep
    key: Key = ("squares",)
    computed: list[int] = field(default_factory=list)

    @kept(2)
    def square(self, n: int, *, negative: bool = False) -> int:
        """n squared."""
        self.computed.append(n)
        return -n * n if negative else n * n


def test_equal_arguments_are_computed_once_however_they_are_written() -> None:
    squares = Squares(Memory())
    assert [squares.square(3), squares.square(n=3), squares.square(3, negative=False)] == [9, 9, 9]
    assert squares.computed == [3]
    assert squares.square(3, negative=True) == -9
    assert squares.computed == [3, 3]


def test_the_answer_not_asked_for_longest_goes_first() -> None:
    squares = Squares(Memory())
    for n in (1, 2, 1, 3, 1, 2):
        squares.square(n)
    assert squares.computed == [1, 2, 3, 2]


def test_equal_arguments_of_another_thing_are_another_question() -> None:
    memory = Memory()
    first, second = Squares(memory), Squares(memory, ("others",))
    assert (first.square(2), second.square(2)) == (4, 4)
    assert (first.computed, second.computed) == ([2], [2])


def test_an_error_is_not_kept() -> None:
    memory, calls = Memory(), []

    def fail() -> None:
        calls.append(1)
        raise ValueError

    for _ in range(2):
        try:
            memory(Family("f", 1), (), fail)
        except ValueError:
            continue
    assert len(calls) == 2


def test_whoever_keeps_is_told_what_is_kept() -> None:
    asked: list[tuple[Family, Key]] = []

    def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
        asked.append((family, key))
        return make()

    Squares(keep).square(5)
    assert asked == [(Family("square", 2), ("squares", 5, False))]
