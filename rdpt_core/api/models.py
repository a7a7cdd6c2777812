"""From the arguments that name models to the models of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from rdpt_core.api.arguments import PathArgument
from rdpt_core.config import (
    ModelSet,
    parse_reference,
    parse_roles,
    read_companions,
    read_triple,
    template_settings,
)
from rdpt_core.config.named import check_distinct, check_meant, checked_name, split_name, table_of
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, CompanionKind, CompanionRole, ModelReference, Role, TemplateSettings

Teachers: TypeAlias = PathArgument | Sequence[PathArgument] | Mapping[str, PathArgument]
"""One teacher, or several: as texts `NAME=REF`, or by their names. The first is that of the triple."""

Named: TypeAlias = str | Sequence[str] | Mapping[str, PathArgument]
"""Further models, as texts `NAME=REF` or by their names."""

_EXAMPLES = {CompanionKind.TEACHER: "code", CompanionKind.CONTROL: "decoy", CompanionKind.CHECKPOINT: "400"}
_FLAGS = {kind: f"--{kind}" for kind in _EXAMPLES}
"""Kinds of models that a user names."""


def models_of(
    triple: PathArgument | None,
    models: Mapping[str, PathArgument | None],
    roles: str | Iterable[str] | None,
    *,
    teachers: Teachers | None = None,
    controls: Named | None = None,
    checkpoints: Named | None = None,
) -> ModelSet:
    """The models from a TOML file, or from one argument for each role.

    Args:
        triple: the TOML file; None if the models of the triple are named one by one.
        models: the reference of the student and of the distilled model; None where none is given.
        roles: the roles of the run, as a list or separated by commas; None for all three.
        teachers: the first is the teacher of the triple, unless a file has one or the roles do without; the others
            need names.

    Raises:
        UsageError: both ways at once, a role without a model, a further model without a name, or two of one name.
    """
    chosen = ROLES if roles is None else parse_roles(roles if isinstance(roles, str) else ",".join(roles))
    named = _named(CompanionKind.TEACHER, teachers)
    given = {role: model for role, model in models.items() if model is not None}
    first: _Named | None = None
    if named and (named[0].name is None or (triple is None and Role.TEACHER in chosen)):
        first = named.pop(0)
        given = {Role.TEACHER: first.model, **given}
    companions = _companions(
        [*named, *_named(CompanionKind.CONTROL, controls), *_named(CompanionKind.CHECKPOINT, checkpoints)]
    )
    places = {key: f"--{CompanionRole.parse(key).kind} {CompanionRole.parse(key).name}" for key in companions}
    if triple is not None:
        if given:
            raise UsageError(
                "models are given twice",
                where="score",
                expected="--triple, or a flag for each role",
                got=f"--triple and --{next(iter(given))}",
                hint="A further teacher has a name: --teacher NAME=REF." if Role.TEACHER in given else None,
            )
        read = read_triple(Path(triple), chosen)
        return _joined(read, companions, {**dict.fromkeys(read.keys, str(triple)), **places})
    missing = [role for role in chosen if role not in given]
    if missing:
        raise UsageError(
            "a role has no model",
            where="score",
            expected=" ".join(f"--{role} REF" for role in chosen),
            got="no " + ", no ".join(f"--{role}" for role in missing),
            hint="Or name all in one file: --triple TOML.",
        )
    for role in given:
        if role not in chosen:
            raise UsageError(
                "a model is given for a role that is not scored",
                where=f"--{role}",
                expected=f"no such flag with --roles {','.join(chosen)}",
            )
    name = None if first is None else first.name
    references: dict[str, ModelReference] = {role: reference_of(given[role]) for role in chosen}
    return ModelSet.of(references, companions, name, {Role.TEACHER: f"--teacher {name}", **places})


def companions_of(
    triple: PathArgument | None,
    *,
    teachers: Teachers | None = None,
    controls: Named | None = None,
    checkpoints: Named | None = None,
    may_be_none: bool = False,
) -> ModelSet:
    """Models to add to a run: those of arguments, and the further ones of a TOML file.

    Args:
        may_be_none: whether something else is added.

    Raises:
        UsageError: there is none, one has no name, or two have one.
    """
    given = [
        *_named(CompanionKind.TEACHER, teachers),
        *_named(CompanionKind.CONTROL, controls),
        *_named(CompanionKind.CHECKPOINT, checkpoints),
    ]
    companions = _companions(given)
    if triple is None and not companions and not may_be_none:
        raise UsageError(
            "no model is named that could be added",
            where="score --add",
            expected="--teacher NAME=REF, --control NAME=REF, --checkpoint NAME=REF, --triple TOML with such tables, "
            "or --controls NAME",
        )
    places = {key: f"--{CompanionRole.parse(key).kind} {CompanionRole.parse(key).name}" for key in companions}
    read = ModelSet({}) if triple is None else read_companions(Path(triple))
    return _joined(read, companions, {**dict.fromkeys(read.keys, str(triple)), **places})


class _Named(NamedTuple):
    """A model of one kind, with its name if it has one."""

    kind: CompanionKind
    name: str | None
    model: PathArgument


def _named(kind: CompanionKind, given: Teachers | Named | None) -> list[_Named]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        named = [_Named(kind, checked_name(name, _FLAGS[kind]), model) for name, model in given.items()]
    else:
        listed = [given] if isinstance(given, str | os.PathLike) else given
        # A path that is given as one is a path, whatever its name holds.
        named = [_Named(kind, *(split_name(one) if isinstance(one, str) else (None, one))) for one in listed]
    for one in named:
        if one.name is None and isinstance(one.model, str):
            check_meant(one.model, _FLAGS[kind])
    nameless = next((one.name for one in named if one.name is not None and not os.fspath(one.model)), None)
    if nameless is not None:
        raise UsageError("a name has no model", where=_FLAGS[kind], expected="NAME=REF", got=f"{nameless}=")
    return named


def _companions(given: Sequence[_Named]) -> dict[str, ModelReference]:
    """By key.

    Raises:
        UsageError: one has no name, or two have one.
    """
    for kind, name, model in given:
        if name is None:
            raise UsageError(
                "a further model needs a name",
                where=_FLAGS[kind],
                expected=f"{_FLAGS[kind]} NAME=REF, such as {_EXAMPLES[kind]}=org/name",
                got=os.fspath(model),
                hint="Only the first --teacher, which is that of the triple, may do without."
                if kind is CompanionKind.TEACHER
                else None,
            )
    check_distinct([(_FLAGS[kind], name) for kind, name, _ in given if name is not None])
    return {CompanionRole(kind, name or "").key: reference_of(model) for kind, name, model in given}


def _joined(models: ModelSet, companions: Mapping[str, ModelReference], places: Mapping[str, str]) -> ModelSet:
    """More companions beside those of a file.

    Raises:
        UsageError: two models have one name.
    """
    twice = next((key for key in companions if key in models.companions), None)
    if twice is not None:
        raise UsageError(
            "two models of a run have one name",
            where=places[twice],
            expected="another name than those in the file",
            got=f"a name that {table_of(twice)} has",
        )
    return ModelSet.of(models.references, {**models.companions, **companions}, models.teacher_name, places)


def with_templates(models: ModelSet, names: Mapping[str, str], arguments: Mapping[str, Mapping[str, Any]]) -> ModelSet:
    """The same models with other chat templates, or more arguments to them; those of the same name are replaced.

    Args:
        names: by the key of a role, such as `teacher` or `teacher:code`; the triple's teacher also by its name.

    Raises:
        UsageError: a role that is not scored, or an argument that no template takes.
    """
    changed: dict[str, ModelReference] = {}
    own = None if models.teacher_name is None else CompanionRole(CompanionKind.TEACHER, models.teacher_name).key
    for role in [*names, *arguments]:
        where, given = f"--template-arguments {role}", arguments.get(role, {})
        key = Role.TEACHER if role == own else role
        if key not in models.keys:
            raise UsageError(
                "a chat template is chosen for a role that is not scored",
                where="--template-name" if role in names else "--template-arguments",
                expected=" or ".join(models.keys),
                got=role,
            )
        if not isinstance(given, Mapping):
            raise UsageError(
                "arguments of a chat template are given by name",
                where=where,
                expected="such as enable_thinking=true",
                got=repr(given)[:80],
            )
        before, more = changed.get(key, models.reference(key)), template_settings(names.get(role), given, where)
        settings = TemplateSettings(more.name or before.template.name, {**before.template.arguments, **more.arguments})
        changed[key] = replace(before, template=settings)
    return models.with_references(changed)


def reference_of(model: PathArgument) -> ModelReference:
    """A text is read as on the command line; a path is a path, whatever its name holds."""
    return parse_reference(model) if isinstance(model, str) else ModelReference(model=os.fspath(model))
