"""A triple, or a pair, of models: from a TOML file or from flags."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role

BACKENDS = ("transformers",)
DTYPES = ("auto", "float32", "bfloat16", "float16")
PAIR_ROLES = (Role.TEACHER, Role.STUDENT)


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The models of a run by role, in the order of `ROLES`: a triple, or teacher and student before training."""

    references: Mapping[Role, ModelReference]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the run, in the order of every table."""
        return tuple(role for role in ROLES if role in self.references)


def parse_roles(text: str) -> tuple[Role, ...]:
    """`teacher,student` or all three, in any order.

    Raises:
        UsageError: unknown, repeated or insufficient roles.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if set(names) not in ({*ROLES}, {*PAIR_ROLES}) or len(names) != len(set(names)):
        raise UsageError(
            "these roles cannot be compared",
            where="--roles",
            expected="`teacher,student,distilled` or `teacher,student`",
            got=f"`{text}`",
        )
    return tuple(role for role in ROLES if role in names)


def parse_reference(text: str) -> ModelReference:
    """A model named on the command line: a folder, a `.gguf` file, or a hub name with an optional `@revision`.

    A path that exists is taken as it is, so that a folder with an `@` in its name works.
    """
    if "@" in text and not Path(text).exists() and not text.startswith((".", "/", "~")):
        model, _, revision = text.rpartition("@")
        return ModelReference(model=model, revision=revision)
    return ModelReference(model=text)


def read_triple(path: Path, roles: tuple[Role, ...] = ROLES) -> ModelSet:
    """Read a TOML file with one table for each role. A relative model path is relative to the file.

    Raises:
        UsageError: the file is missing or not TOML, a role is absent, a key is unknown or has the wrong type.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            "the triple cannot be read",
            where=str(path),
            expected="a TOML file with the tables [teacher], [student] and [distilled]",
            got=str(error),
        ) from error
    unknown = sorted(set(tables) - set(ROLES))
    if unknown:
        raise UsageError(
            "unknown table in the triple", where=str(path), expected=", ".join(ROLES), got=", ".join(unknown)
        )
    return ModelSet({role: _read_table(path, role, tables.get(role)) for role in roles})


def _read_table(path: Path, role: Role, table: object) -> ModelReference:
    where = f"{path} [{role}]"
    if not isinstance(table, dict):
        raise UsageError(
            "a role is missing from the triple",
            where=where,
            expected='a table such as [teacher] with model = "org/name"',
            got="nothing" if table is None else str(table),
            hint="Without a distilled model, score with `--roles teacher,student`.",
        )
    known = {field.name for field in fields(ModelReference)}
    for key, value in table.items():
        if key not in known:
            raise UsageError("unknown key in the triple", where=where, expected=", ".join(sorted(known)), got=key)
        if not isinstance(value, str) or not value:
            raise UsageError(
                "wrong value in the triple", where=f"{where} {key}", expected="a non-empty string", got=repr(value)
            )
    if "model" not in table:
        raise UsageError("a role names no model", where=where, expected='model = "org/name" or a path', got="none")
    for key, allowed in (("backend", BACKENDS), ("dtype", DTYPES)):
        if key in table and table[key] not in allowed:
            raise UsageError(
                f"unknown {key} in the triple", where=where, expected=" or ".join(allowed), got=str(table[key])
            )
    beside = path.parent / table["model"]
    if beside.exists():
        table = {**table, "model": str(beside)}
    return ModelReference(**table)
