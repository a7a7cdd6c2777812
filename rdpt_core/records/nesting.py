"""How deeply a value of lists and objects is nested, without recursion: it may come from anywhere."""

from __future__ import annotations


def is_deep(value: object, levels: int) -> bool:
    """Whether something stands inside as many lists and objects as this, or more."""
    level = [value]
    for _ in range(levels):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True
