"""Answers that are computed once and kept: how `RunData` names them, and a memory to keep them in.

Whoever makes a `RunData` hands in how answers are kept. A notebook hands in a `Memory`; the app hands in Streamlit's
cache, which all its sessions share.
"""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Answers of one kind.

    Attributes:
        name: tells families apart.
        max_entries: how many answers are kept; the one that was not asked for longest goes first.
        message: shown to whoever waits for an answer; None for what takes no time worth a word.
        is_small: answers that may be copied for each session. Others are shared, and nobody may write into them.
    """

    name: str
    max_entries: int
    message: str | None = None
    is_small: bool = False


class Keep(Protocol):
    """Returns the answer kept under this family and key, or the one that `make` gives, and keeps that."""

    def __call__(self, family: Family, key: Key, make: Callable[[], Any]) -> Any: ...


class HasKeep(Protocol):
    """What has kept answers: it says where they are kept, and what every key of its own begins with."""

    @property
    def keep(self) -> Keep: ...

    @property
    def key(self) -> Key: ...


S = TypeVar("S", bound=HasKeep)


def kept(
    max_entries: int, *, message: str | None = None, is_small: bool = False
) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Keep what a method answers, under its name and arguments; arguments are hashable values."""

    def decorate(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        family = Family(method.__name__, max_entries, message, is_small)
        signature = inspect.signature(method)

        @wraps(method)
        def answer(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            key = (*self.key, *list(bound.arguments.values())[1:])
            result: T = self.keep(family, key, lambda: method(self, *args, **kwargs))
            return result

        return cast(Callable[Concatenate[S, P], T], answer)

    return decorate


class Memory:
    """Keeps answers in this process, in the order of their last use. Safe for threads; equal questions wait in line."""

    def __init__(self) -> None:
        self._families: dict[str, OrderedDict[Key, Any]] = {}
        self._lock = threading.RLock()

    def __call__(self, family: Family, key: Key, make: Callable[[], Any]) -> Any:
        """See `Keep`."""
        with self._lock:
            entries = self._families.setdefault(family.name, OrderedDict())
            if key not in entries:
                entries[key] = make()
            entries.move_to_end(key)
            while len(entries) > family.max_entries:
                entries.popitem(last=False)
            return entries[key]
