"""The database as the scoring pipeline sees it: one object, one method for each thing that a run does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rdpt_core.errors import StoreForbiddenError
from rdpt_core.records import LocalScores, Role, RoleResult, RunClaim, SentenceColumns, Span, TokenLogprobs, Trace
from rdpt_core.store.files import is_there
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_copy, claim_run, commit_batch, commit_local, finish_run

_PATIENCE_S = 120.0


class DuckDBRunStore:
    """Opens the file for every call and closes it again, so that the app can read while a run writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def claim(self, claim: RunClaim, traces: Iterable[tuple[Trace, int]]) -> int:
        """Register the run, or find the one with the same identity: a finished one also where nobody may write."""
        try:
            return claim_run(self._path, claim, traces)
        except StoreForbiddenError:
            run_no = self._finished().get(claim.run_id)
            if run_no is None:
                raise
            return run_no

    def claim_copy(self, claim: RunClaim, source_run_no: int, n_sentences: Sequence[int]) -> int:
        """Register a run over the traces of another, or find the one with the same identity."""
        return claim_copy(self._path, claim, source_run_no, n_sentences)

    def scored_trace_nos(self, run_no: int, role: Role, *, with_failed: bool = True, ranked: bool = False) -> set[int]:
        """The traces that have this role's tokens; without those that another try may mend, if so asked, and only
        those with ranks, if `ranked`."""
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            return reader.scored_trace_nos(run_no, role, with_failed=with_failed, ranked=ranked)

    def traces(self, run_no: int, first: int, last: int) -> list[Trace]:
        """Traces `first` ≤ trace_no < `last`, in order."""
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            return reader.traces(run_no, first, last)

    def tokens(
        self, run_no: int, role: Role, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]:
        """One role's tokens of some traces."""
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            return reader.tokens(run_no, role, trace_nos)

    def commit(
        self, run_no: int, role: Role, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns]
    ) -> None:
        """Store one batch in one transaction."""
        commit_batch(self._path, run_no, role, results, sentences)

    def spans(self, run_no: int, first: int, last: int) -> Mapping[int, Sequence[Span]]:
        """The sentences of the traces `first` ≤ trace_no < `last`."""
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            return reader.spans(run_no, first, last)

    def local_trace_nos(self, run_no: int, role: Role, n_context: int) -> set[int]:
        """The traces that are scored with so many sentences in view."""
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            return reader.local_trace_nos(run_no, role, n_context)

    def commit_local(self, run_no: int, role: Role, n_context: int, scores: Sequence[LocalScores]) -> None:
        """Store local scores in one transaction."""
        commit_local(self._path, run_no, role, n_context, scores)

    def finish(self, run_no: int) -> None:
        """Mark the run as complete, unless it is."""
        if run_no not in self._finished().values():
            finish_run(self._path, run_no)

    def _finished(self) -> dict[str, int]:
        """The finished runs of the file: id → number."""
        if not is_there(self._path):
            return {}
        with open_reader(self._path, patience_s=_PATIENCE_S) as reader:
            runs = reader.query("SELECT run_id, run_no FROM runs WHERE finished_at IS NOT NULL")
        return dict(zip(runs.column("run_id").to_pylist(), runs.column("run_no").to_pylist(), strict=True))
