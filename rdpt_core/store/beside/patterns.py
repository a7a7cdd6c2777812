"""Patterns: sentences of one kind, kept by name in the file beside the database."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from rdpt_core.errors import SidecarError, UsageError
from rdpt_core.store.beside.notes import MOST_CHARACTERS
from rdpt_core.store.beside.sidecar import checked_rows, open_sidecar, sidecar_path

How = Literal["text", "expression", "kind", "tag"]
HOWS: tuple[How, ...] = get_args(How)
"""How a pattern names its sentences."""

MOST_NAME_CHARACTERS = 80

_COLUMNS = ("name", "how", "family", "value", "match_case", "saved_at")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Sentences of one kind.

    Attributes:
        name: what people call it; empty for one that is not kept.
        how: what `value` is: a text or an expression that a sentence holds, a kind of a family, or a tag.
        value: what is looked for.
        family: that of a kind; empty otherwise.
        match_case: of a text or an expression: whether `A` differs from `a`.
    """

    name: str
    how: How
    value: str
    family: str = ""
    match_case: bool = False


@dataclass(frozen=True, slots=True)
class SavedPattern:
    """A pattern as it is kept; `saved_at` is UTC, ISO 8601, and changes with every change."""

    pattern: Pattern
    saved_at: str


def read_patterns(database: Path) -> tuple[SavedPattern, ...]:
    """All patterns that are kept, by name.

    Raises:
        SidecarError: the sidecar cannot be read.
    """
    with open_sidecar(database) as connection:
        rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM patterns ORDER BY name").fetchall()
    found = []
    for row in checked_rows(database, rows, {**dict.fromkeys(_COLUMNS, str), "match_case": int}):
        if row["how"] not in HOWS:
            raise SidecarError(
                "a pattern beside the database cannot be used",
                where=str(sidecar_path(database)),
                expected=f"`how` to be {', '.join(HOWS)}",
                got=f"{row['how']!r:.60}",
            )
        # The database would fail on a longer one, which would look like damage of the run.
        n_characters = max(len(row["value"]), len(row["family"]))
        if not row["value"] or n_characters > MOST_CHARACTERS:
            raise SidecarError(
                "a pattern beside the database cannot be used",
                where=str(sidecar_path(database)),
                expected=f"1 to {MOST_CHARACTERS:,} characters",
                got=f"{n_characters:,}",
            )
        pattern = Pattern(row["name"], row["how"], row["value"], row["family"], bool(row["match_case"]))
        found.append(SavedPattern(pattern, row["saved_at"]))
    return tuple(found)


def read_pattern(database: Path, name: str) -> SavedPattern:
    """The pattern of this name.

    Raises:
        UsageError: none has it.
        SidecarError: the sidecar cannot be read.
    """
    saved = read_patterns(database)
    found = next((item for item in saved if item.pattern.name == _name(name)), None)
    if found is None:
        raise UsageError(
            "no pattern has this name",
            where=str(sidecar_path(database)),
            expected=", ".join(repr(item.pattern.name) for item in saved[:20]) or "a pattern that was saved before",
            got=repr(name),
        )
    return found


def save_pattern(database: Path, pattern: Pattern) -> SavedPattern:
    """Keep a pattern under its name, white space of which is folded.

    Raises:
        UsageError: it has no name or looks for nothing, one of the two is too long, or the name is taken.
        SidecarError: see `open_sidecar`.
    """
    kept = _checked(replace(pattern, name=_name(pattern.name), value=_storable(pattern.value)))
    saved = SavedPattern(kept, _now())
    with open_sidecar(database, write=True) as connection:
        if connection.execute("SELECT 1 FROM patterns WHERE name = ?", [kept.name]).fetchone():
            raise _taken(kept.name)
        connection.execute(
            f"INSERT INTO patterns ({', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",
            [kept.name, kept.how, _storable(kept.family), kept.value, int(kept.match_case), saved.saved_at],
        )
    return saved


def rename(database: Path, saved: SavedPattern, name: str) -> SavedPattern:
    """Call a pattern differently.

    Raises:
        UsageError: the name is empty, too long, or taken.
        SidecarError: somebody else changed or deleted the pattern since it was read, or see `open_sidecar`.
    """
    renamed = SavedPattern(_checked(replace(saved.pattern, name=_name(name))), _now())
    with open_sidecar(database, write=True) as connection:
        new, old = renamed.pattern.name, saved.pattern.name
        if new != old and connection.execute("SELECT 1 FROM patterns WHERE name = ?", [new]).fetchone():
            raise _taken(new)
        cursor = connection.execute(
            "UPDATE patterns SET name = ?, saved_at = ? WHERE name = ? AND saved_at = ?",
            [new, renamed.saved_at, old, saved.saved_at],
        )
        _check_done(database, cursor.rowcount)
    return renamed


def delete(database: Path, saved: SavedPattern) -> None:
    """Forget a pattern.

    Raises:
        SidecarError: somebody else changed or deleted it since it was read, or see `open_sidecar`.
    """
    with open_sidecar(database, write=True) as connection:
        cursor = connection.execute(
            "DELETE FROM patterns WHERE name = ? AND saved_at = ?", [saved.pattern.name, saved.saved_at]
        )
        _check_done(database, cursor.rowcount)


def _checked(pattern: Pattern) -> Pattern:
    if not pattern.name or len(pattern.name) > MOST_NAME_CHARACTERS:
        raise UsageError(
            "the name of the pattern is " + ("too long" if pattern.name else "empty"),
            expected=f"1 to {MOST_NAME_CHARACTERS} characters",
            got=f"{len(pattern.name):,}",
        )
    if pattern.how not in HOWS:
        raise UsageError("unknown value", where="how", expected=" or ".join(HOWS), got=repr(pattern.how))
    if not pattern.value or max(len(pattern.value), len(pattern.family)) > MOST_CHARACTERS:
        raise UsageError(
            "the pattern " + ("is too long" if pattern.value else "looks for nothing"),
            expected=f"1 to {MOST_CHARACTERS:,} characters",
            got=f"{max(len(pattern.value), len(pattern.family)):,}",
        )
    return pattern


def _taken(name: str) -> UsageError:
    return UsageError(
        "another pattern has this name",
        expected="a name of its own",
        got=repr(name),
        hint="Choose another name, or delete that pattern first.",
    )


def _check_done(database: Path, n_rows: int) -> None:
    if n_rows != 1:
        raise SidecarError(
            "the pattern was changed or deleted by somebody else in the meantime",
            where=str(sidecar_path(database)),
            hint="Look at the patterns again, and make your change once more.",
        )


def _name(text: str) -> str:
    return _storable(" ".join(unicodedata.normalize("NFC", text).split()))


def _storable(text: str) -> str:
    # Half of a surrogate pair is no text that SQLite could store.
    return text.encode("utf-8", "replace").decode("utf-8")


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
