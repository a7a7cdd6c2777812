"""What the table of a role may hold, and what is said of a table that holds something else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

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
from rdpt_core.records import DTYPES, Dtype

_SOCKET_PATH_BYTES = 103
"""On every system; Linux allows four more."""


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
    if address.username or address.password:
        raise _refusal(
            "an address may hold no key",
            "http://HOST:PORT/v1 and nothing more",
            got="an address with a user or a password",
            hint="Put the key into an environment variable and name that with api_key_env.",
        )
    if address.query or address.fragment:
        raise _refusal(
            "an address may hold no query",
            "http://HOST:PORT/v1 and nothing more",
            got="something after `?` or `#`, not shown here",
            hint="A key belongs into an environment variable that api_key_env names. Services that ask for an "
            "`api-version`, as Azure OpenAI does, are not supported.",
        )
    if address.scheme == "unix":
        return _checked_socket(text, address)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise _refusal("this is no address of a server", "http://HOST:PORT/v1, or unix:///PATH of a socket file")
    return text


def _checked_socket(text: str, address: SplitResult) -> str:
    path = os.fsencode(unquote(address.path))
    if address.netloc or not path.strip(b"/"):
        raise _refusal("this is no address of a server", "unix:///PATH with three slashes, the path of a socket file")
    if len(path) > _SOCKET_PATH_BYTES:
        raise _refusal(
            "the path of the socket file is too long",
            f"at most {_SOCKET_PATH_BYTES} bytes, since systems allow no more",
            hint="Make a link to its folder, and write that one's path.",
        )
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
_Temperature = Annotated[float, Field(gt=0, allow_inf_nan=False), _expecting("a number above 0, such as 0.6")]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), _expecting("a number above 0")]
_Files = Annotated[list[_Text], Field(min_length=1), _expecting("a list of strings")]
_Arguments = Annotated[dict[str, Any], _expecting("a table such as { enable_thinking = true }")]
_Address = Annotated[_Text, AfterValidator(_checked_address)]
_Variable = Annotated[str, BeforeValidator(_checked_variable)]
_Dtype = Annotated[Dtype, _expecting(" or ".join(DTYPES), what="unknown dtype in the triple")]
_Dialect = Annotated[
    Literal["auto", "scoring", "vllm", "sglang", "echo"],
    _expecting("auto or scoring or vllm or sglang or echo", what="unknown dialect in the triple"),
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
    adapter: _Text | None = None


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
    ca_file: _Text | None = None


class _RecordedTable(_Table):
    backend: Literal["recorded"]
    files: _Files
    model: _Text | None = None
    tokenizer: _Text | None = None
    temperature: _Temperature | None = None
    check_with: _Text | None = None


TABLES: Mapping[str, type[_Table]] = {
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


def validated(table: dict[str, Any], where: str, is_text: bool) -> dict[str, Any]:
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
        return UsageError("unknown backend in the triple", where=where, expected=" or ".join(TABLES), got=backend)
    if problem["type"] == "missing":
        what, expected = _MISSING[key]
        return UsageError(what, where=where, expected=expected, got="none")
    if problem["type"] == "extra_forbidden":
        return UsageError(
            "unknown key in the triple",
            where=where,
            expected=", ".join(sorted(TABLES[backend].model_fields)),
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
    belongs = [name for name, table in TABLES.items() if key in table.model_fields]
    return f'The key `{key}` belongs to backend = "{belongs[0]}".' if belongs else None
