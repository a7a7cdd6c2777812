"""A triple, or a pair, of models, and further ones beside it: from a TOML file or from flags."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from rdpt_core.config.named import TABLES_OF_COMPANIONS, check_distinct, checked_name, table_of
from rdpt_core.config.tables import TABLES, validated
from rdpt_core.errors import UsageError
from rdpt_core.records import (
    ROLE_SETS,
    ROLES,
    CompanionKind,
    CompanionRole,
    ModelReference,
    Role,
    ServerSettings,
    TemplateSettings,
)
from rdpt_core.records.companions import is_companion, order_of

_PATH_KEYS = ("model", "tokenizer", "adapter", "ca_file")
_RESERVED_VARIABLES = frozenset({
    "messages", "add_generation_prompt", "continue_final_message",
    "raise_exception", "strftime_now", "dict", "namespace", "range", "cycler", "joiner", "lipsum",
})  # fmt: skip
_SERVER_KEYS = frozenset(field.name for field in fields(ServerSettings))


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The models of a run.

    Attributes:
        references: those of the triple by role, in the order of `ROLES`; the roles are one of `ROLE_SETS`.
        companions: further models by the key of their role, such as `teacher:code`, in the order of
            `companions.order_of`.
        teacher_name: what the user calls the teacher of the triple; None if nothing.
    """

    references: Mapping[str, ModelReference]
    companions: Mapping[str, ModelReference] = field(default_factory=dict)
    teacher_name: str | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the triple, in the order of every table."""
        return tuple(role for role in ROLES if role in self.references)

    @property
    def keys(self) -> tuple[str, ...]:
        """All roles: those of the triple, then the companions'."""
        return (*self.roles, *self.companions)

    def reference(self, key: str) -> ModelReference:
        """The model of a role of the triple or of a companion."""
        return self.companions[key] if is_companion(key) else self.references[key]

    def name_of(self, key: str) -> str | None:
        """What the user calls a model, if anything."""
        if is_companion(key):
            return CompanionRole.parse(key).name
        return self.teacher_name if key == Role.TEACHER else None

    def with_references(self, changed: Mapping[str, ModelReference]) -> ModelSet:
        """The same roles and names with some other models, by key."""
        return replace(
            self,
            references={key: changed.get(key, reference) for key, reference in self.references.items()},
            companions={key: changed.get(key, reference) for key, reference in self.companions.items()},
        )

    def only(self, *keys: str) -> ModelSet:
        """Without all other models; keys that are not there stay away."""
        return replace(
            self,
            references={key: reference for key, reference in self.references.items() if key in keys},
            companions={key: reference for key, reference in self.companions.items() if key in keys},
        )

    @classmethod
    def of(
        cls,
        references: Mapping[str, ModelReference],
        companions: Mapping[str, ModelReference],
        teacher_name: str | None,
        places: Mapping[str, str],
    ) -> ModelSet:
        """The models of a run, once all their names are known to differ.

        Args:
            places: by key, where a model is named, for messages.

        Raises:
            UsageError: two have one name.
        """
        models = cls(references, dict(sorted(companions.items(), key=lambda item: order_of(item[0]))), teacher_name)
        named = [(places[key], name) for key in models.keys if (name := models.name_of(key)) is not None]
        check_distinct(named)
        return models


