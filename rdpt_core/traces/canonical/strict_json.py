"""JSON read strictly: whatever would be altered or lost on the way into a trace and out again is refused.

Python's decoder accepts more than JSON and is silent about some losses. Refused here: keys that stand twice, numbers
that are no finite float, `NaN` and `Infinity`, deep nesting, and halves of surrogate pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from rdpt_core.traces.canonical.line_errors import LineError, described, shown

MAX_DEPTH = 100
"""Deeper nesting is rejected, so that whatever is accepted can also be written again."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load_object(text: str) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        LineError: the line is no JSON, no object, or holds something that is refused.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise LineError(f"expected JSON; got an error at column {error.pos + 1}: {error.msg}") from error
    except RecursionError as error:
        raise LineError(f"expected at most {MAX_DEPTH} levels of nesting; got more") from error
    except ValueError as error:
        # The only plain ValueError of the decoder: Python refuses to convert integers of thousands of digits.
        raise LineError("expected numbers of at most 4300 digits; got a longer integer") from error
    if not isinstance(value, dict):
        raise LineError(f"expected an object; got {described(value)}")
    _check_depth(value)
    if _ESCAPED_SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise LineError(f"expected each key once in an object; got {shown(twice)} twice")
    return value


def _finite(literal: str) -> float:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise LineError(f"expected finite numbers; got {literal[:40]}, which is out of range")
    return value


def _refuse_constant(literal: str) -> NoReturn:
    raise LineError(f"expected JSON; got {literal}, which JSON has no number for")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_float=_finite, parse_constant=_refuse_constant)


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise LineError(f"expected at most {MAX_DEPTH} levels of nesting; got more")


def _check_surrogates(fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        try:
            json.dumps({name: value}, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            code = ord(error.object[error.start])
            plain = name.encode("ascii", "backslashreplace").decode()
            raise LineError(
                f"`{plain}`: expected text; got the lone surrogate U+{code:04X}, which cannot be stored as UTF-8"
            ) from error
