"""From values of a JSON document to the arrays of a recording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rdpt_core.arrays import Floats, SmallInts
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording

_NO_PROBABILITY = -9999.0
_ROUNDING = 1e-3
_PLACEHOLDER = re.compile(rb"token_id:[0-9]+\Z")


def recording(
    source: str,
    keys: tuple[str, ...],
    ids: Sequence[Any] | None,
    values: Sequence[Any],
    **more: Any,
) -> Recording:
    return Recording(source, keys, to_ids(ids, len(values)), to_logprobs(values), **more)


def of_entries(
    entries: Sequence[Mapping[str, Any]],
    source: str,
    keys: tuple[str, ...],
    *,
    text: str,
    **more: Any,
) -> Recording:
    """Objects with a text, a logprob, and sometimes an id or bytes. `more` are further fields of the recording."""
    raw = [_own_bytes(entry) for entry in entries]
    return recording(
        source,
        keys,
        [entry.get("id", entry.get("token_id")) for entry in entries],
        [entry.get("logprob") for entry in entries],
        texts=[str(entry.get(text, "")) for entry in entries],
        raw=None if None in raw else [data or b"" for data in raw],
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


def to_logprobs(values: Sequence[Any]) -> Floats:
    """Nats ≤ 0; NaN where there is no number, or one that no logprob can be. Shape: (len(values),)."""
    logprobs = np.array(
        [value if isinstance(value, int | float) and not isinstance(value, bool) else np.nan for value in values],
        dtype=np.float64,
    )
    with np.errstate(invalid="ignore"):
        logprobs[~np.isfinite(logprobs) | (logprobs <= _NO_PROBABILITY) | (logprobs > _ROUNDING)] = np.nan
        return np.minimum(logprobs, 0.0).astype(np.float32)


def to_bytes(value: Any) -> bytes | None:
    is_list = isinstance(value, list) and all(type(byte) is int and 0 <= byte < 256 for byte in value)
    return bytes(value) if is_list else None


def mappings(value: Any) -> list[Mapping[str, Any]]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []
