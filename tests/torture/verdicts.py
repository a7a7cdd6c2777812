"""What counts as broken, and what is said of an attempt."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.torture.lab import Lab

PATIENCE_S = 60.0
"""What a command may take. One that takes longer hangs."""

DONE, REFUSED, PARTIAL, INTERRUPTED = 0, 2, 3, 130


class Broken(Exception):
    """The program did something that it must never do."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.seen = " ".join(seen.split())[-400:]


@dataclass
class Verdict:
    """What came of one attempt.

    Attributes:
        what: what was done, in words.
        is_struck: whether the disturbance met a command at work.
        expected: what the program should have done, if it did not.
        seen: what it did instead.
    """

    what: str
    is_struck: bool = True
    expected: str = ""
    seen: str = ""

    @property
    def held(self) -> bool:
        return not self.expected


class Ground(Protocol):
    """A way to break the program.

    Attributes:
        share: how many of a hundred attempts are its own.
    """

    name: str
    share: int

    def __init__(self, lab: Lab) -> None: ...

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        """Try once, with every choice drawn from `rng` and every file written below `scratch`.

        Raises:
            Broken: the program did not hold.
        """


class Trial:
    """What a ground says of an attempt while it is under way, for whoever reads of its end."""

    def __init__(self) -> None:
        self.what: list[str] = []
        self.is_struck = False

    def say(self, words: str) -> None:
        self.what.append(words)

    def verdict(self, work: Callable[[], None]) -> Verdict:
        """Do the work, and turn what it breaks into a verdict."""
        expected = seen = ""
        try:
            work()
        except Broken as broken:
            expected, seen = broken.expected, broken.seen
        return Verdict("; ".join(self.what), self.is_struck, expected, seen)


@dataclass(frozen=True)
class Outcome:
    """How a command ended; `status` is None if it hung."""

    command: str
    status: int | None
    output: str

    def check(self, allowed: Sequence[int] = (DONE,)) -> Outcome:
        """The same outcome, if it is an allowed one: no hang, no traceback, and one clear line for an error.

        Raises:
            Broken: it is not.
        """
        if self.status is None:
            raise Broken(f"`{self.command}` to end within {PATIENCE_S:.0f} s", f"a hang; {self.output}")
        if "Traceback (most recent call last)" in self.output:
            raise Broken(f"`{self.command}` without a traceback", f"status {self.status}; {self.output}")
        if self.status not in allowed:
            names = " or ".join(map(str, allowed))
            raise Broken(f"`{self.command}` to end with status {names}", f"status {self.status}; {self.output}")
        n_errors = sum(line.startswith("error: ") for line in self.output.splitlines())
        if n_errors != (self.status == REFUSED) and self.status != PARTIAL:
            raise Broken(f"one line for the error of `{self.command}`", f"{n_errors} lines; {self.output}")
        return self
