"""A triple, or a pair, of models: from a TOML file or from flags."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role, ServerSettings

DTYPES = ("auto", "float32", "bfloat16", "float16")
DIALECTS = ("auto", "vllm", "echo", "sglang")
PAIR_ROLES = (Role.TEACHER, Role.STUDENT)

_TEXT, _COUNT, _SECONDS, _LIST = "a non-empty string", "a whole number above 0", "a number above 0", "a list of strings"
_REFERENCE_KEYS = {"model": _TEXT, "revision": _TEXT, "backend": _TEXT, "tokenizer": _TEXT}
_SERVER_KEYS = {
    "base_url": _TEXT,
    "api_key_env": _TEXT,
    "dialect": _TEXT,
    "concurrency": _COUNT,
    "tokens_in_flight": _COUNT,
    "timeout_s": _SECONDS,
    "patience_s": _SECONDS,
    "context_length": _COUNT,
}
KEYS: dict[str, dict[str, str]] = {
    "transformers": {"model": _TEXT, "revision": _TEXT, "backend": _TEXT, "dtype": _TEXT},
    "openai": {**_REFERENCE_KEYS, **_SERVER_KEYS},
    "recorded": {"model": _TEXT, "backend": _TEXT, "tokenizer": _TEXT, "files": _LIST},
}
"""What a model of each backend may be given, and the kind of each value."""

_CHOICES = {"backend": tuple(KEYS), "dtype": DTYPES, "dialect": DIALECTS}
_PATH_KEYS = ("model", "tokenizer")


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
    """A model named on the command line.

    A folder, a `.gguf` file, or a hub name with an optional `@revision`; or a backend and its keys:
    `openai:URL,model=NAME,tokenizer=FOLDER`, `recorded:FILE,FILE`. A path that exists is taken as it is, so that a
    folder with an `@` in its name works.

    Raises:
        UsageError: the keys of a backend are unknown, incomplete, or have wrong values.
    """
    backend, colon, rest = text.partition(":")
    if colon and backend in ("openai", "recorded") and not Path(text).exists():
        return _make_reference(_flag_table(backend, rest), f"a model `{backend}:…`", Path())
    if "@" in text and not Path(text).exists() and not text.startswith((".", "/", "~")):
        model, _, revision = text.rpartition("@")
        return ModelReference(model=model, revision=revision)
    return ModelReference(model=text)


def _flag_table(backend: str, text: str) -> dict[str, Any]:
    """The table that `ADDRESS,key=value,…` stands for: the address first, or any number of files."""
    table: dict[str, Any] = {"backend": backend}
    bare: list[str] = []
    for part in text.split(","):
        key, sign, value = part.partition("=")
        # An unknown key of a server is kept, to be refused by its name: in the address its value would be shown.
        if sign and (key in KEYS[backend] or (backend == "openai" and "/" not in key)):
            kind = KEYS[backend].get(key, _TEXT)
            table[key] = _number(value) if kind in (_COUNT, _SECONDS) else value
        else:
            bare.append(part)
    return {**table, "files": bare} if backend == "recorded" else {**table, "base_url": ",".join(bare)}


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def read_triple(path: Path, roles: tuple[Role, ...] = ROLES) -> ModelSet:
    """Read a TOML file with one table for each role. Relative paths are relative to the file.

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
    return _make_reference(table, where, path.parent)


