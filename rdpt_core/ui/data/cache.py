"""The database as pages see it: every answer cached under what it depends on, every connection open for a moment.

That is the identity of the file, which every commit changes, so that the next page sees it; for a finished run it is
the run's own last change, so that its answers outlive the commits of another one. An error is raised, never cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from rdpt_core.analysis.catalog import Unfinished, unfinished
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family, Key
from rdpt_core.analysis.which_teacher import seen_where_it_has
from rdpt_core.errors import StoreBusyError
from rdpt_core.store.files import Identity, file_identity, inode_of
from rdpt_core.store.reader import Reader, Run, open_reader

# Long enough for a run that writes a batch every few seconds, short enough for someone who waits.
PATIENCE_S = 4.0

_STARTED_AGAIN = "started_again"
_MAX_STARTS = 3


@contextmanager
def open_unchanged(path: str, identity: Identity) -> Iterator[Reader]:
    """The file, open for a moment, as it was when the page began to draw.

    What a page combines must come from one state of the file: if a run has committed meanwhile, the page starts again.

    Raises:
        StoreBusyError: that happened several times in a row.
    """
    with open_reader(Path(path), patience_s=PATIENCE_S) as reader:
        # Nobody writes while it is open, so it stays what it is now.
        if file_identity(Path(path)) != identity:
            _start_again(path)
        yield reader


@contextmanager
def _open_with(path: str, *runs: Run) -> Iterator[Reader]:
    """The file, open for a moment, with these runs as they were when the page began to draw."""
    with open_reader(Path(path), patience_s=PATIENCE_S) as reader:
        if not all(map(reader.holds, runs)):
            _start_again(path)
        yield reader


def _start_again(path: str) -> None:
    n_times = st.session_state.pop(_STARTED_AGAIN, 0) + 1
    if n_times > _MAX_STARTS:
        raise StoreBusyError("a run writes into the database faster than this page can read it", where=path)
    st.session_state[_STARTED_AGAIN] = n_times
    st.rerun()


def settled() -> None:
    """A page was drawn to its end."""
    st.session_state.pop(_STARTED_AGAIN, None)


@cache
def _answers(family: Family) -> Callable[..., Any]:
    """The cache of one family of answers; the argument with a leading underscore is no part of its key."""

    def answer(path: str, state: Key, key: Key, _make: Callable[[], Any]) -> Any:
        return _make()

    # Streamlit tells caches apart by the names of their functions; nested ones would all share one cache.
    answer.__qualname__ = f"answer.{family.name}"
    decorate = st.cache_data if family.is_small else st.cache_resource
    cached: Callable[..., Any] = decorate(max_entries=family.max_entries, show_spinner=family.message or False)(answer)
    return cached


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """One database file at the moment when a page began to draw.

    Every method raises `StoreError` if the file cannot be read.

    Attributes:
        teacher: the name of the model that is the teacher in every run that has one of this name; None for each run's
            own.
    """

    path: Path
    identity: Identity
    teacher: str | None = None

    @classmethod
    def at(cls, path: Path) -> DatabaseSnapshot:
        """The file as it is now."""
        return cls(path, file_identity(path))

    def keep(self, family: Family, key: Key, make: Callable[[], Any], state: Key | None = None) -> Any:
        """See `rdpt_core.analysis.run.kept.Keep`: the cache that all sessions of the app share.

        Args:
            state: what the answer depends on beside `key`; by default the file as it is.
        """
        return _answers(family)(str(self.path), self.identity if state is None else state, key, make)

    def open_reader(self) -> Any:
        """The file, open for a moment; see `open_unchanged`."""
        return open_unchanged(str(self.path), self.identity)

    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first, each seen with the chosen teacher if it has that one."""
        return tuple(seen_where_it_has(run, self.teacher) for run in self.own_runs())

    def own_runs(self) -> tuple[Run, ...]:
        """All runs as they were scored, oldest first."""

        def answer() -> tuple[Run, ...]:
            with self.open_reader() as reader:
                runs: tuple[Run, ...] = reader.runs()
                return runs

        runs: tuple[Run, ...] = self.keep(Family("runs", 8, is_small=True), (), answer)
        return runs

    def progress(self, run: Run) -> Unfinished | None:
        """How far a run has come; None if it is finished. Its rows are counted only, not checked."""

        def answer() -> Unfinished | None:
            with self.open_reader() as reader:
                return unfinished(reader, run)

        progress: Unfinished | None = self.keep(Family("progress", 8, is_small=True), (run.run_no,), answer)
        return progress

    def data(self, run: Run) -> RunData:
        """Every number of a run of the file, which is checked once for each of its states."""
        state = (inode_of(self.identity), run.run_id, run.updated_at) if run.is_finished else self.identity

        @contextmanager
        def open_checked(*others: Run) -> Iterator[Reader]:
            with _open_with(str(self.path), run, *others) as reader:
                reader.see(run, *others)
                reader.check(run)
                yield reader

        return RunData(run, open_checked, partial(self.keep, state=state))
