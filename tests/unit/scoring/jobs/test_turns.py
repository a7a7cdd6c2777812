"""The order in which the models of a run come and go."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from rdpt_core.scoring.jobs.turns import in_turn


class Watched:
    def __init__(self, name: str, events: list[str]) -> None:
        self.name, self._events = name, events

    def close(self) -> None:
        self._events.append(f"close {self.name}")


def test_each_model_is_closed_before_the_next_ones_turn() -> None:
    events: list[str] = []
    backends: list[Any] = [Watched(name, events) for name in "abc"]
    for backend in in_turn(backends):
        events.append(backend.name)
    assert events == ["a", "close a", "b", "close b", "c", "close c"]


def test_all_are_closed_if_one_fails() -> None:
    events: list[str] = []
    backends: list[Any] = [Watched(name, events) for name in "abc"]
    with pytest.raises(ZeroDivisionError), closing(in_turn(backends)) as turns:
        for _ in turns:
            raise ZeroDivisionError
    assert events == ["close a", "close b", "close c"]
