"""A pattern in a run: its sentences, and their labels against those of all others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

import pyarrow as pa

from rdpt_core.analysis.behaviours.patterns.contrast import compare
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern, described
from rdpt_core.analysis.behaviours.patterns.rows import contrast_rows, view_rows
from rdpt_core.analysis.behaviours.patterns.sentences import pattern_sentences
from rdpt_core.analysis.behaviours.patterns.view import pattern_view
from rdpt_core.api.choices import Choices
from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.analysis.labels import LabelRule
    from rdpt_core.analysis.run.data import RunData
    from rdpt_core.analysis.scope import Scope


class RunPattern:
    """Sentences of one kind in a run. Made by `ScoredRun.pattern`; `choices` are those of the run's tables.

    Every method raises `UsageError` where the run has no such kind or tag, or the expression cannot be used.

    Attributes:
        pattern: what is looked for.
    """

    def __init__(self, pattern: Pattern, asked: Callable[[Choices], tuple[RunData, LabelRule, Scope]]) -> None:
        self.pattern = pattern
        self._asked = asked

    def __repr__(self) -> str:
        named = f" {self.pattern.name!r}" if self.pattern.name else ""
        return f"<RunPattern{named}: {described(self.pattern)}>"

    def shares(self, **choices: Unpack[Choices]) -> pa.Table:
        """Label shares of its sentences against those of all others, with 95% intervals over questions: in all, without
        the teacher, by benchmark, correctness and place, and of its neighbours. The table of the page Patterns."""
        return view_rows(pattern_view(*self._asked(choices), self.pattern))

    def sentences(self, **choices: Unpack[Choices]) -> pa.Table:
        """One row a sentence of the pattern, with the columns of `export --what sentences`."""
        chunks = list(pattern_sentences(*self._asked(choices), self.pattern))
        return pa.concat_tables([chunk.cast(chunks[0].schema) for chunk in chunks])

    def against(self, other: RunPattern | Pattern, **choices: Unpack[Choices]) -> pa.Table:
        """One row a label: its share in this pattern, in another, and in neither, and how far the two differ.

        Args:
            other: a pattern, which is looked for in this run.
        """
        second = other.pattern if isinstance(other, RunPattern) else other
        return contrast_rows(compare(*self._asked(choices), self.pattern, second))


class WithPatterns(ABC):
    """What a scored run offers about patterns."""

    @abstractmethod
    def _asked(self, choices: Choices) -> tuple[RunData, LabelRule, Scope]:
        """The run as it is asked about."""

    def pattern(
        self,
        saved: Pattern | None = None,
        *,
        text: str | None = None,
        expression: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        family: str = "",
        match_case: bool = False,
    ) -> RunPattern:
        """Sentences of one kind: a saved pattern, or one of text, expression, kind and tag.

        Args:
            saved: as `Database.pattern` gives it.
            text: what they hold; a hit belongs to the sentence in which it begins.
            expression: the same as a regular expression (RE2).
            kind: the name of a kind.
            tag: of notes, or of imported traces.
            family: that of the kind, such as `opening`; the first that has it by default.
            match_case: of a text or an expression: whether `A` differs from `a`.

        Raises:
            UsageError: none of these is given, or several.
        """
        if saved is not None and not any((text, expression, kind, tag)):
            return RunPattern(saved, self._asked)
        made = made_pattern("", text, expression, kind, tag, family, match_case, others=int(saved is not None))
        return RunPattern(made, self._asked)


def made_pattern(
    name: str,
    text: str | None,
    expression: str | None,
    kind: str | None,
    tag: str | None,
    family: str,
    match_case: bool,
    *,
    others: int = 0,
) -> Pattern:
    """A pattern from the one argument that says what is looked for.

    Args:
        others: how many further arguments say it, too.

    Raises:
        UsageError: none does, or several.
    """
    ways = {"text": text, "expression": expression, "kind": kind, "tag": tag}
    given = [(how, value) for how, value in ways.items() if value is not None]
    if len(given) + others != 1:
        raise UsageError(
            "a pattern is one thing that is looked for",
            expected="one of " + ", ".join(ways),
            got=" and ".join(how for how, _ in given) or "none",
        )
    ((how, value),) = given
    return Pattern(name, how, value, family if how == "kind" else "", match_case)  # type: ignore[arg-type]
