"""The read side: everything that the app and the exports ask of the database.

A `Reader` holds a read-only connection for a moment. Results are pyarrow tables or plain records; analysis runs its own
queries through `Reader.query`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from rdpt_core.errors import UsageError
from rdpt_core.records import (
    RETRIED_REASONS,
    CompanionRole,
    CompanionState,
    Role,
    RunClaim,
    RunKey,
    ScoredModel,
    Span,
    TemplateSettings,
    TokenLogprobs,
    Trace,
)
from rdpt_core.records.companions import is_companion, order_of
from rdpt_core.store import soundness
from rdpt_core.store.companions import SeenRun, own_role, quoted, see
from rdpt_core.store.connect import READ_PATIENCE_S, open_for_reading
from rdpt_core.store.files import Identity, file_identity, inode_of, real_path
from rdpt_core.store.own_marks import parsed_identity

_MOST_KNOWN = 1024
_known_sound: set[tuple[object, ...]] = set()
"""What was checked of which state of which file, or of which finished run of it: until that is written or replaced, it
stays as it is."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A further model of a run: the model as it was used, and how far it has come. `role` is its key."""

    model: ScoredModel
    state: CompanionState

    @property
    def role(self) -> str:
        """Such as `teacher:code`."""
        return self.model.role

    @property
    def is_finished(self) -> bool:
        """False while traces are still to come."""
        return self.state.finished_at is not None


@dataclass(frozen=True, slots=True)
class Run:
    """One run as stored. Times are UTC; `finished_at` is None while sentences are still to come.

    Attributes:
        roles: those of the triple that the run has; `models` are theirs.
        companions: in the order of `companions.order_of`.
        seen_as: roles of the triple in whose place a companion is looked at, with the companion's key; see `seen`.
        own_roles, own_models: those that the run has of its own, whatever it is seen with.
    """

    run_no: int
    run_id: str
    name: str
    identity: dict[str, Any]
    environment: tuple[dict[str, Any], ...]
    roles: tuple[str, ...]
    template_policy: str
    splitter: str
    splitter_version: str
    traces_hash: str
    n_traces: int
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    models: tuple[ScoredModel, ...]
    companions: tuple[Companion, ...] = ()
    seen_as: tuple[tuple[str, str], ...] = ()
    own_roles: tuple[str, ...] = ()
    own_models: tuple[ScoredModel, ...] = ()

    @property
    def is_finished(self) -> bool:
        """False while sentences are still to come."""
        return self.finished_at is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What scoring found that a reader of its numbers must know, a sentence or two each."""
        return tuple(self.environment[-1].get("notes", ())) if self.environment else ()

    def template_settings(self, role: str) -> TemplateSettings:
        """What the user gave to the chat template of a role's model."""
        return TemplateSettings.of(self.identity, role)

    @property
    def one_tokenizer(self) -> bool:
        """Whether all roles cut text into the same tokens, so that their means per token compare directly."""
        return len({model.tokenizer_hash for model in self.models}) == 1

    @property
    def key(self) -> RunKey:
        """What names the run to whatever writes to it."""
        return RunKey(self.run_no, self.run_id)

    def seen(self, **companions: str | None) -> Run:
        """The run as it looks with companions in the place of roles of its triple: `run.seen(teacher="teacher:code")`.

        Everything that is known of the role's model is then the companion's, and a reader that was told of it
        (`Reader.seen`) gives the companion's numbers. None leaves a role as it is. A role that the run lacks is added.

        Raises:
            UsageError: the run has no finished companion of this key, or is seen so already.
        """
        chosen = {Role(role): key for role, key in companions.items() if key is not None}
        if not chosen:
            return self
        known = {companion.role: companion for companion in self.companions if companion.is_finished}
        missing = [key for key in chosen.values() if key not in known]
        if missing or self.seen_as:
            raise UsageError(
                "the run has no such companion" if missing else "the run is seen with companions already",
                where=f"run {self.run_id}",
                expected=", ".join(known) or "a companion that is scored",
                got=", ".join(missing or chosen.values()),
                hint="`rdpt score --add` adds one.",
            )
        models = {Role(model.role): model for model in self.models}
        identity = {**self.identity, "models": dict(self.identity.get("models", {}))}
        environment = dict(self.environment[-1]) if self.environment else {}
        for role, key in chosen.items():
            companion = known[key]
            models[role] = replace(companion.model, role=role)
            identity["models"][role] = companion.state.identity.get("model", {})
            for name, entry in (companion.state.environment[-1] if companion.state.environment else {}).items():
                # What is told of each role, such as how its prompts begin.
                if isinstance(entry, dict) and key in entry:
                    environment[name] = {**environment.get(name, {}), role: entry[key]}
        roles = tuple(role for role in Role if role in models)
        return replace(
            self,
            roles=tuple(map(str, roles)),
            models=tuple(models[role] for role in roles),
            identity=identity,
            environment=(*self.environment[:-1], environment),
            seen_as=tuple((str(role), chosen[role]) for role in roles if role in chosen),
        )

    def differs_in_splitter_only(self, other: Run) -> bool:
        """Whether `resplit` makes one of the two from the other."""
        mine, others = ({**run.identity, "splitter": None} for run in (self, other))
        return self.run_id != other.run_id and mine == others

    def as_claim(self, name: str) -> RunClaim:
        """What a run made from this one starts from."""
        return RunClaim(
            run_id=self.run_id,
            name=name,
            identity=self.identity,
            environment=self.environment[-1],
            models=self.models,
            template_policy=self.template_policy,
            splitter=self.splitter,
            splitter_version=self.splitter_version,
            traces_hash=self.traces_hash,
            n_traces=self.n_traces,
        )