def parse_roles(text: str) -> tuple[Role, ...]:
    """One of `ROLE_SETS`, in any order.

    Raises:
        UsageError: unknown, repeated or insufficient roles.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    roles = tuple(role for role in ROLES if role in names)
    if roles not in ROLE_SETS or len(names) != len(roles):
        raise UsageError(
            "these roles cannot be compared",
            where="--roles",
            expected=" or ".join(f"`{','.join(known)}`" for known in ROLE_SETS),
            got=f"`{text}`",
        )
    return roles


def parse_reference(text: str) -> ModelReference:
    """A model named on the command line.

    A folder, a `.gguf` file, or a hub name with an optional `@revision`; one of these with an adapter:
    `base=REF,adapter=FOLDER`; or a backend and its keys: `openai:URL,model=NAME,tokenizer=FOLDER`,
    `recorded:FILE,FILE`. A path that exists is taken as it is, so that a folder with an `@` in its name works.

    Raises:
        UsageError: the keys of a backend are unknown, incomplete, or have wrong values.
    """
    return _parsed(text, Path())


def _parsed(text: str, folder: Path) -> ModelReference:
    backend, colon, rest = text.partition(":")
    if colon and backend in ("openai", "recorded") and not Path(text).exists():
        return _make_reference(_flag_table(backend, rest), f"a model `{backend}:…`", folder, is_text=True)
    if text.startswith(("base=", "adapter=")) and not Path(text).exists():
        return _make_reference(_adapter_table(text), f"a model `{text}`", folder)
    model, revision = _split_revision(text)
    return ModelReference(model=model, revision=revision)


def _split_revision(text: str) -> tuple[str, str | None]:
    if "@" in text and not Path(text).exists() and not text.startswith((".", "/", "~")):
        model, _, revision = text.rpartition("@")
        return model, revision
    return text, None


def _adapter_table(text: str) -> dict[str, Any]:
    """The table that `base=REF,adapter=FOLDER` stands for. Only these two are keys, so that a folder may have commas
    and equal signs in its name."""
    pairs = [part.split("=", 1) for part in re.split(r",(?=(?:base|adapter)=)", text)]
    table: dict[str, Any] = dict(pairs)
    if len(table) < len(pairs):
        raise UsageError("a key is given twice", where=text, expected="base=REF,adapter=FOLDER")
    if "base" in table:
        table["base"], revision = _split_revision(table["base"])
        table |= {"revision": revision} if revision else {}
    return table


def _flag_table(backend: str, text: str) -> dict[str, Any]:
    """The table that `ADDRESS,key=value,…` stands for: the address first, or any number of files."""
    table: dict[str, Any] = {"backend": backend}
    bare: list[str] = []
    for part in text.split(","):
        key, sign, value = part.partition("=")
        # An unknown key of a server is kept, to be refused by its name: in the address its value would be shown.
        if sign and (key in TABLES[backend].model_fields or (backend == "openai" and "/" not in key)):
            table[key] = value
        else:
            bare.append(part)
    return {**table, "files": bare} if backend == "recorded" else {**table, "base_url": ",".join(bare)}


def read_triple(path: Path, roles: tuple[Role, ...] = ROLES) -> ModelSet:
    """Read a TOML file with one table for each role, and one for each companion. Relative paths are relative to the
    file. Without a table [teacher], the first of [teachers.NAME] is the teacher of the triple.

    Raises:
        UsageError: the file is missing or not TOML, a role is absent, a key is unknown or has the wrong type, or two
            models have one name.
    """
    tables, companions = _read_tables(path)
    name = None
    if Role.TEACHER in roles and Role.TEACHER not in tables:
        first = _first_teacher(companions)
        if first is not None:
            name, tables[Role.TEACHER] = CompanionRole.parse(first).name, companions.pop(first)
    elif isinstance(teacher := tables.get(Role.TEACHER), dict) and "name" in teacher:
        given, where = teacher["name"], f"{path} [{Role.TEACHER}] name"
        tables[Role.TEACHER] = {key: value for key, value in teacher.items() if key != "name"}
        if not isinstance(given, str):
            raise UsageError("a model cannot have this name", where=where, expected="a text", got=repr(given)[:80])
        name = checked_name(given, where)
    references: dict[str, ModelReference] = {role: _read_table(path, role, tables.get(role)) for role in roles}
    return ModelSet.of(
        references,
        _companions_of(path, companions),
        name if Role.TEACHER in roles else None,
        {key: f"{path} {table_of(key)}" for key in (*roles, *companions)},
    )


def read_companions(path: Path) -> ModelSet:
    """The companions alone of a file that `read_triple` reads.

    Raises:
        UsageError: as there; or it has none.
    """
    tables, companions = _read_tables(path)
    if Role.TEACHER not in tables:
        companions.pop(
            next((key for key in companions if CompanionRole.parse(key).kind is CompanionKind.TEACHER), ""), None
        )
    if not companions:
        raise UsageError(
            "the file names no further model",
            where=str(path),
            expected="a table such as [teachers.code], [controls.decoy] or [checkpoints.400]",
            got=", ".join(f"[{name}]" for name in tables) or "no table",
        )
    places = {key: f"{path} {table_of(key)}" for key in companions}
    return ModelSet.of({}, _companions_of(path, companions), None, places)


def _read_tables(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of the roles, and those of the companions by their keys, in the order of the file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            "the triple cannot be read",
            where=str(path),
            expected="a TOML file with the tables [teacher], [student] and [distilled]",
            got=str(error),
        ) from error
    unknown = sorted(set(tables) - set(ROLES) - set(TABLES_OF_COMPANIONS))
    if unknown:
        raise UsageError(
            "unknown table in the triple",
            where=str(path),
            expected=", ".join([*ROLES, *(f"{name}.NAME" for name in TABLES_OF_COMPANIONS)]),
            got=", ".join(unknown),
            hint="A model of the triple at another temperature, or asked another question, is scored with --controls."
            if f"{CompanionKind.VARIANT}s" in unknown
            else None,
        )
    companions: dict[str, Any] = {}
    for group, kind in TABLES_OF_COMPANIONS.items():
        named = tables.pop(group, {})
        if not isinstance(named, dict):
            raise UsageError(
                "further models are tables of their own",
                where=f"{path} {group}",
                expected=f'a table such as [{group}.NAME] with model = "org/name"',
                got=repr(named)[:80],
            )
        for name, table in named.items():
            companions[CompanionRole(kind, checked_name(name, f"{path} [{group}.{name}]")).key] = table
    return tables, companions


def _first_teacher(companions: Mapping[str, Any]) -> str | None:
    """The one that is the teacher of a triple without a table [teacher]."""
    return next((key for key in companions if CompanionRole.parse(key).kind is CompanionKind.TEACHER), None)


def _companions_of(path: Path, tables: Mapping[str, Any]) -> dict[str, ModelReference]:
    return {key: _read_table(path, key, table) for key, table in tables.items()}


def _read_table(path: Path, role: str, table: object) -> ModelReference:
    where = f"{path} {table_of(role)}"
    if not isinstance(table, dict) and is_companion(role):
        raise UsageError(
            "a further model is a table of its own",
            where=where,
            expected='such a table with model = "org/name"',
            got=repr(table)[:80],
        )
    if not isinstance(table, dict):
        raise UsageError(
            "a role is missing from the triple",
            where=where,
            expected='a table such as [teacher] with model = "org/name"',
            got="nothing" if table is None else str(table),
            hint="Without a distilled model, score with `--roles teacher,student`; without a teacher, with "
            "`--roles student,distilled`.",
        )
    return _make_reference(table, where, path.parent)


def _make_reference(table: dict[str, Any], where: str, folder: Path, *, is_text: bool = False) -> ModelReference:
    """Check a table and make the reference that it stands for. Paths are looked for beside `folder`.

    Args:
        is_text: the values are texts from the command line, in which numbers are read.
    """
    given = validated({"backend": "transformers", **_with_base(table, where)}, where, is_text)
    backend = given["backend"]
    # The served name is a name, even where a folder happens to be called the same.
    for key in given.keys() & (_PATH_KEYS if backend != "openai" else _PATH_KEYS[1:]):
        given[key] = _beside(folder, given[key])
    files = tuple(_beside(folder, name) for name in given.pop("files", ()))
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise UsageError("there is no such file of recorded logprobs", where=where, got=", ".join(missing))
    server = {key: given.pop(key) for key in given.keys() & _SERVER_KEYS}
    check_with = given.pop("check_with", None)
    if "ca_file" in server:
        server["ca_file"] = _checked_certificates(server["ca_file"], where)
    template = template_settings(given.pop("template_name", None), given.pop("template_arguments", {}), where)
    return ModelReference(
        **{"model": "", **given},
        template=template,
        server=ServerSettings(**server) if backend == "openai" else None,
        files=files,
        check_with=None if check_with is None else _local_model(check_with, where, folder),
    )


def _local_model(text: str, where: str, folder: Path) -> ModelReference:
    """A model that runs here, named as on the command line."""
    if text.startswith(("openai:", "recorded:")):
        raise UsageError(
            "recordings are checked with a model that runs here",
            where=f"{where} check_with",
            expected="a folder, a .gguf file, or org/name[@revision]",
            got=f"{text.partition(':')[0]}:…",
        )
    return _parsed(_beside(folder, text), folder)


def _checked_certificates(ca_file: str, where: str) -> str:
    # Few runs need them.
    import ssl

    from rdpt_core.config.certificates import trust

    path = os.path.expanduser(ca_file)
    trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path, f"{where} ca_file")
    return path


def template_settings(name: str | None, arguments: Mapping[str, Any], where: str) -> TemplateSettings:
    """The settings, once they are known to be usable with some template.

    Raises:
        UsageError: an argument has a name that means the same in every template or none, or a value that JSON does not
            know.
    """
    for variable, value in arguments.items():
        if variable in _RESERVED_VARIABLES or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", str(variable)):
            raise UsageError(
                "a chat template takes no argument of this name",
                where=where,
                expected="a variable of the model's own template, such as enable_thinking",
                got=repr(variable)[:80],
            )
        try:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise UsageError(
                "a chat template cannot be given this value",
                where=f"{where} {variable}",
                expected="true, false, a number, a text, or a list or table of these",
                got=repr(value)[:80],
            ) from None
    return TemplateSettings(name, arguments)


def _with_base(table: dict[str, Any], where: str) -> dict[str, Any]:
    """The same table with `model` for `base`, as the model is called that an adapter belongs to."""
    if not table.keys() & {"base", "adapter"}:
        return table
    if "adapter" not in table or len(table.keys() & {"base", "model"}) != 1:
        raise UsageError(
            "an adapter goes with its base",
            where=where,
            expected="`base` and `adapter`, or `model` alone",
            got=", ".join(f"`{key}`" for key in ("model", "base", "adapter") if key in table),
        )
    return {"model" if key == "base" else key: value for key, value in table.items()}


def _beside(folder: Path, name: str) -> str:
    return str(folder / name) if (folder / name).exists() else name
