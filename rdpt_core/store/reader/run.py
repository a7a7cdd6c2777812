"""A run as it is stored, and as it is seen with companions, or other roles, in the place of roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionRole, CompanionState, Role, RunClaim, RunKey, ScoredModel, TemplateSettings
from rdpt_core.records.companions import order_of
from rdpt_core.store import soundness
from rdpt_core.store.own_marks import OWN_MARKS, parsed_companion, parsed_identity


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

    @property
    def notes(self) -> tuple[str, ...]:
        """What scoring found that a reader of its numbers must know, a sentence or two each."""
        return tuple(self.state.environment[-1].get("notes", ())) if self.state.environment else ()


@dataclass(frozen=True, slots=True)
class KnownWriter:
    """That one model wrote all responses of a run, which therefore shows how its labels err.

    Attributes:
        of_run_no: the run that it calibrates.
        role: who wrote: the teacher or the student.
        settings: how the responses came about.
    """

    of_run_no: int
    role: Role
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One run as stored. Times are UTC; `finished_at` is None while sentences are still to come.

    Attributes:
        roles: those of the triple that the run has; `models` are theirs.
        companions: in the order of `companions.order_of`.
        seen_as: roles of the triple in whose place another model is looked at, with its key; see `seen`.
        own_roles, own_models: those that the run has of its own, whatever it is seen with.
        known_writer: who wrote all of its responses, where that is the teacher or the student.
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
    known_writer: KnownWriter | None = None

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

    def seen(self, **others: str | None) -> Run:
        """The run as it looks with other models in the place of roles of its triple.

        These are companions, `run.seen(teacher="teacher:code")`, or roles of its own, `run.seen(teacher="distilled")`.
        Everything that is known of the role's model is then the other's, and a reader that was told of it
        (`Reader.see`) gives the other's numbers. None leaves a role as it is. A role that the run lacks is added.

        Raises:
            UsageError: the run has no finished companion of this key, nor another role, or is seen so already.
        """
        chosen = {Role(role): key for role, key in others.items() if key is not None}
        if not chosen:
            return self
        models = {Role(model.role): model for model in self.models}
        known = {companion.role: companion for companion in self.companions if companion.is_finished}
        missing = [key for role, key in chosen.items() if key not in known and (key == role or key not in models)]
        if missing or self.seen_as:
            raise UsageError(
                "the run has no such companion" if missing else "the run is seen with companions already",
                where=f"run {self.run_id}",
                expected=", ".join(known) or "a companion that is scored",
                got=", ".join(missing or chosen.values()),
                hint="`rdpt score --add` adds one.",
            )
        own_models = dict(models)
        identity = {**self.identity, "models": dict(self.identity.get("models", {}))}
        environment = dict(self.environment[-1]) if self.environment else {}
        for role, key in chosen.items():
            is_own = key not in known
            told = self._own_state(key) if is_own else known[key].state
            models[role] = replace(own_models[Role(key)] if is_own else known[key].model, role=role)
            identity["models"][role] = told.identity.get("model", {})
            if identity.get(OWN_MARKS) is not None:
                identity[OWN_MARKS] = {**identity[OWN_MARKS], role: told.identity.get(OWN_MARKS)}
            _tell_as(environment, told.environment[-1] if told.environment else {}, key, role)
        roles = tuple(role for role in Role if role in models)
        return replace(
            self,
            roles=tuple(map(str, roles)),
            models=tuple(models[role] for role in roles),
            identity=identity,
            environment=(*self.environment[:-1], environment),
            seen_as=tuple((str(role), chosen[role]) for role in roles if role in chosen),
        )

    def _own_state(self, role: str) -> CompanionState:
        """What is stored of a role's model, as it would be of a companion."""
        marks = self.identity.get(OWN_MARKS) or {}
        identity = {"model": self.identity.get("models", {}).get(role, {}), OWN_MARKS: marks.get(role)}
        return CompanionState(identity, self.environment, self.finished_at)

    def differs_in_splitter_only(self, other: Run) -> bool:
        """Whether `resplit` makes one of the two from the other."""
        mine, others = ({**run.identity, "splitter": None} for run in (self, other))
        return self.run_id != other.run_id and mine == others

    def calibrates(self, other: Run) -> bool:
        """Whether this is text of a known writer, scored as the other run is: its models, its splitter and all else."""
        mine, others = ({**run.identity, "traces_hash": None} for run in (self, other))
        return self.known_writer is not None and other.known_writer is None and mine == others

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

    One whose writer is known is meant only where there is no other: it is there for the sake of another.

    Args:
        runs: at least one, oldest first. A run that is still being made takes the place of no finished one.
    """
    return max(reversed(runs), key=lambda run: (run.is_finished, run.known_writer is None))


def _tell_as(environment: dict[str, Any], companion: dict[str, Any], key: str, role: Role) -> None:
    """Take what a companion's environment tells of it, such as how its prompts begin, as being told of a role."""
    for name, entry in companion.items():
        if isinstance(entry, dict) and key in entry:
            environment[name] = {**environment.get(name, {}), role: entry[key]}
    notes = [*environment.get("notes", ()), *companion.get("notes", ())]
    if notes:
        environment["notes"] = list(dict.fromkeys(notes))


def place_of(run_no: int) -> str:
    """How a message about damage names a run: by nothing that the database could choose."""
    return f"run number {run_no}"


def companion_of(
    model: ScoredModel, place: str, *, identity: str | None, environment: str | None, finished_at: datetime | None
) -> Companion:
    """A companion from its row.

    Raises:
        StoreError: the database is damaged.
    """
    what = f"{model.role} of {place}" if CompanionRole.is_key(model.role) else f"a companion of {place}"
    if not CompanionRole.is_key(model.role) or model.name != CompanionRole.parse(model.role).name:
        raise soundness.damaged(what, "a role such as teacher:code, and its name", f"{model.role}, {model.name}")
    known = parsed_companion(identity or "", what)
    entries = soundness.parsed_environment(environment or "", f"environment of {what}")
    return Companion(model, CompanionState(known, entries, finished_at))


def known_writer_of(row: dict[str, Any]) -> KnownWriter:
    """Who wrote the responses of a run, from its row.

    Raises:
        StoreError: the database is damaged.
    """
    what = f"writer of {place_of(row['run_no'])}"
    if row["role"] not in (Role.TEACHER, Role.STUDENT):
        raise soundness.damaged(what, "teacher or student", row["role"])
    return KnownWriter(row["of_run_no"], Role(row["role"]), soundness.parsed(row["settings"], dict, what))


def run_of(row: dict[str, Any], models: Sequence[ScoredModel], companions: Sequence[Companion]) -> Run:
    """A run from its row and those of its models.

    Raises:
        StoreError: the database is damaged.
    """
    place = place_of(row["run_no"])
    soundness.check_words(place, row["roles"], [model.role for model in models], row["template_policy"])
    own_models = tuple(replace(model, role=role) for role in Role for model in models if model.role == role)
    names = [name.lower() for model in (*own_models, *(c.model for c in companions)) if (name := model.name)]
    if len(set(names)) < len(names):
        raise soundness.damaged(f"models of {place}", "a name for one model only", sorted(names))
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
