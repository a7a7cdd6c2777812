"""A database of scored runs, opened for reading. Neither streamlit nor torch nor transformers is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family, Key, Memory
from rdpt_core.analysis.which_teacher import seen_with
from rdpt_core.api.run_patterns import made_pattern
from rdpt_core.api.scored_run import ScoredRun
from rdpt_core.errors import StoreBusyError, UsageError
from rdpt_core.store import regex
from rdpt_core.store.beside import patterns as beside
from rdpt_core.store.beside.patterns import Pattern
from rdpt_core.store.files import Identity, file_identity
from rdpt_core.store.reader import Reader, default_run, open_reader
from rdpt_core.store.reader import Run as RunRecord


def open(path: str | os.PathLike[str]) -> Database:
    """Open a database that `score` wrote.

    The file is opened for a moment whenever something is asked and never kept open, so a run may go on writing to it.

    Args:
        path: the DuckDB file.

    Returns:
        The runs of the file.

    Raises:
        StoreError: there is no such file, or it is no database of this program.
    """
    database = Database(Path(path))
    database.runs()
    return database


def run_data(path: Path, key: str | None = None, teacher: str | None = None) -> RunData:
    """Every number of a run, for commands: unlike `Database.run`, it takes one that is still being scored if no other
    is there.

    Args:
        key: a run's id, the beginning of its id, or its name; the newest finished run by default.
        teacher: which of its teachers it is seen with.

    Raises:
        UsageError: no run, or more than one, fits, or the run has no such teacher.
    """
    with open_reader(path) as reader:
        record = reader.run(key)
    return Database(path)._data(record, teacher)


class Database:
    """The runs of one file. Made by `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._memory = Memory()

    def __repr__(self) -> str:
        return f"<Database {str(self.path)!r}: {', '.join(run.name for run in self.runs()) or 'no run'}>"

    def runs(self) -> tuple[ScoredRun, ...]:
        """All runs, oldest first; a run that is still being scored is one of them."""
        with open_reader(self.path) as reader:
            return tuple(ScoredRun(record, self._data) for record in reader.runs())

    def run(self, key: str | None = None) -> ScoredRun:
        """The newest finished run, or the one that `key` names.

        Args:
            key: a run's id, the beginning of its id, or its name.

        Raises:
            UsageError: no run, or more than one, fits.
        """
        if key is not None:
            with open_reader(self.path) as reader:
                return ScoredRun(reader.run(key), self._data)
        with open_reader(self.path) as reader:
            runs = reader.runs()
        if not runs or not (record := default_run(runs)).is_finished:
            raise UsageError(
                "the database holds no finished run",
                where=str(self.path),
                got=f"{len(runs):,} unfinished" if runs else "no run",
                hint="Run the `score` command that began it again, or name the run: open(…).run(NAME).",
            )
        return ScoredRun(record, self._data)

    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns that are kept beside the file, by name."""
        return tuple(saved.pattern for saved in beside.read_patterns(self.path))

    def pattern(self, name: str) -> Pattern:
        """The pattern of this name, for `ScoredRun.pattern`.

        Raises:
            UsageError: none has it.
        """
        return beside.read_pattern(self.path, name).pattern

    def save_pattern(
        self,
        name: str,
        *,
        text: str | None = None,
        expression: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        family: str = "",
        match_case: bool = False,
    ) -> Pattern:
        """Keep a pattern by name, beside the file and never in it; further arguments are those of `ScoredRun.pattern`.

        Raises:
            UsageError: another pattern has this name, or it says nothing or too much.
        """
        made = made_pattern(name, text, expression, kind, tag, family, match_case)
        if made.how == "expression":
            regex.checked(made.value, match_case=made.match_case)
        return beside.save_pattern(self.path, made).pattern

    def rename_pattern(self, name: str, new: str) -> Pattern:
        """Call a pattern differently.

        Raises:
            UsageError: no pattern has the name, or another one has the new name.
        """
        return beside.rename(self.path, beside.read_pattern(self.path, name), new).pattern

    def delete_pattern(self, name: str) -> None:
        """Forget a pattern.

        Raises:
            UsageError: no pattern has this name.
        """
        beside.delete(self.path, beside.read_pattern(self.path, name))

    def _data(self, record: RunRecord, teacher: str | None = None, control: str | None = None) -> RunData:
        """The run as the file has it now, seen with one of its teachers; what is combined in one answer comes from one
        state of the file.

        Args:
            control: what is seen as the teacher instead, as `Run.seen` takes it.

        Raises:
            UsageError: the run has no such teacher, or no such control.
        """
        identity = file_identity(self.path)

        def keep(family: Family, key: Key, make: Callable[[], Any]) -> Any:
            return self._memory(family, (identity, *key), make)

        with self._opened(identity) as reader:
            # Another file may have taken the place of the one that was opened.
            own = reader.run(record.run_id)
            current = seen_with(own, teacher) if control is None else own.seen(teacher=control)
        return RunData(current, partial(self._opened, identity, current), keep)

    @contextmanager
    def _opened(self, identity: Identity, *runs: RunRecord) -> Iterator[Reader]:
        with open_reader(self.path) as reader:
            if file_identity(self.path) != identity:
                raise StoreBusyError(
                    "a run wrote into the database while this answer was being computed",
                    where=str(self.path),
                    hint="Ask again.",
                )
            reader.see(*runs)
            yield reader
