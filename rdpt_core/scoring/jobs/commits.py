"""From results to the database: a role's tokens, and the sentences of every trace that they complete.

A companion comes after the triple. The sentences are there by then, so each of its batches goes into their rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rdpt_core.records import Role, RoleResult, RunKey, SentenceColumns, TokenLogprobs, Trace, UnscoredReason
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
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

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences."""
        ...

    def commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order, with what of its sentences is known by it."""
        ...


@dataclass(frozen=True, slots=True)
class RoleCommits:
    """Stores the results of one role of one run.

    Attributes:
        complete: traces that have tokens of every other role, so that this role's tokens complete them. Read once: one
            role at a time is being scored.
    """

    role: str
    others: tuple[str, ...]
    run: RunKey
    splitter: Splitter
    store: RunStore
    complete: frozenset[int]
    on_unscored: OnUnscored | None = None

    @classmethod
    def open(
        cls,
        role: str,
        roles: Sequence[str],
        run: RunKey,
        splitter: Splitter,
        store: RunStore,
        on_unscored: OnUnscored | None = None,
    ) -> RoleCommits:
        """Look up what the other roles have."""
        others = tuple(other for other in roles if other != role)
        complete = frozenset(store.complete_trace_nos(run, others))
        return cls(role, others, run, splitter, store, complete, on_unscored)

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences."""
        return ScoringItem(trace_no, trace, self.splitter.split(trace.response))

    def commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order, with the sentences of the traces that are complete with it."""
        if not pending:
            return
        ordered = sorted(pending, key=lambda pair: pair[0].trace_no)
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
        self.store.commit(self.run, self.role, [result for _, result in ordered], sentences)
        _tell(self.on_unscored, self.role, ordered)


@dataclass(frozen=True, slots=True)
class CompanionCommits:
    """Stores the results of one companion of a run whose triple is finished."""

    role: str
    run: RunKey
    splitter: Splitter
    store: RunStore
    on_unscored: OnUnscored | None = None

    def item(self, trace_no: int, trace: Trace) -> ScoringItem:
        """A trace with its sentences."""
        return ScoringItem(trace_no, trace, self.splitter.split(trace.response))

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


def _tell(on_unscored: OnUnscored | None, role: str, results: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
    if on_unscored is None:
        return
    for item, result in results:
        if result.detail is not None:
            on_unscored(role, item.trace, result)


def _stored_result(trace_no: int, stored: Mapping[int, tuple[TokenLogprobs, str | None]]) -> RoleResult:
    tokens, reason = stored[trace_no]
    return RoleResult(trace_no, tokens, 0, None if reason is None else UnscoredReason(reason))
