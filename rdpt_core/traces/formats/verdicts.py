"""What a source says of a response's correctness: a verdict, no verdict on purpose, or nothing at all.

A part mark, "not scored" or several values at once are the source's own word, too: they are neither correct nor
incorrect, and no grade of ours may take their place. Only where the source says nothing is an answer graded here.
"""

from __future__ import annotations

import json
import math
from typing import Any

from rdpt_core.traces.formats.fields import verdict_of

_SHOWN = 60


def verdict_in(name: str, value: Any) -> tuple[bool | None, str | None]:
    """The verdict in a field of a data set, and where it came from, as `Draft` has them.

    A gap is no verdict that was withheld: null, an empty text and NaN, which tables write for null, mean that nobody
    has looked, so that the answer may be graded.

    Returns:
        (correct, field); correct is None where the field holds no plain verdict, and the second then says what it
        holds instead. Both are None for a gap.
    """
    verdict = verdict_of(value)
    if verdict is not None:
        return verdict, name
    if value is None or value == "" or _is_nan(value):
        return None, None
    return None, no_verdict(name, value)


def no_verdict(name: str, value: Any, meaning: str | None = None) -> str:
    """What a field says in place of a verdict, such as `score = 0.5 (part mark)`.

    Args:
        meaning: what the value stands for, where its format defines it.
    """
    if meaning is None:
        if isinstance(value, dict | list):
            meaning = "several values"
        elif _is_nan(value):
            meaning = "not scored"
        elif isinstance(value, int | float) and 0 < value < 1:
            meaning = "part mark"
        else:
            meaning = "no plain verdict"
    return f"{name} = {_short(value)} ({meaning})"


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        # Only the first few are looked at: the value may be of any size and depth.
        return f"{{{', '.join(str(key)[:20] for key in list(value)[:4])}, …}}" if isinstance(value, dict) else "[…]"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a large number"
    text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, int | float) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
