"""A triple, or a pair, of models: from a TOML file or from flags."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from rdpt_core.errors import UsageError
from rdpt_core.records import DTYPES, ROLES, Dtype, ModelReference, Role, ServerSettings, TemplateSettings

PAIR_ROLES = (Role.TEACHER, Role.STUDENT)

_PATH_KEYS = ("model", "tokenizer")
_RESERVED_VARIABLES = frozenset({
    "messages", "add_generation_prompt", "continue_final_message",
    "raise_exception", "strftime_now", "dict", "namespace", "range", "cycler", "joiner", "lipsum",
})  # fmt: skip
_SERVER_KEYS = frozenset(field.name for field in fields(ServerSettings))


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
        return _make_reference(_flag_table(backend, rest), f"a model `{backend}:…`", Path(), is_text=True)
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
        if sign and (key in _TABLES[backend].model_fields or (backend == "openai" and "/" not in key)):
            table[key] = value
        else:
            bare.append(part)
    return {**table, "files": bare} if backend == "recorded" else {**table, "base_url": ",".join(bare)}


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


def _make_reference(table: dict[str, Any], where: str, folder: Path, *, is_text: bool = False) -> ModelReference:
    """Check a table and make the reference that it stands for. Paths are looked for beside `folder`.

    Args:
        is_text: the values are texts from the command line, in which numbers are read.
    """
    given = _validated({"backend": "transformers", **table}, where, is_text)
    backend = given["backend"]
    # The served name is a name, even where a folder happens to be called the same.
    for key in given.keys() & (_PATH_KEYS if backend != "openai" else _PATH_KEYS[1:]):
        given[key] = _beside(folder, given[key])
    files = tuple(_beside(folder, name) for name in given.pop("files", ()))
    missing = [name for name in files if not Path(name).is_file()]
    if missing:
        raise UsageError("there is no such file of recorded logprobs", where=where, got=", ".join(missing))
    server = {key: given.pop(key) for key in given.keys() & _SERVER_KEYS}
    template = template_settings(given.pop("template_name", None), given.pop("template_arguments", {}), where)
    return ModelReference(
        **{"model": "", **given},
        template=template,
        server=ServerSettings(**server) if backend == "openai" else None,
        files=files,
    )


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


def _beside(folder: Path, name: str) -> str:
    return str(folder / name) if (folder / name).exists() else name


# ── What a table may hold ────────────────────────────────────────────────────────────────────────────────────────


def _refusal(what: str, expected: str, *, got: str | None = None, hint: str | None = None) -> PydanticCustomError:
    """A problem with a value, in the words of a `UsageError`; without `got`, the value itself is shown."""
    return PydanticCustomError("refused", "{what}", {"what": what, "expected": expected, "got": got, "hint": hint})


def _expecting(expected: str, *, what: str = "wrong value in the triple") -> WrapValidator:
    """One message for whatever a value of this type is not."""

    def validate(value: Any, validated: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validated(value)
        except ValidationError:
            raise _refusal(what, expected) from None

    return WrapValidator(validate)


def _checked_address(text: str) -> str:
    address = _split_address(text)
    if address.username or address.password or address.query or address.fragment:
        raise _refusal(
            "an address may hold no key",
            "http://HOST:PORT/v1 and nothing more",
            got="an address with a user, a password or a query",
            hint="Put the key into an environment variable and name that with api_key_env.",
        )
    if address.scheme not in ("http", "https") or not address.hostname:
        raise _refusal("this is no address of a server", "http://HOST:PORT/v1")
    return text


def _split_address(text: str) -> SplitResult:
    """The parts of an address that a client can use; what is refused is not repeated, since it may hold a key."""
    try:
        address = urlsplit(text)
        # Read for its check: a port that is no number, or too large, is found only here.
        if re.fullmatch(r"[^\s\x00-\x1f\x7f,]+", text) and address.port != 0:
            return address
    except ValueError:
        pass
    raise _refusal(
        "this is no address of a server",
        "http://HOST:PORT/v1, a port from 1 to 65535, no blanks and no commas",
        got="something else, not shown here",
    )


def _checked_variable(value: Any) -> Any:
    """A value that stands where a key's name belongs may be the key, and is not shown."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", value):
        return value
    raise _refusal(
        "this is no name of an environment variable",
        "a name such as TEACHER_API_KEY; the key itself belongs in the environment",
        got="something else, not shown here",
    )