def default_run(runs: Sequence[Run]) -> Run:
    """The run that is meant where none is named: the newest finished one, or the newest if none is finished.

    Args:
        runs: at least one, oldest first. A run that is still being made takes the place of no finished one.
    """
    return next((run for run in reversed(runs) if run.is_finished), runs[-1])


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
        see(self._connection, [SeenRun(run.run_no, run.own_roles, dict(run.seen_as)) for run in runs])

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
        what(self._connection, *arguments, **keywords)
        if len(_known_sound) >= _MOST_KNOWN:
            _known_sound.clear()
        _known_sound.add(known)

    def check(self, run: Run, *, with_texts: bool = False) -> None:
        """Check the rows of a run as this reader sees it, once for each of its states. A finished one is in the same
        state until something is committed to it, whatever else is committed to the file; one under way, until anything
        is.

        Args:
            with_texts: also that sentences end where their responses do, for which all texts are read.

        Raises:
            StoreError: the database is damaged.
        """
        place, number = _place(run.run_no), run.run_no
        state: tuple[object, ...] = (number, run.seen_as, *self._state)
        if run.is_finished:
            path, identity = self._state
            state = (run.seen_as, path, inode_of(identity), number, run.run_id, run.roles, run.n_traces, run.updated_at)
        others = [*(own_role(role) for role, _ in run.seen_as), *(companion.role for companion in run.companions)]
        keywords = {"is_finished": run.is_finished, "companions": others}
        self._check_once(soundness.check_run, state, place, number, run.roles, run.n_traces, **keywords)
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
                companions.setdefault(run_no, []).append(_companion(model, _place(run_no), **state))
            else:
                models.setdefault(run_no, []).append(model)
        try:
            rows = self.query("SELECT * FROM runs ORDER BY run_no").to_pylist()
        except OverflowError as error:
            raise soundness.damaged("times of the runs", "dates up to the year 9999", "another one") from error
        return tuple(_run(row, models.get(row["run_no"], []), companions.get(row["run_no"], [])) for row in rows)

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

    def progress(self, run: Run) -> tuple[RoleProgress, ...]:
        """Traces and tokens scored so far, for each role of the run."""
        table = self.query(
            "SELECT role, count(*) AS n_traces, sum(n_tokens)::BIGINT AS n_tokens, "
            "sum(n_straddling)::BIGINT AS n_straddling FROM tokens WHERE run_no = ? GROUP BY role",
            [run.run_no],
        )
        by_role = {row["role"]: RoleProgress(**row) for row in table.to_pylist()}
        return tuple(by_role.get(role, RoleProgress(role, 0, 0, 0)) for role in run.roles)

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

    def local_trace_nos(self, run_no: int, role: str, n_context: int) -> set[int]:
        """The traces of a run whose sentences this role has scored with so many sentences in view."""
        rows = self.query(
            "SELECT trace_no FROM local_scores WHERE run_no = ? AND role = ? AND n_context = ?",
            [run_no, role, n_context],
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
            place = f"{role}'s tokens of trace {trace_no} of {_place(run_no)}"
            by_trace[trace_no] = (soundness.checked_tokens(lists, n_tokens, place), reason)
        return by_trace


def _place(run_no: int) -> str:
    """How a message about damage names a run: by nothing that the database could choose."""
    return f"run number {run_no}"


def _companion(
    model: ScoredModel, place: str, *, identity: str | None, environment: str | None, finished_at: datetime | None
) -> Companion:
    what = f"{model.role} of {place}" if CompanionRole.is_key(model.role) else f"a companion of {place}"
    if not CompanionRole.is_key(model.role) or model.name != CompanionRole.parse(model.role).name:
        raise soundness.damaged(what, "a role such as teacher:code, and its name", f"{model.role}, {model.name}")
    known = soundness.parsed(identity or "", dict, f"identity of {what}")
    entries = soundness.parsed_environment(environment or "", f"environment of {what}")
    return Companion(model, CompanionState(known, entries, finished_at))


def _run(row: dict[str, Any], models: Sequence[ScoredModel], companions: Sequence[Companion]) -> Run:
    place = _place(row["run_no"])
    soundness.check_words(place, row["roles"], [model.role for model in models], row["template_policy"])
    own_models = tuple(replace(model, role=role) for role in Role for model in models if model.role == role)
    return Run(
        **{
            **row,
            "identity": parsed_identity(row["identity"], row["roles"], place),
            "environment": soundness.parsed_environment(row["environment"], f"environment of {place}"),
            "roles": tuple(row["roles"]),
            "own_roles": tuple(row["roles"]),
        },
        models=own_models,
        own_models=own_models,
        companions=tuple(sorted(companions, key=lambda companion: order_of(companion.role))),
    )


def _trace(row: dict[str, Any], run_no: int) -> Trace:
    place = f"trace {row.pop('trace_no')} of {_place(run_no)}"
    row["messages"] = soundness.parsed_messages(row["messages"], f"messages of {place}")
    row["meta"] = soundness.parsed(row["meta"], dict, f"meta of {place}")
    return Trace(**row)


@contextmanager
def open_reader(path: Path, *, patience_s: float = READ_PATIENCE_S, memory: str | None = None) -> Iterator[Reader]:
    """A reader for one page or one export; see `open_for_reading` for its arguments and what it raises."""
    with open_for_reading(path, patience_s=patience_s, memory=memory) as connection:
        # Nobody writes while it is open, so it stays what it is now.
        yield Reader(connection, (real_path(path), file_identity(path)))
