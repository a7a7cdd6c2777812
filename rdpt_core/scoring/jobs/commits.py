"""From results to the database: a role's tokens, and the sentences of every trace that they complete.

A companion comes after the triple. The sentences are there by then, so each of its batches goes into their rows. A
variant at another temperature comes with its role, whose sentences may not be there yet: its tokens are stored with
those of the role, and its sums follow once the triple is whole (`add_sums`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rdpt_core import interrupts
from rdpt_core.records import Role, RoleResult, RunKey, SentenceColumns, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.jobs.other_questions import OtherQuestions
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.request import RunStore
from rdpt_core.traces import Splitter

OnUnscored = Callable[[str, Trace, RoleResult], None]
"""Called for each result of which more is known than its reason."""


class Commits(Protocol):
    """Stores the results of one model of one run."""

    @property
    def run(self) -> RunKey:
        """The run, as it was claimed."""
        ...

    @property
    def store(self) -> RunStore:
        """The database of the run."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """The roles whose tokens are stored: a trace that has them all is done."""
        ...

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences."""
        ...

    def commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order, with what of its sentences is known by it."""
        ...


@dataclass(frozen=True, slots=True)
class RoleCommits:
    """Stores the results of one role of one run, and of its variants at other temperatures.

    Attributes:
        complete: traces that have tokens of every other role, so that this role's tokens complete them. Read once: one
            role at a time is being scored.
        variants: keys of the variants.
        kept: traces whose tokens of the role itself stay as they are; None for all, so that only variants are stored.
    """

    role: str
    others: tuple[str, ...]
    run: RunKey
    splitter: Splitter
    store: RunStore
    complete: frozenset[int]
    on_unscored: OnUnscored | None = None
    variants: tuple[str, ...] = ()
    kept: frozenset[int] | None = frozenset()

    @classmethod
    def open(
        cls,
        role: str,
        roles: Sequence[str],
        run: RunKey,
        splitter: Splitter,
        store: RunStore,
        on_unscored: OnUnscored | None = None,
        *,
        variants: Sequence[str] = (),
        ranked: bool = False,
    ) -> RoleCommits:
        """Look up what the other roles have, and if there are variants what the role itself has.

        Args:
            ranked: whether tokens without ranks are to be replaced.
        """
        others = tuple(other for other in roles if other != role)
        complete = frozenset(store.complete_trace_nos(run, others))
        kept = store.scored_trace_nos(run, role, with_failed=False, ranked=ranked) if variants else ()
        return cls(role, others, run, splitter, store, complete, on_unscored, tuple(variants), frozenset(kept))

    @property
    def keys(self) -> tuple[str, ...]:
        """The role, unless all that is there of it is kept, and its variants."""
        return self.variants if self.kept is None else (self.role, *self.variants)

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences."""
        return ScoringItem(trace_no, trace, self.splitter.split(trace.response))

    def commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order, with the sentences of the traces that are complete with it."""
        if not pending:
            return
        everything = sorted(pending, key=lambda pair: pair[0].trace_no)
        kept = self.kept
        ordered = [] if kept is None else [pair for pair in everything if pair[0].trace_no not in kept]
        trace_nos = [item.trace_no for item, _ in ordered if item.trace_no in self.complete]
        stored = {other: self.store.tokens(self.run, other, trace_nos) for other in self.others if trace_nos}
        sentences: list[SentenceColumns] = []
        for item, result in ordered:
            if item.trace_no in self.complete:
                by_role = {other: _stored_result(item.trace_no, tokens) for other, tokens in stored.items()}
                by_role[self.role] = result
                # In the order of the roles, so that the reason of an unscored sentence is the first role's.
                by_role = {role: by_role[role] for role in Role if role in by_role}
                sentences.append(sentence_columns(item.trace_no, item.trace.response, item.spans, by_role))
        variants = {key: [result.variants[key] for _, result in everything] for key in self.variants}
        self.store.commit(self.run, self.role, [result for _, result in ordered], sentences, variants)
        _tell(self.on_unscored, self.role, ordered)


@dataclass(frozen=True, slots=True)
class CompanionCommits:
    """Stores the results of one companion of a run whose triple is finished.

    Attributes:
        questions: which questions it is asked in the place of the traces' own; None for these.
    """

    role: str
    run: RunKey
    splitter: Splitter
    store: RunStore
    on_unscored: OnUnscored | None = None
    questions: OtherQuestions | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The companion."""
        return (self.role,)

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences, as the companion is asked it."""
        spans = self.splitter.split(trace.response)
        asked = trace if self.questions is None else self.questions.asked(trace)
        if isinstance(asked, Trace):
            return ScoringItem(trace_no, asked, spans)
        return ScoringItem(trace_no, trace, spans, unasked=asked)

    def commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order, with the companion's part of every sentence of its traces."""
        if not pending:
            return
        ordered = sorted(pending, key=lambda pair: pair[0].trace_no)
        sentences = [
            sentence_columns(item.trace_no, item.trace.response, item.spans, {self.role: result})
            for item, result in ordered
        ]
        self.store.commit_companion(self.run, self.role, [result for _, result in ordered], sentences)
        _tell(self.on_unscored, self.role, ordered)


def add_sums(
    keys: Sequence[str], n_traces: int, run: RunKey, splitter: Splitter, store: RunStore, *, ranked: bool = False
) -> None:
    """The sentences' sums of variants whose tokens are stored, for every trace that lacks them.

    Args:
        ranked: sums without ranks count as missing.
    """
    missing = {key: store.trace_nos_without_sums(run, key, ranked=ranked) for key in keys}
    for window in windows(n_traces):
        if all(numbers.isdisjoint(window) for numbers in missing.values()):
            continue
        interrupts.check()
        traces = store.traces(run, window.start, window.stop)
        spans = [splitter.split(trace.response) for trace in traces]
        for key, numbers in missing.items():
            chosen = [number for number in window if number in numbers]
            if not chosen:
                continue
            stored = store.tokens(run, key, chosen)
            sentences = [
                sentence_columns(
                    number,
                    traces[number - window.start].response,
                    spans[number - window.start],
                    {key: _stored_result(number, stored)},
                )
                for number in chosen
            ]
            store.commit_companion(run, key, [], sentences)


def _tell(on_unscored: OnUnscored | None, role: str, results: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
    if on_unscored is None:
        return
    for item, result in results:
        if result.detail is not None:
            on_unscored(role, item.trace, result)


def _stored_result(trace_no: int, stored: Mapping[int, tuple[TokenLogprobs, str | None]]) -> RoleResult:
    tokens, reason = stored[trace_no]
    return RoleResult(trace_no, tokens, 0, None if reason is None else UnscoredReason(reason))