_Text = Annotated[str, Field(min_length=1), _expecting("a non-empty string")]
_Count = Annotated[int, Field(gt=0), _expecting("a whole number above 0")]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), _expecting("a number above 0")]
_Files = Annotated[list[_Text], Field(min_length=1), _expecting("a list of strings")]
_Arguments = Annotated[dict[str, Any], _expecting("a table such as { enable_thinking = true }")]
_Address = Annotated[_Text, AfterValidator(_checked_address)]
_Variable = Annotated[str, BeforeValidator(_checked_variable)]
_Dtype = Annotated[Dtype, _expecting(" or ".join(DTYPES), what="unknown dtype in the triple")]
_Dialect = Annotated[
    Literal["auto", "vllm", "echo", "sglang"],
    _expecting("auto or vllm or echo or sglang", what="unknown dialect in the triple"),
]


class _Table(BaseModel):
    """One role's model as it is written down. What is not given has the default of the record it goes into."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    template_name: _Text | None = None
    template_arguments: _Arguments | None = None


class _TransformersTable(_Table):
    backend: Literal["transformers"]
    model: _Text
    revision: _Text | None = None
    dtype: _Dtype | None = None


class _OpenaiTable(_Table):
    backend: Literal["openai"]
    base_url: _Address
    model: _Text | None = None
    revision: _Text | None = None
    tokenizer: _Text | None = None
    api_key_env: _Variable | None = None
    dialect: _Dialect | None = None
    concurrency: _Count | None = None
    tokens_in_flight: _Count | None = None
    timeout_s: _Seconds | None = None
    patience_s: _Seconds | None = None
    context_length: _Count | None = None


class _RecordedTable(_Table):
    backend: Literal["recorded"]
    files: _Files
    model: _Text | None = None
    tokenizer: _Text | None = None


_TABLES: Mapping[str, type[_Table]] = {
    "transformers": _TransformersTable,
    "openai": _OpenaiTable,
    "recorded": _RecordedTable,
}
_ANY_TABLE: TypeAdapter[_Table] = TypeAdapter(
    Annotated[_TransformersTable | _OpenaiTable | _RecordedTable, Field(discriminator="backend")]
)
_MISSING = {
    "model": ("a role names no model", 'model = "org/name" or a path'),
    "base_url": ("a served model has no address", 'base_url = "http://127.0.0.1:8000/v1"'),
    "files": ("a recorded model names no files", 'files = ["teacher.jsonl"]'),
}


def _validated(table: dict[str, Any], where: str, is_text: bool) -> dict[str, Any]:
    """The keys that a table gives, with values of the right types.

    Raises:
        UsageError: for the first key of the table with which something is wrong, or else one that is missing.
    """
    try:
        return _ANY_TABLE.validate_python(table, strict=not is_text).model_dump(exclude_unset=True)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    order = {key: number for number, key in enumerate(table)}
    first = min(problems, key=lambda problem: order.get(_key_of(problem), len(order)))
    # Raised outside the handler, so that no traceback shows the values that a message leaves out.
    raise _usage_error(first, table, where)


def _key_of(problem: ErrorDetails) -> str:
    """The key with which something is wrong: it stands behind the backend's, unless the backend itself is unknown."""
    return str(problem["loc"][1]) if len(problem["loc"]) > 1 else "backend"


def _usage_error(problem: ErrorDetails, table: Mapping[str, Any], where: str) -> UsageError:
    key, backend = _key_of(problem), str(table["backend"])
    if key == "backend":
        return UsageError("unknown backend in the triple", where=where, expected=" or ".join(_TABLES), got=backend)
    if problem["type"] == "missing":
        what, expected = _MISSING[key]
        return UsageError(what, where=where, expected=expected, got="none")
    if problem["type"] == "extra_forbidden":
        return UsageError(
            "unknown key in the triple",
            where=where,
            expected=", ".join(sorted(_TABLES[backend].model_fields)),
            got=key,
            hint=_hint_for_key(key, backend),
        )
    refused = problem["ctx"]
    got = repr(table[key]) if refused["got"] is None else refused["got"]
    return UsageError(
        refused["what"], where=f"{where} {key}", expected=refused["expected"], got=got, hint=refused["hint"]
    )


def _hint_for_key(key: str, backend: str) -> str | None:
    if "key" in key and backend == "openai":
        return "A key is never written down: put it into an environment variable and name that with api_key_env."
    belongs = [name for name, table in _TABLES.items() if key in table.model_fields]
    return f'The key `{key}` belongs to backend = "{belongs[0]}".' if belongs else None
