"""From values of a JSON document to the arrays of a recording."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rdpt_core.arrays import Doubles, Floats, SmallInts
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Alternatives, Recording
from rdpt_core.scoring.backends.wire import NO_PROBABILITY, ROUNDING

_MINUS_INFINITY = frozenset({"-Infinity", "-inf", "-Inf"})
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")
_UNREADABLE = "\ufffd"
_PLACEHOLDER = re.compile(rb"token_id:[0-9]+\Z")


def recording(
    source: str,
    keys: tuple[str, ...],
    ids: Sequence[Any] | None,
    values: Sequence[Any],
    **more: Any,
) -> Recording:
    """Tokens with their ids and logprobs as a document has them. `more` are further fields of the recording."""
    numbers = _numbers(values)
    return Recording(
        source,
        keys,
        to_ids(ids, len(values)),
        _as_logprobs(numbers),
        n_impossible=int(np.count_nonzero(numbers <= NO_PROBABILITY)),
        n_above_zero=int(np.count_nonzero(numbers > ROUNDING)),
        **more,
    )


def of_entries(
    entries: Sequence[Mapping[str, Any]],
    source: str,
    keys: tuple[str, ...],
    *,
    text: str,
    others: Any = None,
    **more: Any,
) -> Recording:
    """Objects with a text, a logprob, and sometimes an id, bytes or alternatives.

    Args:
        text: the name under which an entry has its text.
        others: one list of alternatives for each entry, where they do not stand in the entries as `top_logprobs`.
        more: further fields of the recording.
    """
    raw = [_own_bytes(entry) for entry in entries]
    if others is None:
        others = [entry.get("top_logprobs") for entry in entries]
    return recording(
        source,
        keys,
        [_id_of(entry) for entry in entries],
        [entry.get("logprob") for entry in entries],
        texts=[str(entry.get(text, "")) for entry in entries],
        raw=None if None in raw else [data or b"" for data in raw],
        alternatives=alternatives_of(
            _place_of_entry(entry, mappings(listed), text) for entry, listed in zip(entries, others, strict=True)
        ),
        **more,
    )


def _own_bytes(entry: Mapping[str, Any]) -> bytes | None:
    """The bytes of a token, where they are not those of `token_id:…`, which stands in its place."""
    data = to_bytes(entry.get("bytes"))
    return None if data is not None and _PLACEHOLDER.match(data) else data


def to_ids(ids: Sequence[Any] | None, n: int) -> SmallInts:
    """Ids as they were recorded, `UNKNOWN_ID` where they were not. Shape: (n,)."""
    if ids is None:
        return np.full(n, UNKNOWN_ID, dtype=np.int32)
    known = [token_id if type(token_id) is int and 0 <= token_id < 2**31 else UNKNOWN_ID for token_id in ids]
    return np.array(known, dtype=np.int32)


def alternatives_of(places: Iterable[Sequence[Any]]) -> Alternatives | None:
    """What was recorded at each token; None if that is never more than the token itself.

    Args:
        places: for each token the logprobs as a document has them, its own among them and each once, as `place` gives
            them; none where its own is unknown. Values that are no numbers are left out.
    """
    start, gathered = array("q", [0]), array("d")
    for values in places:
        try:
            numbers = array("d", values)
        except (TypeError, OverflowError):
            numbers = array("d", _numbers(values))
        gathered.extend(numbers)
        start.append(len(gathered))
    starts, logprobs = np.array(start, dtype=np.int64), np.array(gathered, dtype=np.float64)
    is_number = ~np.isnan(logprobs)
    if not is_number.all():
        starts = np.concatenate([[0], np.cumsum(is_number)])[starts]
        logprobs = logprobs[is_number]
    if not np.any(np.diff(starts) > 1):
        return None
    logprobs[logprobs <= NO_PROBABILITY] = -np.inf
    with np.errstate(over="ignore"):
        return Alternatives(starts, logprobs.astype(np.float32))


def place(chosen: Any, others: list[Any], number: int | None) -> list[Any]:
    """The logprobs at one token, its own among them and once.

    Args:
        chosen: the logprob of the token that stands there.
        others: those of the alternatives.
        number: which of the alternatives the token is, None if it is none of them; see `number_among`.
    """
    is_known = not np.isnan(_number(chosen))
    if number is None:
        return [chosen, *others] if is_known else []
    if is_known:
        others[number] = chosen
    return [] if np.isnan(_number(others[number])) else others


def number_among(
    name: Any, chosen: Any, names: Sequence[Any], others: Sequence[Any], *, is_unique: bool = True
) -> int | None:
    """Which of the alternatives a token is, None if it is none of them.

    Args:
        name: what tells the token from others: its id, bytes or text.
        chosen: its logprob.
        names: the same of the alternatives.
        others: their logprobs.
        is_unique: no two tokens have this name. If two may, as pieces of characters have that are all shown as �, the
            logprob must be the same, too.
    """
    alike = [number for number, other in enumerate(names) if other == name]
    near = next((number for number in alike if _is_near(others[number], chosen)), None)
    return alike[0] if near is None and alike and is_unique else near


def is_telling(text: Any) -> bool:
    """Whether a token's text belongs to it alone."""
    return isinstance(text, str) and bool(text) and _UNREADABLE not in text