def _make_reference(table: dict[str, Any], where: str, folder: Path) -> ModelReference:
    """Check a table and make the reference that it stands for. Paths are looked for beside `folder`."""
    backend = table.get("backend", "transformers")
    _check_choice("backend", backend, where)
    known = KEYS[backend]
    for key, value in table.items():
        if key not in known:
            raise UsageError(
                "unknown key in the triple",
                where=where,
                expected=", ".join(sorted(known)),
                got=key,
                hint=_hint_for_key(key, backend),
            )
        if not _is(value, known[key]):
            # A value that stands where a key's name belongs may be the key.
            got = "something else" if key == "api_key_env" else repr(value)
            raise UsageError("wrong value in the triple", where=f"{where} {key}", expected=known[key], got=got)
        if key in _CHOICES:
            _check_choice(key, value, where)
    if backend == "transformers" and "model" not in table:
        raise UsageError("a role names no model", where=where, expected='model = "org/name" or a path', got="none")
    beside = {key: str(folder / table[key]) for key in _PATH_KEYS if key in table and (folder / table[key]).exists()}
    if backend == "openai":
        # The served name is a name, even where a folder happens to be called the same.
        beside.pop("model", None)
    own = {key: value for key, value in {**table, **beside}.items() if key not in (*_SERVER_KEYS, "files")}
    return ModelReference(
        **{"model": "", **own},
        server=_make_server(table, where) if backend == "openai" else None,
        files=_make_files(table, where, folder) if backend == "recorded" else (),
    )


def _hint_for_key(key: str, backend: str) -> str | None:
    if "key" in key and backend == "openai":
        return "A key is never written down: put it into an environment variable and name that with api_key_env."
    belongs = [name for name, keys in KEYS.items() if key in keys]
    return f'The key `{key}` belongs to backend = "{belongs[0]}".' if belongs else None


def _check_choice(key: str, value: object, where: str) -> None:
    allowed = _CHOICES[key]
    if value not in allowed:
        raise UsageError(f"unknown {key} in the triple", where=where, expected=" or ".join(allowed), got=str(value))


def _is(value: object, kind: str) -> bool:
    if kind == _LIST:
        return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)
    if kind == _TEXT:
        return isinstance(value, str) and bool(value)
    if isinstance(value, bool) or not isinstance(value, int if kind == _COUNT else int | float):
        return False
    return 0 < value < float("inf")


def _make_server(table: dict[str, Any], where: str) -> ServerSettings:
    if "base_url" not in table:
        raise UsageError(
            "a served model has no address", where=where, expected='base_url = "http://127.0.0.1:8000/v1"', got="none"
        )
    address = _split_address(table["base_url"], where)
    if address.username or address.password or address.query or address.fragment:
        raise UsageError(
            "an address may hold no key",
            where=f"{where} base_url",
            expected="http://HOST:PORT/v1 and nothing more",
            got="an address with a user, a password or a query",
            hint="Put the key into an environment variable and name that with api_key_env.",
        )
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(
            "this is no address of a server",
            where=f"{where} base_url",
            expected="http://HOST:PORT/v1",
            got=repr(table["base_url"]),
        )
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", table.get("api_key_env", "NONE")):
        raise UsageError(
            "this is no name of an environment variable",
            where=f"{where} api_key_env",
            expected="a name such as TEACHER_API_KEY; the key itself belongs into the environment",
            got="something else, not shown here",
        )
    return ServerSettings(**{key: table[key] for key in _SERVER_KEYS if key in table})


def _split_address(text: str, where: str) -> SplitResult:
    """The parts of an address that a client can use; what is refused is not repeated, since it may hold a key."""
    try:
        address = urlsplit(text)
        # Read for its check: a port that is no number, or too large, is found only here.
        if re.fullmatch(r"[^\s\x00-\x1f\x7f,]+", text) and address.port != 0:
            return address
    except ValueError:
        pass
    raise UsageError(
        "this is no address of a server",
        where=f"{where} base_url",
        expected="http://HOST:PORT/v1, a port from 1 to 65535, no blanks and no commas",
        got="something else, not shown here",
    )


def _make_files(table: dict[str, Any], where: str, folder: Path) -> tuple[str, ...]:
    if "files" not in table:
        raise UsageError(
            "a recorded model names no files", where=where, expected='files = ["teacher.jsonl"]', got="none"
        )
    beside = [str(folder / name) if (folder / name).exists() else name for name in table["files"]]
    missing = [name for name in beside if not Path(name).is_file()]
    if missing:
        raise UsageError("there is no such file of recorded logprobs", where=where, got=", ".join(missing))
    return tuple(beside)
