"""Questions over one open connection.

A `Reader` holds a read-only connection for a moment. Results are pyarrow tables or plain records; analysis runs its own
queries through `Reader.query`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from rdpt_core.errors import UsageError
from rdpt_core.records import RETRIED_REASONS, RunKey, ScoredModel, Span, TokenLogprobs, Trace
from rdpt_core.records.companions import is_companion
from rdpt_core.store import soundness
from rdpt_core.store.companions import SeenRun, column, quoted, see, unsee
from rdpt_core.store.companions.checks import check_companions
from rdpt_core.store.connect import READ_PATIENCE_S, open_for_reading
from rdpt_core.store.files import Identity, file_identity, inode_of, real_path
from rdpt_core.store.reader.run import Companion, Run, companion_of, default_run, known_writer_of, place_of, run_of

_MOST_KNOWN = 1024
_known_sound: set[tuple[object, ...]] = set()
"""What was checked of which state of which file, or of which finished run of it: until that is written or replaced, it
stays as it is."""


@dataclass(frozen=True, slots=True)
class RoleProgress:
    """How far a role has come in a run."""

    role: str
    n_traces: int
    n_tokens: int
    n_straddling: int


class Reader:
    """Queries over one open read-only connection.

    What it gives as records is checked; whoever queries a run's rows checks the run first.

    Args:
        state: the file and its state, under which is remembered what was found sound.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, state: tuple[Path, Identity]) -> None:
        self._connection = connection
        self._state = state
        self._seen: list[SeenRun] = []

    @property
    def path(self) -> Path:
        """The file, as it is found behind links."""
        return self._state[0]

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a query and return its whole result."""
        return self._connection.sql(sql, params=list(parameters)).to_arrow_table()

    def stream(self, sql: str, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Run a query and return its result in batches, for results that must not be held twice."""
        yield from self._connection.sql(sql).to_arrow_reader(batch_rows)

    def see(self, *runs: Run) -> None:
        """From now on, the queries of this reader find the numbers of companions where these runs are seen with some.

        Args:
            runs: all that will be asked for.
        """
        self._seen = [SeenRun(run.run_no, run.own_roles, dict(run.seen_as)) for run in runs]
        see(self._connection, self._seen)

    def stored(self, table: str) -> str:
        """SQL for a table as it lies in the file, whatever view `see` has put before it."""
        (row,) = self.query("SELECT current_database() AS name").to_pylist()
        return f"{quoted(row['name'])}.main.{quoted(table)}"

    def _check_once(
        self, what: Callable[..., None], state: tuple[object, ...], *arguments: Any, **keywords: Any
    ) -> None:
        """Check something of the file, unless it was found sound in this state before."""
        known = (what.__name__, *state)
        if known in _known_sound:
            return
        # The tables as they are, since whatever is seen is in them.
        unsee(self._connection)
        what(self._connection, *arguments, **keywords)
        see(self._connection, self._seen)
        if len(_known_sound) >= _MOST_KNOWN:
            _known_sound.clear()
        _known_sound.add(known)

    def check(self, run: Run, *, with_texts: bool = False) -> None:
        """Check the rows of a run, those of its companions too, once for each of its states. A finished one is in the
        same state until something is committed to it, whatever else is committed to the file; one under way, until
        anything is.

        Args:
            with_texts: also that sentences end where their responses do, for which all texts are read.

        Raises:
            StoreError: the database is damaged.
        """
        if run.seen_as and all(
            (seen.run_no, dict(seen.seen_as)) != (run.run_no, dict(run.seen_as)) for seen in self._seen
        ):
            raise RuntimeError("this reader was not told how the run is seen")
        place, number, roles = place_of(run.run_no), run.run_no, run.own_roles
        companions = {companion.role: companion.is_finished for companion in run.companions}
        state: tuple[object, ...] = (number, *self._state)
        if run.is_finished:
            path, identity = self._state
            state = (path, inode_of(identity), number, run.run_id, roles, run.n_traces, run.updated_at)
        further = {"is_finished": run.is_finished, "companions": tuple(companions)}
        self._check_once(soundness.check_run, state, place, number, roles, run.n_traces, **further)
        if companions:
            self._check_once(check_companions, state, place, number, companions, run.n_traces)
        if with_texts:
            self._check_once(soundness.check_texts, state, place, number)

    def holds(self, run: Run) -> bool:
        """Whether this run is there, unchanged since it was read."""
        rows = self.query("SELECT run_id, updated_at, finished_at FROM runs WHERE run_no = ?", [run.run_no]).to_pylist()
        return bool(rows == [{"run_id": run.run_id, "updated_at": run.updated_at, "finished_at": run.finished_at}])

    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first.

        Raises:
            StoreError: the database is damaged.
        """
        self._check_once(soundness.check_tables, self._state)
        models: dict[int, list[ScoredModel]] = {}
        companions: dict[int, list[Companion]] = {}
        for row in self.query("SELECT * FROM run_models ORDER BY run_no").to_pylist():
            run_no = row.pop("run_no")
            state = {name: row.pop(name) for name in ("identity", "environment", "finished_at")}
            # Zero stands for unknown: these columns take no NULL, and no model is that small.
            known = {name: row[name] or None for name in ("n_parameters", "vocabulary_size")}
            model = ScoredModel(**{**row, **known})
            if is_companion(model.role):
                companions.setdefault(run_no, []).append(companion_of(model, place_of(run_no), **state))
            else:
                models.setdefault(run_no, []).append(model)
        try:
            rows = self.query("SELECT * FROM runs ORDER BY run_no").to_pylist()
        except OverflowError as error:
            raise soundness.damaged("times of the runs", "dates up to the year 9999", "another one") from error
        writers = {row["run_no"]: known_writer_of(row) for row in self.query("FROM known_writers").to_pylist()}
        return tuple(
            replace(
                run_of(row, models.get(row["run_no"], []), companions.get(row["run_no"], [])),
                known_writer=writers.get(row["run_no"]),
            )
            for row in rows
        )

    def run(self, key: str | None) -> Run:
        """The run with this id, unique beginning of an id, or name; see `default_run` if `key` is None. It is checked.

        Raises:
            UsageError: no run, or more than one, fits.
            StoreError: the database is damaged.
        """
        run = self._chosen(key)
        self.check(run)
        return run

    def _chosen(self, key: str | None) -> Run:
        runs = self.runs()
        if not runs:
            raise UsageError("the database holds no run", hint="Score traces with `rdpt score`.")
        if key is None:
            return default_run(runs)
        # A whole id is never mistaken for another run's name.
        fitting = [run for run in runs if run.run_id == key] or [
            run for run in runs if run.name == key or run.run_id.startswith(key)
        ]
        if len(fitting) != 1:
            raise UsageError(
                "no run fits" if not fitting else "more than one run fits",
                where=f"--run {key}",
                expected="one of " + ", ".join(f"{run.run_id} ({run.name})" for run in runs),
            )
        return fitting[0]

    def trace_no(self, run: Run, trace_id: str | None) -> int:
        """The number of a trace in its run.

        Raises:
            UsageError: no id is given, or the run holds no such trace.
        """
        rows = self.query(
            "SELECT trace_no FROM traces WHERE run_no = ? AND trace_id = ? ORDER BY trace_no LIMIT 1",
            [run.run_no, trace_id],
        )
        if not rows.num_rows:
            raise UsageError(
                "which trace?" if trace_id is None else "the run holds no such trace",
                where=f"--trace {trace_id or ''}".rstrip(),
                expected=f"the id of one of the {run.n_traces:,} traces of run {run.run_id}",
                hint="`export --what traces` lists them.",
            )
        return int(rows.column("trace_no")[0].as_py())

    def progress(self, run: Run, *, companions: bool = False) -> tuple[RoleProgress, ...]:
        """Traces and tokens scored so far, for each role of the run, or for each of its companions."""
        table = self.query(
            "SELECT role, count(*) AS n_traces, sum(n_tokens)::BIGINT AS n_tokens, "
            "sum(n_straddling)::BIGINT AS n_straddling FROM tokens WHERE run_no = ? GROUP BY role",
            [run.run_no],
        )
        by_role = {row["role"]: RoleProgress(**row) for row in table.to_pylist()}
        asked = [companion.role for companion in run.companions] if companions else run.roles
        return tuple(by_role.get(role, RoleProgress(role, 0, 0, 0)) for role in asked)

    def count_scored_traces(self, run: Run) -> int:
        """How many traces of a run have their sentences: all of a finished one, else those with every role's tokens."""
        if run.is_finished:
            return run.n_traces
        row = self.query(
            "SELECT count(*) AS n FROM (SELECT trace_no FROM tokens WHERE run_no = ? "
            "AND list_contains(?::VARCHAR[], role) GROUP BY trace_no HAVING count(DISTINCT role) = ?)",
            [run.run_no, list(run.roles), len(run.roles)],
        ).to_pylist()[0]
        return int(row["n"])

    def count_sentences(self, run: Run | RunKey) -> tuple[int, int]:
        """How many sentences of a run are there so far, and how many of these are unscored."""
        row = self.query(
            "SELECT count(*) AS n_sentences, count(unscored_reason) AS n_unscored FROM sentences "
            "WHERE run_no = ? AND NOT is_mark",
            [run.run_no],
        ).to_pylist()[0]
        return row["n_sentences"], row["n_unscored"]

    def count_unscored(self, run: RunKey, role: str) -> int:
        """How many sentences of a run have no number under a companion."""
        condition = f"{column('unscored_reason', role)} IS NOT NULL"
        rows = self.query(
            f"SELECT count(*) AS n FROM sentences WHERE run_no = ? AND NOT is_mark AND {condition}", [run.run_no]
        )
        return int(rows.column("n")[0].as_py())

    def count_marks(self, run: Run) -> int:
        """How many marks of format stand between the sentences of a run so far."""
        counted = self.query("SELECT count(*) AS n FROM sentences WHERE run_no = ? AND is_mark", [run.run_no])
        return int(counted.column("n")[0].as_py())

    def scored_trace_nos(self, run_no: int, role: str, *, with_failed: bool = True, ranked: bool = False) -> set[int]:
        """The traces of a run that have this role's tokens; without those that another try may mend, if so asked, and
        only those with ranks, if `ranked`."""
        rows = self.query(
            "SELECT trace_no FROM tokens WHERE run_no = ? AND role = ? "
            "AND (? OR unscored_reason IS NULL OR unscored_reason NOT IN (SELECT unnest(?::VARCHAR[]))) "
            "AND (NOT ? OR rank IS NOT NULL)",
            [run_no, role, with_failed, [str(reason) for reason in RETRIED_REASONS], ranked],
        )
        return set(rows.column("trace_no").to_pylist())

    def unscored_traces(self, run_no: int, *, ranked: bool = False) -> set[tuple[str, str]]:
        """(role, trace_id) of the traces of a run that a role could not score whole, for a reason that no other try
        mends; only those that were asked for with ranks, if `ranked`."""
        rows = self.query(
            "SELECT role, trace_id FROM tokens JOIN traces USING (run_no, trace_no) WHERE run_no = ? "
            "AND unscored_reason NOT IN (SELECT unnest(?::VARCHAR[])) AND (NOT ? OR rank IS NOT NULL)",
            [run_no, [str(reason) for reason in RETRIED_REASONS], ranked],
        )
        return set(zip(rows.column("role").to_pylist(), rows.column("trace_id").to_pylist(), strict=True))

    def local_trace_nos(self, run_no: int, role: str, n_context: int, *, with_prompt: bool) -> set[int]:
        """The traces of a run whose sentences this role has scored with so many sentences in view."""
        rows = self.query(
            "SELECT trace_no FROM local_scores "
            "WHERE run_no = ? AND role = ? AND n_context = ? AND coalesce(with_prompt, FALSE) = ?",
            [run_no, role, n_context, with_prompt],
        )
        return set(rows.column("trace_no").to_pylist())

    def spans(self, run_no: int, first: int, last: int) -> dict[int, list[Span]]:
        """The sentences of the traces `first` ≤ trace_no < `last`; a trace without any has an empty list."""
        spans: dict[int, list[Span]] = {number: [] for number in range(first, last)}
        for row in self.query(
            "SELECT trace_no, char_start, char_end FROM sentences "
            "WHERE run_no = ? AND trace_no >= ? AND trace_no < ? ORDER BY trace_no, sentence_index",
            [run_no, first, last],
        ).to_pylist():
            spans[row["trace_no"]].append(Span(row["char_start"], row["char_end"]))
        return spans

    def traces(self, run_no: int, first: int, last: int) -> list[Trace]:
        """Traces `first` ≤ trace_no < `last` of a run, in order."""
        rows = self.query(
            "SELECT * EXCLUDE (run_no, n_sentences) FROM traces "
            "WHERE run_no = ? AND trace_no >= ? AND trace_no < ? ORDER BY trace_no",
            [run_no, first, last],
        ).to_pylist()
        return [_trace(row, run_no) for row in rows]

    def traces_numbered(self, run_no: int, trace_nos: Sequence[int]) -> list[Trace]:
        """Some traces of a run, in order."""
        # The range lets DuckDB skip what lies outside; numbers that lie close together are read from few pages.
        rows = self.query(
            "SELECT * EXCLUDE (run_no, n_sentences) FROM traces "
            "WHERE run_no = ? AND trace_no BETWEEN ? AND ? AND trace_no IN (SELECT unnest(?::INTEGER[])) "
            "ORDER BY trace_no",
            [run_no, min(trace_nos, default=0), max(trace_nos, default=-1), list(trace_nos)],
        ).to_pylist()
        return [_trace(row, run_no) for row in rows]

    def tokens(self, run_no: int, role: str, trace_nos: Sequence[int]) -> dict[int, tuple[TokenLogprobs, str | None]]:
        """One role's tokens of some traces, each with the reason for what is missing; NaN, or rank 0, where NULL."""
        table = self.query(
            "SELECT trace_no, n_tokens, unscored_reason, token_id, char_start, char_end, logprob, rank FROM tokens "
            "WHERE run_no = ? AND role = ? AND trace_no IN (SELECT unnest(?::INTEGER[]))",
            [run_no, role, list(trace_nos)],
        )
        by_trace = {}
        for index in range(table.num_rows):
            lists = {
                name: table.column(name)[index].values
                for name in ("token_id", "char_start", "char_end", "logprob", "rank")
            }
            trace_no, n_tokens, reason = (
                table.column(name)[index].as_py() for name in ("trace_no", "n_tokens", "unscored_reason")
            )
            place = f"{role}'s tokens of trace {trace_no} of {place_of(run_no)}"
            by_trace[trace_no] = (soundness.checked_tokens(lists, n_tokens, place), reason)
        return by_trace


def _trace(row: dict[str, Any], run_no: int) -> Trace:
    place = f"trace {row.pop('trace_no')} of {place_of(run_no)}"
    row["messages"] = soundness.parsed_messages(row["messages"], f"messages of {place}")
    row["meta"] = soundness.parsed(row["meta"], dict, f"meta of {place}")
    return Trace(**row)


@contextmanager
def open_reader(path: Path, *, patience_s: float = READ_PATIENCE_S, memory: str | None = None) -> Iterator[Reader]:
    """A reader for one page or one export; see `open_for_reading` for its arguments and what it raises."""
    with open_for_reading(path, patience_s=patience_s, memory=memory) as connection:
        # Nobody writes while it is open, so it stays what it is now.
        yield Reader(connection, (real_path(path), file_identity(path)))
