"""Names of a run's companions, and of its teacher: how they are written on the command line and in TOML.

On the command line a name stands before the model, `code=REF`; in TOML it is the key of a table, `[teachers.code]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from rdpt_core.errors import UsageError
from rdpt_core.records import CompanionKind, CompanionRole
from rdpt_core.records.companions import NAME_PATTERN, is_companion

TABLES_OF_COMPANIONS: Mapping[str, CompanionKind] = {
    f"{kind}s": kind for kind in CompanionKind if kind is not CompanionKind.VARIANT
}
"""The tables of a TOML file that hold companions: `teachers`, `controls` and `checkpoints`. A variant is made of a
model of the triple, and nobody names it."""

_ADAPTER_KEYS = ("base", "adapter")
_EXPECTED_NAME = "at most 40 letters, digits, `.`, `_` and `-`, the first a letter or digit"


def split_name(text: str) -> tuple[str | None, str]:
    """`NAME=REF` as its two parts; None and the text if it has no name.

    A path that exists is a path, whatever signs it holds, and `base=REF,adapter=FOLDER` is a model.
    """
    name, sign, reference = text.partition("=")
    if not sign or name in _ADAPTER_KEYS or not NAME_PATTERN.fullmatch(name) or _is_there(text):
        return None, text
    return name, reference


def _is_there(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # too long to be a path, as a list of files may be
        return False


def checked_name(name: str, where: str) -> str:
    """The name, once it is known to be one.

    Raises:
        UsageError: it has other signs, or too many.
    """
    if not NAME_PATTERN.fullmatch(name) or name in _ADAPTER_KEYS:
        raise UsageError(
            "a model cannot have this name",
            where=where,
            expected=f"{_EXPECTED_NAME}; not base or adapter, which begin a model with an adapter",
            got=repr(name)[:80],
        )
    return name


def check_meant(text: str, where: str) -> None:
    """See that a text without a name is not one whose name is wrong: `my model=REF` means a name, `./a=b` a path.

    Raises:
        UsageError: what stands before the first equals sign cannot be a name, and is no part of a model either.
    """
    name, sign, _ = text.partition("=")
    begins_a_model = name in _ADAPTER_KEYS or any(mark in name for mark in "/\\:@,")
    if sign and not begins_a_model and not _is_there(text):
        checked_name(name, where)


def check_distinct(named: Iterable[tuple[str, str]]) -> None:
    """See that no two models of a run have one name. Columns of tables are named by them, without regard to case.

    Args:
        named: where each name is given, and the name.

    Raises:
        UsageError: two have.
    """
    first: dict[str, tuple[str, str]] = {}
    for where, name in named:
        other = first.get(name.lower())
        if other is not None:
            raise UsageError(
                "two models of a run have one name",
                where=where,
                expected="another name for each, whatever the kind; small and large letters are the same",
                got=f"{name}, as {other[0]} has {other[1]}",
            )
        first[name.lower()] = (where, name)


def table_of(role: str) -> str:
    """The table of a TOML file that describes a role: `[teacher]`, `[teachers.code]`."""
    if not is_companion(role):
        return f"[{role}]"
    kind, name = CompanionRole.parse(role)
    return f'[{kind}s."{name}"]' if "." in name else f"[{kind}s.{name}]"
