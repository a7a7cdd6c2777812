"""What every kind of stream has in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from rdpt_core.scoring.backends.recorded.forms.reading import KEY_FIELDS


class Joined(Protocol):
    """One stream on its way to a whole reply."""

    @property
    def is_over(self) -> bool:
        """Whether all tokens are there."""
        ...

    @property
    def waits(self) -> bool:
        """Whether the count of the tokens may still come."""
        ...

    def takes(self, part: Mapping[str, Any]) -> bool:
        """Whether a part goes on with this stream; if not, another begins under the same name."""
        ...

    def add(self, part: Mapping[str, Any]) -> None:
        """Take the next part."""
        ...

    def whole(self) -> Mapping[str, Any]:
        """The reply as if it had come whole, up to where the stream went."""
        ...


class Kind(Protocol):
    """One program's streams."""

    def name_of(self, value: Mapping[str, Any]) -> Hashable | None:
        """What the parts of one stream share; None for what is no part of such a stream."""
        ...

    def begins(self, value: Mapping[str, Any]) -> bool:
        """Whether a part that belongs to no open stream begins one. What does not is whole in itself, or too late."""
        ...

    def new(self) -> Joined:
        """A stream without parts."""
        ...


def names_in(value: Mapping[str, Any]) -> tuple[Any, ...]:
    """The ids that a record gives itself."""
    return tuple(value[name] if isinstance(value.get(name), str | int) else None for name in KEY_FIELDS)


def extend(held: list[Any], given: Any) -> None:
    """Append the elements of a list; anything else is none."""
    if isinstance(given, list):
        held.extend(given)
