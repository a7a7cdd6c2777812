"""The database as the scoring pipeline sees it: one object, one method for each thing that a run does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from rdpt_core.errors import StoreError, StoreForbiddenError
from rdpt_core.records import (
    CheckEarlier,
    LocalScores,
    RoleResult,
    RunClaim,
    RunKey,
    SentenceColumns,
    Span,
    TokenLogprobs,
    Trace,
)
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.store.claimed import read_claimed
from rdpt_core.store.companions.sums import trace_nos_without_sums
from rdpt_core.store.companions.writer import claim_companions, commit_companion, finish_companion
from rdpt_core.store.connect import WRITE_PATIENCE_S
from rdpt_core.store.files import is_there
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.store.writer import NO_VARIANTS, claim_copy, claim_run, commit_batch, commit_local, finish_run


class DuckDBRunStore:
    """Opens the file for every call and closes it again, so that the app can read while a run writes.

    Raises:
        StoreError: from every method but `claim`, if the database is no longer the one in which the run was claimed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def claim(self, claim: RunClaim, traces: Iterable[tuple[Trace, int]], check: CheckEarlier | None = None) -> RunKey:
        """Register the run, or find the one with the same identity, which `check` may refuse to go on with: a finished
        one also where nobody may write."""
        try:
            return claim_run(self._path, claim, traces, check)
        except StoreForbiddenError:
            finished = self._finished(claim.run_id)
            if finished is None:
                raise
            if check is not None:
                check(finished.environment, set(finished.roles))
            return finished.key

    def claim_copy(
        self, claim: RunClaim, source: RunKey, n_sentences: Sequence[int], check: CheckEarlier | None = None
    ) -> RunKey:
        """Register a run over the traces of another, or find the one with the same identity, which `check` may refuse
        to go on with."""
        return claim_copy(self._path, claim, source, n_sentences, check)

    def scored_trace_nos(self, run: RunKey, role: str, *, with_failed: bool = True, ranked: bool = False) -> set[int]:
        """The traces that have this role's tokens; without those that another try may mend, if so asked, and only
        those with ranks, if `ranked`."""
        with read_claimed(self._path, run) as reader:
            return reader.scored_trace_nos(run.run_no, role, with_failed=with_failed, ranked=ranked)

    def complete_trace_nos(self, run: RunKey, roles: Sequence[str]) -> set[int]:
        """The traces that have the tokens of all of these roles, of which there is one at least."""
        with read_claimed(self._path, run) as reader:
            return set.intersection(*(reader.scored_trace_nos(run.run_no, role) for role in roles))

    def traces(self, run: RunKey, first: int, last: int) -> list[Trace]:
        """Traces `first` ≤ trace_no < `last`, in order.

        Raises:
            StoreError: the database has lost some of them.
        """
        with read_claimed(self._path, run) as reader:
            traces = reader.traces(run.run_no, first, last)
        self._check_whole("traces", last - first, traces)
        return traces

    def tokens(
        self, run: RunKey, role: str, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]:
        """One role's tokens of some traces, which were stored before.

        Raises:
            StoreError: the database has lost some of them.
        """
        with read_claimed(self._path, run) as reader:
            tokens = reader.tokens(run.run_no, role, trace_nos)
        self._check_whole(f"traces scored by the {role}", len(set(trace_nos)), tokens)
        return tokens

    def commit(
        self,
        run: RunKey,
        role: str,
        results: Sequence[RoleResult],
        sentences: Sequence[SentenceColumns],
        variants: Mapping[str, Sequence[RoleResult]] = NO_VARIANTS,
    ) -> None:
        """Store one batch in one transaction, that of the role's variants at other temperatures, too."""
        commit_batch(self._path, run, role, results, sentences, variants)

    def spans(self, run: RunKey, first: int, last: int) -> Mapping[int, Sequence[Span]]:
        """The sentences of the traces `first` ≤ trace_no < `last`."""
        with read_claimed(self._path, run) as reader:
            return reader.spans(run.run_no, first, last)

    def local_trace_nos(self, run: RunKey, role: str, n_context: int, *, with_prompt: bool) -> set[int]:
        """The traces that are scored with so many sentences in view."""
        with read_claimed(self._path, run) as reader:
            return reader.local_trace_nos(run.run_no, role, n_context, with_prompt=with_prompt)

    def commit_local(
        self, run: RunKey, role: str, n_context: int, scores: Sequence[LocalScores], *, with_prompt: bool
    ) -> None:
        """Store local scores in one transaction."""
        commit_local(self._path, run, role, n_context, scores, with_prompt=with_prompt)

    def finish(self, run: RunKey) -> None:
        """Mark the run as complete, unless it is."""
        with read_claimed(self._path, run) as reader:
            rows = reader.query("SELECT 1 FROM runs WHERE run_no = ? AND finished_at IS NOT NULL", [run.run_no])
        if not rows.num_rows:
            finish_run(self._path, run)

    def claim_companions(self, run: RunKey, companions: Sequence[CompanionClaim]) -> None:
        """Register companions of a run, or find those that are the same: finished ones also where nobody may write.

        Raises:
            UsageError: the run has another model of such a name; nothing is written.
        """
        try:
            claim_companions(self._path, run, companions)
        except StoreForbiddenError:
            finished = self._finished(run.run_id)
            known = {} if finished is None else {companion.role: companion for companion in finished.companions}
            for claim in companions:
                companion = known.get(claim.model.role)
                if companion is None or not companion.is_finished or companion.state.identity != claim.identity:
                    raise
                if claim.check is not None:
                    claim.check(companion.state.environment, {companion.role})

    def commit_companion(
        self, run: RunKey, role: str, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns]
    ) -> None:
        """Store one batch of a companion in one transaction."""
        commit_companion(self._path, run, role, results, sentences)

    def finish_companion(self, run: RunKey, role: str) -> None:
        """Mark a companion as complete, unless it is."""
        with read_claimed(self._path, run) as reader:
            rows = reader.query(
                "SELECT 1 FROM run_models WHERE run_no = ? AND role = ? AND finished_at IS NOT NULL", [run.run_no, role]
            )
        if not rows.num_rows:
            finish_companion(self._path, run, role)

    def trace_nos_without_sums(self, run: RunKey, role: str, *, ranked: bool = False) -> set[int]:
        """The traces with a sentence of which a companion has neither a probability nor a reason yet; also those with
        one that has no ranks, if `ranked`."""
        with read_claimed(self._path, run) as reader:
            return trace_nos_without_sums(reader, run, role, ranked=ranked)

    def count_sentences(self, run: RunKey) -> tuple[int, int]:
        """How many sentences of the run are there, and how many of these are unscored."""
        with read_claimed(self._path, run) as reader:
            return reader.count_sentences(run)

    def count_unscored(self, run: RunKey, role: str) -> int:
        """How many sentences of the run have no number under a companion."""
        with read_claimed(self._path, run) as reader:
            return reader.count_unscored(run, role)

    def unscored_traces(self, run: RunKey, *, ranked: bool = False) -> set[tuple[str, str]]:
        """(role, trace_id) of what is unscored for a reason that no other try mends; only what ranks were asked of, if
        `ranked`."""
        with read_claimed(self._path, run) as reader:
            return reader.unscored_traces(run.run_no, ranked=ranked)

    def _finished(self, run_id: str) -> Run | None:
        """The run of this identity, if the file holds all of it."""
        if not is_there(self._path):
            return None
        with open_reader(self._path, patience_s=WRITE_PATIENCE_S) as reader:
            return next((run for run in reader.runs() if run.run_id == run_id and run.is_finished), None)

    def _check_whole(self, what: str, n_stored: int, found: Collection[object]) -> None:
        """An earlier copy of the database knows the run, but not all that was stored since."""
        if len(found) != n_stored:
            raise StoreError(
                "the database has lost rows that it held before",
                where=str(self._path),
                expected=f"{n_stored:,} {what}",
                got=f"{len(found):,}",
                hint="If an earlier copy of it was put in its place, the same command scores again what is missing.",
            )
