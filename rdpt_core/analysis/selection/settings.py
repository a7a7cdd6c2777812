"""Everything that a user decides about a selection, under the names that command, API and page share."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.selection.pick import Budget, Guards
from rdpt_core.analysis.selection.strategies import Options, Strategy, find_strategy
from rdpt_core.analysis.selection.training import FORMATS
from rdpt_core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a selection, beside the run.

    This is the one table of the options of `select`: the field `per_question` is the argument of that name and the
    flag `--per-question`.

    Attributes:
        strategy: the name of the strategy.
        format: of the training file.
        expression: the formula, for the strategy `expression`.
        seed: for the strategy `random` and the order in which questions fill a budget.
        per_question: picks of each question.
        samples: picks in all, at most.
        tokens: the student's tokens of the picks in all, at most.
        min_tokens: of the student, in a candidate.
        max_tokens: of the student, in a candidate.
        beta: gap above which a sentence is Teacher; None for the default of unit and space.
        unit: what a logprob sum is divided by.
        space: whether probabilities or their log-ratios are compared.
        with_marks: count marks of format like sentences.
        equal_tokens: strategies to whose smallest pick the tokens are limited.
        correct_only: take only candidates known to be correct.
        basket: let what a reader chose take the place of the strategy's pick.
        quota: picks of a domain at most; domains that are not named have no limit.
        local_context: which pass of local scores; None for the widest.
    """

    strategy: str
    format: str = "messages"
    expression: str = ""
    seed: int = 0
    per_question: int = 1
    samples: int | None = None
    tokens: int | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    beta: float | None = None
    unit: str = Unit.OWN_TOKEN
    space: str = Space.DIFFERENCE
    with_marks: bool = False
    equal_tokens: tuple[str, ...] = ()
    correct_only: bool = False
    basket: bool = False
    quota: Mapping[str, int] = field(default_factory=dict)
    local_context: int | None = None

    @property
    def options(self) -> Options:
        """What strategies ask for."""
        return Options(self.seed, self.expression)

    @property
    def guards(self) -> Guards:
        """Which candidates may be picked."""
        return Guards(self.correct_only, self.min_tokens, self.max_tokens)

    @property
    def budget(self) -> Budget:
        """How much is picked, before tokens are made equal."""
        return Budget(self.per_question, self.samples, self.tokens, dict(self.quota))

    @property
    def rule(self) -> LabelRule:
        """The rule by which sentences are counted; α is its default, since it decides nothing between two models."""
        return LabelRule.make(None, self.beta, self.unit, self.space, self.with_marks)

    def rivals(self) -> tuple[Strategy, ...]:
        """The strategies that are to cost equally many tokens, the chosen one among them.

        Raises:
            UsageError: there is no strategy or format of a name, or a formula is given that nothing asks for.
        """
        chosen = find_strategy(self.strategy)
        rivals = tuple(find_strategy(name) for name in dict.fromkeys([*self.equal_tokens, chosen.name]))
        if self.format not in FORMATS:
            raise UsageError("unknown format", where="--format", expected=", ".join(FORMATS), got=self.format)
        if self.expression and all(rival.name != "expression" for rival in rivals):
            raise UsageError(
                "a formula is given, but nothing asks for it",
                where="--expression",
                expected="--strategy expression",
                got=f"--strategy {chosen.name}",
            )
        return rivals

    def flags(self) -> list[str]:
        """The same settings for a shell: one string a flag with its value, without what is at its default."""
        unchanged = Settings(strategy="")
        return [
            flag
            for name in (item.name for item in fields(self))
            if getattr(self, name) != getattr(unchanged, name)
            for flag in _flags(name, getattr(self, name))
        ]


def _flags(name: str, value: object) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag]
    if isinstance(value, Mapping):
        return [f"{flag} {shlex.quote(f'{key}={number}')}" for key, number in value.items()]
    return [f"{flag} {shlex.quote(_text(value))}"]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float):
        # The shortest text that is the same number: 0.1, and 1 in place of 1.0.
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
