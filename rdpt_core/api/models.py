"""From the arguments that name models to the models of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rdpt_core.api.arguments import PathArgument
from rdpt_core.config import ModelSet, parse_reference, parse_roles, read_triple, template_settings
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role, TemplateSettings


def models_of(
    triple: PathArgument | None, models: Mapping[str, PathArgument | None], roles: str | Iterable[str] | None
) -> ModelSet:
    """The models from a TOML file, or from one argument for each role.

    Args:
        triple: the TOML file; None if the models are named one by one.
        models: the reference of each role; None where none is given.
        roles: the roles of the run, as a list or separated by commas; None for all three.

    Raises:
        UsageError: both ways at once, or a role without a model.
    """
    chosen = ROLES if roles is None else parse_roles(roles if isinstance(roles, str) else ",".join(roles))
    given = {role: model for role, model in models.items() if model is not None}
    if triple is not None:
        if given:
            raise UsageError(
                "models are given twice",
                where="score",
                expected="--triple, or a flag for each role",
                got=f"--triple and --{next(iter(given))}",
            )
        return read_triple(Path(triple), chosen)
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
    return ModelSet({role: reference_of(given[role]) for role in chosen})


def with_templates(models: ModelSet, names: Mapping[str, str], arguments: Mapping[str, Mapping[str, Any]]) -> ModelSet:
    """The same models with other chat templates, or more arguments to them; those of the same name are replaced.

    Raises:
        UsageError: a role that is not scored, or an argument that no template takes.
    """
    references = dict(models.references)
    for role in [*names, *arguments]:
        where, given = f"--template-arguments {role}", arguments.get(role, {})
        if role not in references:
            raise UsageError(
                "a chat template is chosen for a role that is not scored",
                where="--template-name" if role in names else "--template-arguments",
                expected=" or ".join(references),
                got=role,
            )
        if not isinstance(given, Mapping):
            raise UsageError(
                "arguments of a chat template are given by name",
                where=where,
                expected="such as enable_thinking=true",
                got=repr(given)[:80],
            )
        before, more = references[Role(role)], template_settings(names.get(role), given, where)
        settings = TemplateSettings(more.name or before.template.name, {**before.template.arguments, **more.arguments})
        references[Role(role)] = replace(before, template=settings)
    return ModelSet(references)


def reference_of(model: PathArgument) -> ModelReference:
    """A text is read as on the command line; a path is a path, whatever its name holds."""
    return parse_reference(model) if isinstance(model, str) else ModelReference(model=os.fspath(model))