def to_bytes(value: Any) -> bytes | None:
    is_list = isinstance(value, list) and all(type(byte) is int and 0 <= byte < 256 for byte in value)
    return bytes(value) if is_list else None


def mappings(value: Any) -> list[Mapping[str, Any]]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []


def _id_of(entry: Mapping[str, Any]) -> Any:
    token_id = entry.get("id")
    return entry.get("token_id") if token_id is None else token_id


def _place_of_entry(entry: Mapping[str, Any], listed: Sequence[Mapping[str, Any]], text: str) -> list[Any]:
    chosen, others = entry.get("logprob"), [other.get("logprob") for other in listed]
    shown = entry.get(text)
    for other, logprob in zip(listed, others, strict=True):
        if logprob == chosen and type(chosen) is float and other.get(text) == shown:
            # Nearly always: the token itself, and if it were another one, the same number all the same.
            return others
    if not others:
        return place(chosen, others, None)
    ids = [_id_of(other) for other in listed]
    if type(_id_of(entry)) is int and None not in ids:
        return place(chosen, others, number_among(_id_of(entry), chosen, ids, others))
    # Under names such as `token_id:5`, vLLM gives the bytes of the token itself, and those of the name beside it.
    is_named = str(entry.get(text)).startswith("token_id:")
    has_bytes = not is_named and all(isinstance(one.get("bytes"), list) for one in (entry, *listed))
    name = "bytes" if has_bytes else text
    names = [other.get(name) for other in listed]
    number = number_among(entry.get(name), chosen, names, others, is_unique=is_telling(shown))
    return place(chosen, others, number)


def _numbers(values: Iterable[Any]) -> Doubles:
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: Any) -> float:
    """A logprob as it stands there, whether one can be or not; NaN for what is no number."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value) if abs(value) < 1 << 64 else np.nan
    if isinstance(value, str):
        # Tables of text, and programs that write decimals as text.
        return -np.inf if value in _MINUS_INFINITY else float(value) if _DECIMAL.fullmatch(value) else np.nan
    return np.nan


def _as_logprobs(numbers: Doubles) -> Floats:
    """Nats ≤ 0; NaN where there is no number, or one that no logprob can be."""
    impossible = ~np.isfinite(numbers) | (numbers <= NO_PROBABILITY) | (numbers > ROUNDING)
    return np.where(impossible, np.nan, np.minimum(numbers, 0.0)).astype(np.float32)


def _is_near(one: Any, other: Any) -> bool:
    a, b = _number(one), _number(other)
    return a == b or abs(a - b) <= ROUNDING
