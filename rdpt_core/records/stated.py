"""In words: how the text of recordings was sampled, as their records say."""

from __future__ import annotations

from collections.abc import Mapping

_SHOWN = ("temperature", "top_p", "top_k", "min_p", "mode", "server")
_MOST_SHOWN = 4
_SHOWN_CHARACTERS = 40
_LARGEST = 10**15
"""Above it, numbers are shown as whatever else is stored."""


def words_of(stated: object) -> str:
    """What was stated, for a reader; empty if nothing was. Seeds change no number and are left out, and so is whatever
    has another form.

    Args:
        stated: by name the values and in how many recordings they were stated, `{"values": [[value, n], …]}`, with
            `n_others` and `n_silent` for those that state another value and none. It comes from a database.
    """
    entries = stated if isinstance(stated, Mapping) else {}
    told = [f"{name} {words}" for name in _SHOWN if (words := _values_in_words(entries.get(name)))]
    return ", ".join(told)


def _values_in_words(entry: object) -> str:
    values = entry.get("values") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(values, list):
        return ""
    pairs = [pair for pair in values if isinstance(pair, list) and len(pair) == 2]
    shown = [_shown(value) for value, _ in pairs[:_MOST_SHOWN]]
    if len(pairs) > len(shown) or entry.get("n_others"):
        shown.append("others")
    if entry.get("n_silent") and shown:
        shown.append("not stated")
    return " or ".join(shown)


def _shown(value: object) -> str:
    """Records are strangers' files, and what they name may end up in a terminal."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return f"{value:g}"
    return "".join(sign if sign.isprintable() else " " for sign in str(value)[:_SHOWN_CHARACTERS])
