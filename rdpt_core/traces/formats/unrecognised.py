"""What is said of a file that no format claims: what it holds, which formats are nearest, and what would read it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats.base import Format
from rdpt_core.traces.formats.column_guess import guess_columns
from rdpt_core.traces.formats.fields import kind_of
from rdpt_core.traces.formats.not_traces import hint_for, what_it_is

_NEAREST = 2
_KEYS = 10
_INNER_KEYS = 5
_KEY_CHARS = 40
_LOOKS_FOR_CHARS = 120
_DEPTH = 3
_LEAST_SHARE = 0.5
"""Of a format's fields, so that it is called near."""

_GROUP = re.compile(r"[\w-]+ \(([^)]*)\)")
_LONG_GROUP = re.compile(r"\((\w+(?:, \w+){2})[^)]+\)")
_NAME = re.compile(r"\w+")
_PROSE = frozenset(
    {"a", "an", "and", "are", "archive", "by", "events", "field", "file", "has", "hold", "holds", "in", "is", "keyed",
     "list", "lists", "no", "not", "object", "objects", "of", "or", "that", "texts", "the", "their", "them", "whose",
     "with", "values"}
)  # fmt: skip
"""Words of `Format.looks_for` that are no names of fields."""


def unrecognised(records: Sequence[Record], name: str, kind: str, formats: Sequence[Format]) -> InputError:
    """Why a file is refused.

    Args:
        records: the first of the file, at least one.
        name: the file.
        kind: its container.
    """
    first = records[0].value
    known_as, guess = what_it_is(first), guess_columns(records)
    seen = shape_of(first)
    if known_as is not None and (guess is None or not guess.is_certain):
        return InputError(
            "a file holds no traces",
            where=name,
            expected="responses of a model",
            got=f"{known_as} ({kind} with {seen})",
            hint=hint_for(first),
        )
    near = "; ".join(f"{known.name} looks for {_short(known.looks_for)}" for known in nearest(records, formats))
    if guess is None:
        advice = "Name the columns, with --map question=COLUMN,response=COLUMN, or the format, with --format."
    else:
        response = guess.columns["response"]
        advice = f"If {response} is the model's response, this reads the first record: {guess.flag()}"
    return InputError(
        "a file is in no format that is known here",
        where=name,
        expected="one that `rdpt import --list-formats` names",
        got=f"{kind} with {seen}",
        hint=f"Of the nearest, {near}. {advice}" if near else advice,
    )


def shape_of(value: Any) -> str:
    """The keys of a record, with those inside where they are few: `id, doc{query, choices}, outputs[{text}]`."""
    if not isinstance(value, dict) or not value:
        return kind_of(value)
    return _listed(value, _KEYS, _with_inner)


def _with_inner(value: Any) -> str:
    inner, signs = value, "{}"
    if isinstance(value, list) and value:
        inner, signs = value[0], "[{}]"
    if not isinstance(inner, dict) or not inner:
        return ""
    return signs.replace("}", _listed(inner, _INNER_KEYS, lambda _: "") + "}")


def _listed(value: Mapping[Any, Any], most: int, shown: Callable[[Any], str]) -> str:
    keys = [f"{_key(key)}{shown(inner)}" for key, inner in list(value.items())[:most]]
    return ", ".join(keys) + (f" and {len(value) - most} more" if len(value) > most else "")


def _key(key: Any) -> str:
    text = str(key)
    plain = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return plain if len(plain) <= _KEY_CHARS else plain[: _KEY_CHARS - 1] + "…"


def _short(text: str) -> str:
    """What a format looks for, without the end of long lists of names."""
    text = _LONG_GROUP.sub(r"(\1, …)", text).rstrip(" .…")
    return text if len(text) <= _LOOKS_FOR_CHARS else text[: _LOOKS_FOR_CHARS - 1].rstrip(" ,(") + "…"


def nearest(records: Sequence[Record], formats: Sequence[Format]) -> list[Format]:
    """The formats of which the records hold most of the fields, and at least half; the nearest first.

    Which fields those are is read off `Format.looks_for`: each name is one, names in parentheses are one of several. A
    field that few formats have says more than one that many have; of several that are as near, those come first that
    are less special.
    """
    keys = {key for record in records for key in _keys_in(record.value)}
    wanted = [(known, _variants(known.looks_for)) for known in reversed(formats)]
    n_formats = Counter(
        name for _, variants in wanted for name in {name for fields in variants for names in fields for name in names}
    )
    scores: list[tuple[float, float, Format]] = []
    for known, variants in wanted:
        share = weight = 0.0
        for fields in variants:
            met = [names & keys for names in fields if names & keys]
            rarity = sum(max(1 / n_formats[name] for name in names) for names in met)
            share, weight = max((share, weight), (len(met) / len(fields) if fields else 0.0, rarity))
        scores.append((share, weight, known))
    close = [score for score in scores if score[0] >= _LEAST_SHARE]
    return [known for *_, known in sorted(close, key=lambda score: score[:2], reverse=True)[:_NEAREST]]


def _variants(looks_for: str) -> list[list[set[str]]]:
    """The fields of a format in each of its shapes; a field as the names that it may have."""
    variants = []
    for variant in looks_for.split(", or "):
        groups = [set(_NAME.findall(group)) for group in _GROUP.findall(variant)]
        alone = [{name} for name in _NAME.findall(_GROUP.sub(" ", variant)) if name not in _PROSE]
        variants.append(groups + alone)
    return variants


def _keys_in(value: Any) -> Iterator[str]:
    """The names in the keys of a record and of what is inside it; `llm.model` holds two, as if it were nested."""
    level = [value]
    for _ in range(_DEPTH):
        objects = [part for part in level[:100] if isinstance(part, dict)]
        keys = (key for part in objects for key in list(part)[:1000] if isinstance(key, str))
        yield from (name for key in keys for name in key[:_LOOKS_FOR_CHARS].split("."))
        inner = [child for part in objects for child in list(part.values())[:1000]]
        level = [part for child in inner for part in (child[:2] if isinstance(child, list) else [child])]
