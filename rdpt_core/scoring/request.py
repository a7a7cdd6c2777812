"""What the user decides about a run, and what a run asks of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rdpt_core.config import ModelSet
from rdpt_core.records import (
    CheckEarlier,
    MarksPolicy,
    RoleResult,
    RunClaim,
    RunKey,
    SentenceColumns,
    TemplatePolicy,
    TokenLogprobs,
    TooLong,
    Trace,
)
from rdpt_core.records.companions import CompanionClaim, Variant, order_of


class RunStore(Protocol):
    """What the pipeline asks of the database."""

    def claim(
        self, claim: RunClaim, traces: Iterable[tuple[Trace, int]], check: CheckEarlier | None = None
    ) -> RunKey: ...
    def claim_copy(
        self, claim: RunClaim, source: RunKey, n_sentences: Sequence[int], check: CheckEarlier | None = None
    ) -> RunKey: ...
    def scored_trace_nos(
        self, run: RunKey, role: str, *, with_failed: bool = True, ranked: bool = False
    ) -> set[int]: ...
    def complete_trace_nos(self, run: RunKey, roles: Sequence[str]) -> set[int]: ...
    def traces(self, run: RunKey, first: int, last: int) -> list[Trace]: ...
    def tokens(
        self, run: RunKey, role: str, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]: ...
    def commit(
        self,
        run: RunKey,
        role: str,
        results: Sequence[RoleResult],
        sentences: Sequence[SentenceColumns],
        variants: Mapping[str, Sequence[RoleResult]] = ...,
    ) -> None: ...
    def finish(self, run: RunKey) -> None: ...
    def claim_companions(self, run: RunKey, companions: Sequence[CompanionClaim]) -> None: ...
    def commit_companion(
        self, run: RunKey, role: str, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns]
    ) -> None: ...
    def finish_companion(self, run: RunKey, role: str) -> None: ...
    def trace_nos_without_sums(self, run: RunKey, role: str, *, ranked: bool = False) -> set[int]: ...
    def count_unscored(self, run: RunKey, role: str) -> int: ...


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Everything the user decides about a run. `batch_tokens` is None for a budget by free memory.

    Ranks are no part of the run's identity: they add a column and change no number. So `with_ranks` completes a run
    that has none, by scoring again each role's traces that lack them, and its absence leaves ranks that are there.

    `trust_recorded` takes recorded logprobs as they are, whatever speaks against them. Where something does, it is part
    of what names the run.

    `variants` are models of the triple at other temperatures, or asked another question. The latter are among the
    companions of `models`, too, since each takes a pass of its own.
    """

    models: ModelSet
    template_policy: TemplatePolicy = TemplatePolicy.OWN
    marks_policy: MarksPolicy = MarksPolicy.WRITER
    too_long: TooLong = TooLong.PREFIX
    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: int | None = None
    splitter: str = "sentence"
    name: str = ""
    trust_remote_code: bool = False
    quiet: bool = False
    with_ranks: bool = False
    trust_recorded: bool = False
    check_recorded: int = 0
    variants: tuple[Variant, ...] = ()

    @property
    def companions(self) -> tuple[str, ...]:
        """The keys of all companions that are asked for, variants too, in the order of every table."""
        return tuple(sorted({*self.models.companions, *(variant.key for variant in self.variants)}, key=order_of))

    @property
    def keys(self) -> tuple[str, ...]:
        """All roles: those of the triple, then the companions'."""
        return (*self.models.roles, *self.companions)

    @property
    def at_temperatures(self) -> tuple[Variant, ...]:
        """The variants that come from the pass of the role that they are made of."""
        return tuple(variant for variant in self.variants if not variant.other_question)

    def temperatures_of(self, role: str) -> dict[str, float]:
        """Key → temperature of the variants that come from the pass of a role."""
        return {variant.key: variant.temperature for variant in self.at_temperatures if variant.role == role}
