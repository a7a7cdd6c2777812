"""The database as pages see it: every answer cached under the file's identity, every connection open for a moment.

A new commit changes the file's identity, so the next page sees it. An error is raised, never cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import streamlit as st

from rdpt_core.analysis import catalog
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import shares
from rdpt_core.analysis.trace import view
from rdpt_core.errors import StoreBusyError
from rdpt_core.store.reader import Reader, Run, open_reader

# Long enough for a run that writes a batch every few seconds, short enough for someone who waits.
PATIENCE_S = 4.0

_STARTED_AGAIN = "started_again"
_MAX_STARTS = 3

Identity = tuple[int, int, int]
T = TypeVar("T")


def file_identity(path: Path) -> Identity:
    """Changes whenever the file is written or replaced; zeros if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


@contextmanager
def opened(path: str, identity: Identity) -> Iterator[Reader]:
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


def _start_again(path: str) -> None:
    n_times = st.session_state.pop(_STARTED_AGAIN, 0) + 1
    if n_times > _MAX_STARTS:
        raise StoreBusyError("a run writes into the database faster than this page can read it", where=path)
    st.session_state[_STARTED_AGAIN] = n_times
    st.rerun()


def settled() -> None:
    """A page was drawn to its end."""
    st.session_state.pop(_STARTED_AGAIN, None)


# Arguments with a leading underscore are not part of the cache's key: `run_no` stands for them.


@st.cache_data(max_entries=8, show_spinner=False)
def _runs(path: str, identity: Identity) -> tuple[Run, ...]:
    with opened(path, identity) as reader:
        return reader.runs()


@st.cache_data(max_entries=8, show_spinner=False)
def _catalog(path: str, identity: Identity, run_no: int, _run: Run) -> catalog.Catalog:
    with opened(path, identity) as reader:
        return catalog.load_catalog(reader, _run)


@st.cache_data(max_entries=8, show_spinner=False)
def _trace_list(path: str, identity: Identity, run_no: int, _run: Run) -> pa.Table:
    with opened(path, identity) as reader:
        return catalog.load_trace_list(reader, _run)


@st.cache_data(max_entries=16, show_spinner=False)
def _label_counts(path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule) -> pa.Table:
    with opened(path, identity) as reader:
        return shares.label_counts(reader, _run, rule)


@st.cache_data(max_entries=64, show_spinner=False)
def _faint(path: str, identity: Identity, run_no: int, _run: Run, rule: LabelRule) -> view.Faint | None:
    return shares.count_faint(_label_counts(path, identity, run_no, _run, rule), rule, _run.roles)


@st.cache_data(max_entries=64, show_spinner=False)
def _trace_view(
    path: str, identity: Identity, run_no: int, _run: Run, trace_no: int, rule: LabelRule
) -> view.TraceView:
    with opened(path, identity) as reader:
        return view.load_trace_view(reader, _run, trace_no, rule)


@st.cache_data(max_entries=128, show_spinner=False)
def _answer(
    path: str,
    identity: Identity,
    name: str,
    run_no: int,
    arguments: tuple[Any, ...],
    _question: Callable[..., Any],
    _run: Run,
) -> Any:
    with opened(path, identity) as reader:
        return _question(reader, _run, *arguments)


@dataclass(frozen=True, slots=True)
class Source:
    """One database file at the moment when a page began to draw.

    Every method raises `StoreError` if the file cannot be read.
    """

    path: Path
    identity: Identity

    @classmethod
    def at(cls, path: Path) -> Source:
        """The file as it is now."""
        return cls(path, file_identity(path))

    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first."""
        return _runs(str(self.path), self.identity)

    def ask(self, question: Callable[..., T], run: Run, *arguments: Any) -> T:
        """What a function of the analysis says about a run; asked once for equal arguments and an equal file.

        Args:
            question: takes a reader, the run and `arguments`; a function of a module, named in the cache by its name.
            arguments: values that Streamlit can hash, such as a `LabelRule` or a `Scope`.
        """
        name = f"{question.__module__}.{question.__qualname__}"
        answer: T = _answer(str(self.path), self.identity, name, run.run_no, arguments, question, run)
        return answer

    def catalog(self, run: Run) -> catalog.Catalog:
        """Counts of a run."""
        return _catalog(str(self.path), self.identity, run.run_no, run)

    def trace_list(self, run: Run) -> pa.Table:
        """One row a trace."""
        return _trace_list(str(self.path), self.identity, run.run_no, run)

    def faint(self, run: Run, rule: LabelRule) -> view.Faint | None:
        """Sentences whose label follows from small probabilities alone."""
        return _faint(str(self.path), self.identity, run.run_no, run, rule)

    def trace_view(self, run: Run, trace_no: int, rule: LabelRule) -> view.TraceView:
        """One trace with its labelled sentences."""
        return _trace_view(str(self.path), self.identity, run.run_no, run, trace_no, rule)
